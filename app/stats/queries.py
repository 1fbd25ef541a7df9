"""Counts of items."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from app.runtime.sql import Connection, Query
from app.stats.keys import Item
from app.stats.wire import ItemStats

_NAMES = {"all": "total"}
"""What fields of answers call windows, where it is not by their name."""
_METRICS = ("views", "likes", "comments", "shares", "watch_seconds", "unique_viewers")
_HOUR = timedelta(hours=1)


class ZoneRow(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of an item; the lists have a place for each of `windows`."""

    content_id: str
    content_type: str
    windows: list[str]
    views: list[int]
    likes: list[int]
    comments: list[int]
    shares: list[int]
    watch_seconds: list[float]
    unique_viewers: list[int]


class StatsRow(ZoneRow, frozen=True, kw_only=True):
    """Counts of an item in all windows, and its hot score."""

    hour_since: datetime
    """Where the last hour begins."""
    zone: str
    hot_score: float | None
    hot_rank: int | None
    is_hot: bool


_ITEM_STATS = Query("item_stats", StatsRow, binary=True)
_ZONE_STATS = Query("zone_stats", ZoneRow, binary=True)


async def item_stats(
    connection: Connection, *, items: Sequence[Item], as_of: datetime
) -> dict[Item, ItemStats]:
    """Return the counts of those of the items that are known, as of `as_of`.

    Includes every committed event, of whatever age; they stand in no trending list here.
    """
    rows = await _ITEM_STATS.all(
        connection,
        content_types=[content_type for content_type, _ in items],
        content_ids=[content_id for _, content_id in items],
        as_of=as_of,
    )
    return {(row.content_type, row.content_id): _stats_of(row, as_of) for row in rows}


async def zone_stats(
    connection: Connection, *, stats: Sequence[ItemStats], zone: str
) -> dict[Item, ItemStats]:
    """Return stats of known items with today, this week and this month as in another zone."""
    rows = await _ZONE_STATS.all(
        connection,
        content_types=[each.content_type for each in stats],
        content_ids=[each.content_id for each in stats],
        as_of=[each.as_of for each in stats],
        zone=zone,
    )
    before = {(each.content_type, each.content_id): each for each in stats}
    return {
        (item := (row.content_type, row.content_id)): msgspec.structs.replace(
            before[item], zone=zone, **_counts_of(row)
        )
        for row in rows
    }


def _stats_of(row: StatsRow, as_of: datetime) -> ItemStats:
    return ItemStats(
        content_id=row.content_id,
        content_type=row.content_type,
        is_hot=row.is_hot,
        hot_score=row.hot_score,
        hot_rank=row.hot_rank,
        trending_ranks={},
        as_of=as_of.astimezone(UTC),
        windows_as_of=(row.hour_since + _HOUR).astimezone(UTC),
        zone=row.zone,
        **_counts_of(row),
    )


def _counts_of(row: ZoneRow) -> dict[str, Any]:
    """Return the counts by the names of their fields."""
    counts: dict[str, Any] = {}
    for place, window in enumerate(row.windows):
        name = _NAMES.get(window, window)
        for metric in _METRICS:
            counts[f"{metric}_{name}"] = getattr(row, metric)[place]
        views = row.views[place]
        counts[f"average_watch_seconds_{name}"] = (
            round(row.watch_seconds[place] / views, 6) if views else None
        )
    return counts
