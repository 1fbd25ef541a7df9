"""Erasing what is kept of a user, or of an item."""
