"""The queries of series, totals and breakdowns."""

from __future__ import annotations

from datetime import date, datetime

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


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """One part of a period: an item, or what has a name (None: what has none)."""

    content_type: str | None
    content_id: str | None
    title: str | None
    category: str | None
    creator: str | None
    item_id: int | None
    subject: str | None
    views: int
    likes: int
    comments: int
    shares: int
    watch_seconds: float
    value: float
    """The metric that they are ordered by."""
    previous: float | None
    """The same in the period that it is compared with; None where it is with none."""
    total: float
    """The metric of all groups together."""


class Rate(msgspec.Struct, frozen=True, kw_only=True):
    """How fast events come."""

    events: int
    """Of the last minute."""
    viewers: int
    """Of the last five minutes."""


class Moved(msgspec.Struct, frozen=True, kw_only=True):
    """An item that is viewed more than it was."""

    content_type: str
    content_id: str
    title: str | None
    views: int
    previous: int


class After(msgspec.Struct, frozen=True, kw_only=True):
    """The group that a page begins after."""

    value: float
    item_id: int | None
    subject: str | None


_SERIES_PERIOD = Query("series_period", FoundPeriod)
_TOTALS_PERIOD = Query("totals_period", FoundPeriod)
_ENGAGEMENT_SUMS = Query("engagement_sums", Sums)
_PRESENT_RATE = Query("present_rate", Rate)
_PRESENT_MOVERS = Query("present_movers", Moved)
_ENGAGEMENT_BREAKDOWN = Query("engagement_breakdown", Group)


async def series_period(  # noqa: PLR0913  # as many as a period has
    connection: Connection,
    *,
    width: str,
    length: str,
    default_length: str,
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


async def totals_period(  # noqa: PLR0913  # as many as a period has
    connection: Connection,
    *,
    default_length: str,
    zone: str | None,
    since: datetime | date | None,
    until: datetime | date | None,
    compare: str | None,
    as_of: datetime,
) -> FoundPeriod:
    """Return two edges, of one bucket, and those of the one that it is compared with."""
    found = await _TOTALS_PERIOD.first(
        connection,
        default_length=default_length,
        zone=zone,
        since=since if isinstance(since, datetime) else None,
        since_day=None if isinstance(since, datetime) else since,
        until=until if isinstance(until, datetime) else None,
        until_day=None if isinstance(until, datetime) else until,
        compare=compare,
        as_of=as_of,
    )
    assert found is not None  # noqa: S101  # core.calendar has one row
    return found


async def engagement_sums(
    connection: Connection, *, edges: list[datetime], wanted: str, split_by: str | None
) -> list[Sums]:
    """Return what is in each bucket, of the `wanted` items (`Wanted.condition`) by a property."""
    return await _ENGAGEMENT_SUMS.all(connection, edges=edges, wanted=wanted, split_by=split_by)


async def engagement_breakdown(  # noqa: PLR0913  # as many as a page of a breakdown has
    connection: Connection,
    *,
    period: FoundPeriod,
    wanted: str,
    split_by: str,
    metric: str,
    after: After | None,
    most: int,
) -> list[Group]:
    """Return `most` groups at most, the highest first, after one of them if given."""
    return await _ENGAGEMENT_BREAKDOWN.all(
        connection,
        period=period.edges,
        compared=period.compared,
        wanted=wanted,
        split_by=split_by,
        metric=metric,
        after_value=None if after is None else after.value,
        after_item=None if after is None else after.item_id,
        after_subject=None if after is None else after.subject,
        most=most,
    )


async def present_rate(connection: Connection, *, as_of: datetime) -> Rate:
    """Return how fast events come."""
    found = await _PRESENT_RATE.first(connection, as_of=as_of)
    assert found is not None  # noqa: S101  # it answers one row
    return found


async def present_movers(connection: Connection, *, as_of: datetime, most: int) -> list[Moved]:
    """Return the items whose views have risen most, the greatest rise first."""
    return await _PRESENT_MOVERS.all(connection, as_of=as_of, most=most)
