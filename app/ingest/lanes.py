"""Split a batch into lanes, each of which is inserted by a transaction of its own.

TimescaleDB notes what a transaction changed as one range, from the earliest row to the latest: for
the whole hypertable up to 2.23, for each of its chunks in 2.28. The next refresh redoes all of that
range, so two late events 23 hours apart cost as much as a day of them (bench/late.py). Late events
are therefore cut where nothing happened for a while, and each piece goes by itself.
"""

from __future__ import annotations

from bisect import bisect_left
from heapq import nlargest
from itertools import pairwise
from typing import NamedTuple, TypeAlias

from app.ingest.packing import PackedEvent
from app.ingest.rows import ReceivedEvent

Identity: TypeAlias = bytes | tuple[bytes, int]
"""An event's id, with its time where it has one."""

GAP = 900_000_000
"""Microseconds without an event that are worth a transaction: a quarter of an hour."""
MAX_LATE_LANES = 200
"""Most transactions for the late events of a batch; each takes some milliseconds."""


class Lane(NamedTuple):
    """Events for one transaction, sorted by the hypertable's key."""

    events: list[ReceivedEvent]
    untimed: bool
    """True when the ids alone decide what is the same."""
    late: bool = False


def lanes_of(events: list[ReceivedEvent], *, late_before: int) -> list[Lane]:
    """Return the lanes of a batch without duplicates, the newest events' lanes first.

    `late_before` is in microseconds since 1970.
    """
    on_time: list[Lane] = []
    late: list[Lane] = []
    ordered = sorted(events, key=_key)
    without_time = [received for received in ordered if received.event.untimed]
    if without_time:
        ordered = [received for received in ordered if not received.event.untimed]
    for rows, untimed in ((ordered, False), (without_time, True)):
        newest = bisect_left(rows, late_before, key=_occurred_at)
        if newest < len(rows):
            on_time.append(Lane(rows[newest:], untimed))
        late += [Lane(piece, untimed, late=True) for piece in _cut(rows[:newest])]
    return on_time + late


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


def identity_of(event: PackedEvent) -> Identity:
    """Return what makes an event the same as another."""
    return event.event_id if event.untimed else (event.event_id, event.occurred_at)


def without_duplicates(events: list[ReceivedEvent]) -> list[ReceivedEvent]:
    """Return `events` with the first only of those that are the same."""
    if len({received.event.event_id for received in events}) == len(events):
        return events
    seen: dict[Identity, ReceivedEvent] = {}
    for received in events:
        seen.setdefault(identity_of(received.event), received)
    return list(seen.values())


def _occurred_at(received: ReceivedEvent) -> int:
    return received.event.occurred_at


def _key(received: ReceivedEvent) -> tuple[int, bytes]:
    return received.event.occurred_at, received.event.event_id
