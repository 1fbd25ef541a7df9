"""Counts of one item."""

from __future__ import annotations

from datetime import datetime

from app.runtime.sql import Connection, Query
from app.stats.wire import ItemStats

_ITEM_STATS = Query("item_stats", ItemStats)


async def item_stats(
    connection: Connection, *, content_type: str, content_id: str, as_of: datetime
) -> ItemStats | None:
    """Return the item's counts, with today and this month as of `as_of`; None if unknown.

    Includes every committed event, of whatever age.
    """
    return await _ITEM_STATS.first(
        connection, content_type=content_type, content_id=content_id, as_of=as_of
    )
