"""Buckets of time and what is in them, from a plain list of events: every quarter of an hour is
looked at, and nothing is shared with the SQL."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta, tzinfo
from itertools import pairwise

from tests.sql.oracle import QUARTER, Counts, Event, counts, first_moment

LENGTHS = {
    "1m": timedelta(minutes=1),
    "15m": QUARTER,
    "1h": timedelta(hours=1),
    "1d": timedelta(days=1),
    "1w": timedelta(days=7),
    "1mo": timedelta(days=31),
}


def edges(since: datetime, until: datetime, width: str, zone: tzinfo) -> list[datetime]:
    """From where the bucket of `since` begins to where the bucket before `until` ends."""
    if width in {"1m", "15m"}:
        length = LENGTHS[width]
        first = since - (since - datetime(2000, 1, 1, tzinfo=since.tzinfo)) % length
        found = [first]
        while found[-1] < until:
            found.append(found[-1] + length)
        return found
    begins = _hours if width == "1h" else _days(width)
    around = begins(since - 2 * LENGTHS[width], until + 2 * LENGTHS[width], zone)
    first = max(edge for edge in around if edge <= since)
    last = min(edge for edge in around if edge >= until)
    return sorted({edge for edge in around if first <= edge <= last})


def _hours(since: datetime, until: datetime, zone: tzinfo) -> list[datetime]:
    moment = since - (since - datetime(2000, 1, 1, tzinfo=since.tzinfo)) % QUARTER
    found = []
    while moment <= until:
        if moment.astimezone(zone).minute == 0:
            found.append(moment)
        moment += QUARTER
    return found


def _days(width: str) -> Callable[[datetime, datetime, tzinfo], list[datetime]]:
    def days(since: datetime, until: datetime, zone: tzinfo) -> list[datetime]:
        day = since.date() - timedelta(days=1)
        found = []
        while day <= until.date() + timedelta(days=1):
            if _begins(width, day):
                found.append(first_moment(day, zone))
            day += timedelta(days=1)
        return found

    return days


def _begins(width: str, day: date) -> bool:
    return width == "1d" or (day.weekday() == 0 if width == "1w" else day.day == 1)


def sums(events: Iterable[Event], edges: Sequence[datetime]) -> list[Counts]:
    """What each bucket adds up to; an event counts when it happened."""
    found = [Counts() for _ in edges[1:]]
    for event in events:
        for place, (begins, ends) in enumerate(pairwise(edges)):
            if event.counted and begins <= event.occurred_at < ends:
                found[place] = found[place].plus(counts(event))
    return found
