"""Split a batch into lanes, each of which is inserted by a transaction of its own.

TimescaleDB keeps one min-max invalidation range for each transaction and aggregate. One late event
beside the newest ones would make the next refresh redo everything between the two, so late events
go in by time bucket: 15 minutes, or a day when that would be too many transactions.
"""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple, TypeAlias

from app.ingest.packing import PackedEvent
from app.ingest.rows import ReceivedEvent

Identity: TypeAlias = bytes | tuple[bytes, int]
"""An event's id, with its time where it has one."""

_QUARTER_HOUR = 900_000_000
_DAY = 86_400_000_000
_ON_TIME = -1
MAX_QUARTER_LANES = 64
"""More late quarter-hours than this in one batch are inserted day by day."""


class Lane(NamedTuple):
    """Events for one transaction, sorted by the hypertable's key."""

    events: list[ReceivedEvent]
    untimed: bool
    """True when the ids alone decide what is the same."""


def lanes_of(events: list[ReceivedEvent], *, late_before: int) -> list[Lane]:
    """Return the lanes of a batch without duplicates, the newest events' lane first.

    `late_before` is in microseconds since 1970.
    """
    ordered = sorted(events, key=_key)
    late = [received for received in ordered if received.event.occurred_at < late_before]
    bucket = _QUARTER_HOUR
    if len({received.event.occurred_at // bucket for received in late}) > MAX_QUARTER_LANES:
        bucket = _DAY
    lanes: defaultdict[tuple[int, bool], list[ReceivedEvent]] = defaultdict(list)
    for received in ordered[len(late) :]:
        lanes[_ON_TIME, received.event.untimed].append(received)
    for received in late:
        lanes[received.event.occurred_at // bucket, received.event.untimed].append(received)
    return [Lane(rows, untimed) for (_, untimed), rows in lanes.items()]


def identity_of(event: PackedEvent) -> Identity:
    """Return what makes an event the same as another."""
    return event.event_id if event.untimed else (event.event_id, event.occurred_at)


def without_duplicates(events: list[ReceivedEvent]) -> list[ReceivedEvent]:
    """Return `events` with the first only of those that are the same."""
    seen: dict[Identity, ReceivedEvent] = {}
    for received in events:
        seen.setdefault(identity_of(received.event), received)
    return events if len(seen) == len(events) else list(seen.values())


def _key(received: ReceivedEvent) -> tuple[int, bytes]:
    return received.event.occurred_at, received.event.event_id
