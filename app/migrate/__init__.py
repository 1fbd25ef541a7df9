"""Bringing a database to this checkout's schema."""
