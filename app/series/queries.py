"""The queries of series, totals and breakdowns."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import msgspec

from app.runtime.sql import Connection, Query


class FoundPeriod(msgspec.Struct, frozen=True, kw_only=True):
    """The buckets that are asked for."""

    zone: str
    since: datetime
    until: datetime
    edges: list[datetime]
    """One more than buckets."""
    compared: list[datetime]
    """Edges of as many earlier buckets; empty where nothing is compared."""


class Sums(msgspec.Struct, frozen=True, kw_only=True):
    """What one bucket adds up to, of one item, name, or all."""

    place: int
    """The number of the bucket, from 1."""
    content_type: str | None
    content_id: str | None
    subject: str | None
    views: int
    likes: int
    comments: int
    shares: int
    watch_seconds: float


_SERIES_PERIOD = Query("series_period", FoundPeriod)
_ENGAGEMENT_SUMS = Query("engagement_sums", Sums)


async def series_period(  # noqa: PLR0913  # as many as a period has
    connection: Connection,
    *,
    width: str,
    length: timedelta | str,
    default_length: timedelta | str,
    zone: str | None,
    since: datetime | date | None,
    until: datetime | date | None,
    compare: str | None,
    as_of: datetime,
    most: int,
) -> FoundPeriod:
    """Return the edges of the buckets of a zone (None: the service's) between two moments.

    Days are their first moments there. Without `until`, up to `as_of`; without `since`, the local
    time `default_length` before. At most `most` buckets, from the first.
    """
    found = await _SERIES_PERIOD.first(
        connection,
        width=width,
        length=length,
        default_length=default_length,
        zone=zone,
        since=since if isinstance(since, datetime) else None,
        since_day=None if isinstance(since, datetime) else since,
        until=until if isinstance(until, datetime) else None,
        until_day=None if isinstance(until, datetime) else until,
        compare=compare,
        as_of=as_of,
        most=most,
    )
    assert found is not None  # noqa: S101  # core.calendar has one row
    return found


async def engagement_sums(
    connection: Connection, *, edges: list[datetime], wanted: str, split_by: str | None
) -> list[Sums]:
    """Return what is in each bucket, of the `wanted` items (`Wanted.condition`) by a property."""
    return await _ENGAGEMENT_SUMS.all(connection, edges=edges, wanted=wanted, split_by=split_by)
