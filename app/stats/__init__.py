"""Counts of single items, and rebuilding them from raw events."""
