"""Unique viewers of buckets: of the site, of items, or of all that filters let through, by name."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec
from psycopg.errors import CheckViolation

from app.errors import BadRequestError
from app.runtime.pool import message_of
from app.runtime.sql import Connection, Query
from app.series.counts import UNIQUE
from app.series.filters import Filters
from app.series.period import shown
from app.series.wire import Metric

FEW_ITEMS = 1_000
"""So many items are looked up one by one."""


class Viewers(msgspec.Struct, frozen=True, kw_only=True):
    """How many viewed in one bucket, of one item, one name, or of all."""

    place: int
    """The number of the bucket, from 1."""
    content_type: str | None
    content_id: str | None
    subject: str | None
    viewers: int


class _Matching(msgspec.Struct, frozen=True, kw_only=True):
    item_ids: list[int]


_UNIQUE_VIEWERS = Query("unique_viewers", Viewers)
_UNIQUE_VIEWERS_BY = Query("unique_viewers_by", Viewers)
_MATCHING_ITEMS = Query("matching_items", _Matching)


async def matching_items(connection: Connection, *, wanted: str, most: int) -> list[int]:
    """Return at most so many of the items that filters let through."""
    found = await _MATCHING_ITEMS.first(connection, wanted=wanted, most=most)
    return [] if found is None else found.item_ids


async def unique_viewers(
    connection: Connection, *, edges: list[datetime], item_ids: list[int] | None, apart: bool
) -> list[Viewers]:
    """Return the viewers of each bucket that has any: of items, or of the site for None."""
    return await _UNIQUE_VIEWERS.all(connection, edges=edges, item_ids=item_ids, apart=apart)


async def unique_viewers_by(
    connection: Connection, *, edges: list[datetime], wanted: str, split_by: str | None
) -> list[Viewers]:
    """Return the viewers of each bucket that has any, of however many items, by a property."""
    return await _UNIQUE_VIEWERS_BY.all(connection, edges=edges, wanted=wanted, split_by=split_by)


async def find_viewers(  # noqa: PLR0913  # what is asked, and of which period
    connection: Connection,
    metrics: Sequence[Metric],
    *,
    edges: list[datetime],
    wanted: str,
    split_by: str | None = None,
    is_compared: bool = False,
) -> list[Viewers]:
    """Return what there is to say of unique viewers where `metrics` has them, else nothing.

    Raises `BadRequestError` for more than can be put together; it names `compare` where the edges
    are those of the period that is compared with.
    """
    if UNIQUE not in metrics or not edges:
        return []
    try:
        return await _viewers(connection, edges=edges, wanted=wanted, split_by=split_by)
    except CheckViolation as error:
        if not is_compared:
            raise
        _, _, why = message_of(error).partition(": ")
        raise BadRequestError(
            f"compare: of the period from {shown(edges[0])} to {shown(edges[-1])}: {why}"
        ) from error


async def _viewers(
    connection: Connection, *, edges: list[datetime], wanted: str, split_by: str | None
) -> list[Viewers]:
    """Return them from the sets of the site or of few items, else from those of all items."""
    if split_by in {None, "item"}:
        is_site = wanted == "{}" and split_by is None
        item_ids = (
            None if is_site else await matching_items(connection, wanted=wanted, most=FEW_ITEMS + 1)
        )
        if item_ids is None or len(item_ids) <= FEW_ITEMS:
            return await unique_viewers(
                connection, edges=edges, item_ids=item_ids, apart=split_by is not None
            )
    return await unique_viewers_by(connection, edges=edges, wanted=wanted, split_by=split_by)


def check_filters(metrics: Sequence[Metric], filters: Filters) -> None:
    """Raise `BadRequestError` for filters of events: viewers are kept by item."""
    if UNIQUE in metrics and filters.dimension is not None:
        raise BadRequestError("metadata: uniqueViewers are not known by metadata; leave one away")


def check_buckets(metrics: Sequence[Metric], width: str, *, cumulative: bool) -> None:
    """Raise `BadRequestError` for buckets that unique viewers are not known of."""
    if UNIQUE in metrics and width == "1m":
        raise BadRequestError("bucket: uniqueViewers are known by quarter hours; take 15m or wider")
    if UNIQUE in metrics and cumulative:
        raise BadRequestError("cumulative: uniqueViewers of buckets do not add up; leave one away")
