"""Top lists, live: counts in Redis that follow each event."""
