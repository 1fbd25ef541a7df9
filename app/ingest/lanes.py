"""Split a batch into lanes, each of which is inserted by a transaction of its own.

TimescaleDB notes what a transaction changed as one range, from the earliest row to the latest: for
the whole hypertable up to 2.23, for each of its chunks in 2.28. The next refresh redoes all of that
range, so two late events 23 hours apart cost as much as a day of them (bench/late.py). Late events
are therefore cut where nothing happened for a while, and each piece goes by itself.
"""

from __future__ import annotations

from bisect import bisect_left
from heapq import nlargest
from itertools import islice, pairwise
from operator import lt
from typing import NamedTuple

from app.ingest.rows import ReceivedEvent

GAP = 900_000_000
"""Microseconds without an event that are worth a transaction: a quarter of an hour."""
MAX_LATE_LANES = 200
"""Most transactions for the late events of a batch; each takes some milliseconds."""


class Lane(NamedTuple):
    """Events for one transaction, sorted by the hypertable's key."""

    events: list[ReceivedEvent]
    late: bool = False


def lanes_of(events: list[ReceivedEvent], *, late_before: int) -> list[Lane]:
    """Return the lanes of a batch, the newest events' lanes first, without its own duplicates.

    Of events with the same id, the first is kept. `late_before` is in microseconds since 1970.
    """
    rows = _in_order(events)
    newest = bisect_left(rows, late_before, key=_occurred_at)
    on_time = [Lane(rows[newest:])] if newest < len(rows) else []
    return on_time + [Lane(piece, late=True) for piece in _cut(rows[:newest])]


def _in_order(events: list[ReceivedEvent]) -> list[ReceivedEvent]:
    """Sort by the hypertable's key, and keep the first only of those that have the same id."""
    if len({event.event_id for event, _ in events}) < len(events):
        events = list({received.event.event_id: received for received in reversed(events)}.values())
    keys = [(event.occurred_at, event.event_id) for event, _ in events]
    # Most batches are in order, and the server waits for this.
    if all(map(lt, keys, islice(keys, 1, None))):
        return events
    return [events[place] for place in sorted(range(len(keys)), key=keys.__getitem__)]


def _cut(rows: list[ReceivedEvent]) -> list[list[ReceivedEvent]]:
    """Cut rows, which are in order, at their widest gaps: the pieces span the least time."""
    if not rows:
        return []
    gaps = [
        (later - earlier, n)
        for n, (earlier, later) in enumerate(pairwise(map(_occurred_at, rows)), 1)
    ]
    wide = nlargest(MAX_LATE_LANES - 1, (gap for gap in gaps if gap[0] >= GAP))
    ends = sorted(place for _, place in wide)
    return [rows[start:end] for start, end in pairwise([0, *ends, len(rows)])]


def _occurred_at(received: ReceivedEvent) -> int:
    return received.event.occurred_at
