"""Periods: from when to when, in buckets of which width, of the clocks of which zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Literal

import msgspec

from app.errors import BadRequestError
from app.http.times import parse_moment_or_day, parse_zone
from app.runtime.sql import Connection
from app.series.queries import FoundPeriod, series_period, totals_period

Width = Literal["1m", "15m", "1h", "1d", "1w", "1mo"]
Compare = Literal["previous", "year"]

LENGTHS: dict[Width, str] = {
    "1m": "1 minute",
    "15m": "15 minutes",
    "1h": "1 hour",
    "1d": "1 day",
    "1w": "7 days",
    "1mo": "1 month",
}
DEFAULT_LENGTHS: dict[Width, str] = {
    "1m": "59 minutes",
    "15m": "1425 minutes",
    "1h": "23 hours",
    "1d": "29 days",
    "1w": "77 days",
    "1mo": "11 months",
}
"""So long before its end a period begins, if nothing else is said: 60, 96, 24, 30, 12, 12 buckets
with the unfinished one."""
_LEAST: dict[Width, timedelta] = {
    "1m": timedelta(minutes=1),
    "15m": timedelta(minutes=15),
    "1h": timedelta(hours=1),
    "1d": timedelta(days=1),
    "1w": timedelta(days=7),
    "1mo": timedelta(days=28),
}
MAX_POINTS = 10_000
"""Most buckets of all series of an answer together, those compared with too."""
MINUTES_FOR = timedelta(hours=24)
"""How long the series of a minute's buckets are to be had."""
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
"""No event is older."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """The parameters of a period."""

    since: datetime | date | None
    until: datetime | date | None
    zone: str | None
    compare: Compare | None = None


def asked_period(
    since: str | None, until: str | None, zone: str | None, compare: Compare | None = None
) -> Asked:
    """Read the parameters; raises `BadRequestError`, which names one."""
    return Asked(
        since=None if since is None else parse_moment_or_day("from", since),
        until=None if until is None else parse_moment_or_day("to", until),
        zone=None if zone is None else parse_zone("tz", zone),
        compare=compare,
    )


async def find_buckets(
    connection: Connection, asked: Asked, *, width: Width, series: int, as_of: datetime
) -> FoundPeriod:
    """Return the buckets that a number of series have; raises `BadRequestError` for too many."""
    most = MAX_POINTS // (max(1, series) * (1 if asked.compare is None else 2))
    found = await series_period(
        connection,
        width=width,
        length=LENGTHS[width],
        default_length=DEFAULT_LENGTHS[width],
        zone=asked.zone,
        since=asked.since,
        until=asked.until,
        compare=asked.compare,
        as_of=as_of,
        most=most,
    )
    check_order(found)
    if width == "1m" and found.edges[0] < as_of - MINUTES_FOR - _LEAST["1m"]:
        raise BadRequestError(
            f"from: minutes are to be had of the last 24 hours; begin at "
            f"{shown(as_of - MINUTES_FOR)} or later, or take bucket=15m"
        )
    if found.edges[-1] < found.until:
        raise BadRequestError(
            f"to: {len(found.edges) - 1} buckets of {width} are the most that can be had at once"
            f"{f' of {series} series' if series > 1 else ''}"
            f"{' with what they are compared with' if asked.compare else ''}; end at "
            f"{shown(found.edges[-1])} or earlier{_wider(found, most)}"
        )
    return found


async def find_period(connection: Connection, asked: Asked, *, as_of: datetime) -> FoundPeriod:
    """Return a period of any length, seven days if nothing is said; raises `BadRequestError`."""
    found = await totals_period(
        connection,
        default_length="7 days",
        zone=asked.zone,
        since=asked.since,
        until=asked.until,
        compare=asked.compare,
        as_of=as_of,
    )
    check_order(found)
    return found


def check_order(found: FoundPeriod) -> None:
    """Raise `BadRequestError` for a period that has no length, or begins before all events."""
    if found.since >= found.until:
        raise BadRequestError(
            f"to: {shown(found.until)} is not after from, which is {shown(found.since)}"
        )
    if found.since < EARLIEST:
        raise BadRequestError(
            f"from: {shown(found.since)} is before {shown(EARLIEST)}, where events begin"
        )


def shown(moment: datetime) -> str:
    """Return a moment as callers write it."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _wider(found: FoundPeriod, most: int) -> str:
    """Say which buckets would do for all of the period, if any."""
    length = found.until - found.since
    widths = [width for width, least in _LEAST.items() if length <= least * most]
    return f", or take bucket={widths[0]}" if widths else ""
