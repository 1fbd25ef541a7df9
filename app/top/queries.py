"""Top lists as the database counts them, and what their items are."""

from __future__ import annotations

from datetime import datetime

import msgspec

from app.runtime.sql import Connection, Query


class TopListCounts(msgspec.Struct, frozen=True, kw_only=True):
    """A top list: its members as the newest run found them, their counts as of now."""

    ranking: str
    run_id: int
    as_of: datetime
    confirmed_at: datetime
    """Up to when the run's order and counts are known to hold."""
    window: str
    metric: str
    subject: str
    """`item`, `category` or `creator`."""
    content_type: str | None
    """Only items of this type count; None: all."""
    since: datetime | None
    """What happened after it counts; None: everything."""
    until: datetime | None
    """When its calendar window ends; None for a window that moves on."""
    redis_seconds: int
    snapshot: str
    """Which transactions are counted: a pg_snapshot."""
    item_ids: list[int | None] | None
    names: list[str | None] | None
    """One of the two is of nulls; both are None where the list is empty."""
    counts: list[float] | None


class TopItem(msgspec.Struct, frozen=True, kw_only=True):
    """An item as the catalogue has it."""

    item_id: int
    content_id: str
    content_type: str
    title: str | None
    category: str | None
    creator: str | None
    is_excluded: bool
    """Then it counts for no category or creator."""


_TOP_LIST_COUNTS = Query("top_list_counts", TopListCounts)
_TOP_ITEMS = Query("top_items", TopItem)


async def top_list_counts(connection: Connection, *, ranking: str) -> TopListCounts | None:
    """Count a top list, all of it in one snapshot of the database.

    None for what is none, before its first run, and where its window has turned since its run.
    """
    return await _TOP_LIST_COUNTS.first(connection, ranking=ranking)


async def top_items(connection: Connection, *, item_ids: list[int]) -> list[TopItem]:
    """Return what is known of items, in any order."""
    return await _TOP_ITEMS.all(connection, item_ids=item_ids)
