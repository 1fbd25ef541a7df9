"""The queries on items that rankings leave out."""

from __future__ import annotations

from datetime import datetime

import msgspec

from app.runtime.sql import Connection, Query


class FoundItem(msgspec.Struct, frozen=True, kw_only=True):
    """The item that a name stands for."""

    item_id: int | None
    """None for an unknown one."""


class Exclusion(msgspec.Struct, frozen=True, kw_only=True):
    """One exclusion of an item, in force or lifted."""

    reason: str
    excluded_by: str
    excluded_at: datetime
    lifted_by: str | None
    lifted_at: datetime | None


class ExcludedItem(msgspec.Struct, frozen=True, kw_only=True):
    """An item that rankings leave out now."""

    content_type: str
    content_id: str
    title: str | None
    reason: str
    excluded_by: str
    excluded_at: datetime


_EXCLUDE_ITEM = Query("exclude_item", FoundItem)
_INCLUDE_ITEM = Query("include_item", FoundItem)
_ITEM_NAMED = Query("item_named", FoundItem)
_ITEM_EXCLUSIONS = Query("item_exclusions", Exclusion)
_EXCLUDED_ITEMS = Query("excluded_items", ExcludedItem)


async def exclude_item(  # noqa: PLR0913  # as many as there are columns
    connection: Connection,
    *,
    content_type: str,
    content_id: str,
    reason: str,
    excluded_by: str,
    as_of: datetime,
) -> int | None:
    """Leave an item out of rankings from their next run on; None for an unknown one."""
    found = await _EXCLUDE_ITEM.first(
        connection,
        content_type=content_type,
        content_id=content_id,
        reason=reason,
        excluded_by=excluded_by,
        as_of=as_of,
    )
    return found.item_id if found else None


async def include_item(
    connection: Connection, *, content_type: str, content_id: str, lifted_by: str, as_of: datetime
) -> int | None:
    """Lift an item's exclusion, if there is one; None for an unknown item."""
    found = await _INCLUDE_ITEM.first(
        connection,
        content_type=content_type,
        content_id=content_id,
        lifted_by=lifted_by,
        as_of=as_of,
    )
    return found.item_id if found else None


async def item_named(connection: Connection, *, content_type: str, content_id: str) -> int | None:
    """Return the item of this name, None for an unknown one."""
    found = await _ITEM_NAMED.first(connection, content_type=content_type, content_id=content_id)
    return found.item_id if found else None


async def item_exclusions(connection: Connection, *, item_id: int) -> list[Exclusion]:
    """Return all exclusions of an item, the newest first."""
    return await _ITEM_EXCLUSIONS.all(connection, item_id=item_id)


async def excluded_items(connection: Connection) -> list[ExcludedItem]:
    """Return what is excluded now, the longest first."""
    return await _EXCLUDED_ITEMS.all(connection)
