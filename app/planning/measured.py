"""What was measured of each part, on two virtual cores: docs/scale.md says how, and how truly.

Seconds are of one core. `bench plan` measures those of the database again, at three loads.
"""

from __future__ import annotations

REQUEST_SECONDS = 190e-6
"""Of the API, for a request with events, whatever is in it."""
ACCEPT_SECONDS = 6e-6
"""Of the API, for each event in it."""
STREAM_SECONDS = 2.2e-6
"""Of Redis, for an event: stored, read by a worker, and forgotten."""
STREAM_REQUEST_SECONDS = 45e-6
"""Of Redis, for a request with events."""
PACK_SECONDS = 4e-6
"""Of a worker, for an event."""
INSERT_SECONDS = 11e-6
"""Of the database, for a worker's event: a row, its four indexes and the queue of scoring."""
RUN_SECONDS = 0.4
"""Of the database, for the jobs of a minute in which nothing happened."""
LISTED_SECONDS = 10e-6
"""Of it, for each item that may stand in a list: new scores are put in order each minute."""
CHANGED_SECONDS = 140e-6
"""Of it, for each item with an event in that minute: windows, scores, aggregates."""
SCORED_SECONDS = 30e-6
"""Of it, for each event in that minute."""
READ_SECONDS = 1 / 43_000
"""Of the API, for a list from memory."""
STATS_SECONDS = 1 / 5_400
"""Of the API, for an item's stats from Redis."""

WAL_BYTES = 3_500
"""Write-ahead log of an event, all told, with a checkpoint each quarter of an hour."""
QUIET_WAL_BYTES = 640_000
"""Write-ahead log of a minute, whatever happens in it."""
WAITING_BYTES = 110
"""Memory of Redis for an event that waits."""
BASE_MEMORY_BYTES = 60_000_000
"""Memory of Redis for lists, and itself."""
STATS_BYTES = 1_500
"""Memory of Redis for an item whose stats or likes were asked for."""
ROW_BYTES = 229
"""Disk for an event as a row, with its indexes."""
COLUMN_BYTES = 41
"""Disk for an event in the columnstore."""
BUCKET_BYTES = 165
"""Disk for what is counted of an item in a minute, a quarter hour or a day, as a row."""
BUCKET_COLUMN_BYTES = 40
"""The same in the columnstore."""
ITEM_BYTES = 3_000
"""Disk for an item: catalogue, eight windows, scores."""
