"""Replaying a table of daily totals as events, and synthetic live traffic after it."""
