"""Uploads: finalised once, whatever dies."""
