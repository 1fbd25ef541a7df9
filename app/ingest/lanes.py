"""Split a batch into lanes, each of which is inserted by a transaction of its own.

TimescaleDB keeps one min-max invalidation range for each transaction and aggregate. One late event
beside the newest ones would make the next refresh redo everything between the two, so late events
go in by time bucket: 15 minutes, or a day when that would be too many transactions.
"""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

from app.ingest.rows import ResolvedEvent

_QUARTER_HOUR = 900_000_000
_DAY = 86_400_000_000
MAX_QUARTER_LANES = 64
"""More late quarter-hours than this in one batch are inserted day by day."""


class Lane(NamedTuple):
    """Events for one transaction, sorted by the hypertable's key."""

    events: list[ResolvedEvent]
    untimed: bool
    """True when the ids alone decide what is the same."""


def lanes_of(events: list[ResolvedEvent], *, late_before: int) -> list[Lane]:
    """Return the lanes of a batch without duplicates, the newest events' lane first.

    `late_before` is in microseconds since 1970.
    """
    ordered = sorted(events, key=_key)
    late = [resolved for resolved in ordered if resolved.event.occurred_at < late_before]
    bucket = _QUARTER_HOUR
    if len({resolved.event.occurred_at // bucket for resolved in late}) > MAX_QUARTER_LANES:
        bucket = _DAY
    lanes: defaultdict[tuple[int, bool], list[ResolvedEvent]] = defaultdict(list)
    for resolved in ordered[len(late) :]:
        lanes[0, resolved.event.untimed].append(resolved)
    for resolved in late:
        lanes[resolved.event.occurred_at // bucket, resolved.event.untimed].append(resolved)
    return [Lane(rows, untimed) for (_, untimed), rows in lanes.items()]


def without_duplicates(events: list[ResolvedEvent]) -> list[ResolvedEvent]:
    """Return `events` with the first only of those that are the same."""
    seen: dict[bytes | tuple[bytes, int], ResolvedEvent] = {}
    for resolved in events:
        event = resolved.event
        identity = event.event_id if event.untimed else (event.event_id, event.occurred_at)
        seen.setdefault(identity, resolved)
    return list(seen.values())


def _key(resolved: ResolvedEvent) -> tuple[int, bytes]:
    return resolved.event.occurred_at, resolved.event.event_id
