"""The queries on the catalogue."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from app.runtime.sql import Connection, Query


class ResolvedItem(msgspec.Struct, frozen=True, kw_only=True):
    """An item's internal id beside the name that callers know it by."""

    content_type: str
    external_id: str
    item_id: int


class ServingDatabase(msgspec.Struct, frozen=True, kw_only=True):
    """A database as long as its server runs."""

    started_at: datetime
    database_id: int


class WrittenItems(msgspec.Struct, frozen=True, kw_only=True):
    """How many catalogue entries are now as was said."""

    written: int


class CatalogueItem(msgspec.Struct, frozen=True, kw_only=True):
    """One catalogue entry, with its lifetime counts and hot score as of the last scoring run."""

    content_id: str
    content_type: str
    title: str | None
    category: str | None
    creator: str | None
    published_at: datetime | None
    attributes: dict[str, object]
    created_at: datetime
    views: int
    likes: int
    comments: int
    shares: int
    hot_score: float | None
    hot_rank: int | None
    is_hot: bool
    likes_count: int
    """How many users like it now."""
    has_liked: bool | None
    """Whether the user who asks does; None where nobody is signed in."""
    excluded_because: str | None
    excluded_since: datetime | None


class ListedItem(CatalogueItem, frozen=True, kw_only=True):
    """One catalogue entry of a list, with what it stands there by."""

    item_id: int
    is_rest: bool
    """Whether the order does not tell it apart from others, so that it stands by its age."""
    sort_count: int | None
    sort_moment: datetime | None


class FoundItem(msgspec.Struct, frozen=True, kw_only=True):
    """One catalogue entry that a search has found."""

    content_id: str
    content_type: str
    title: str | None
    category: str | None
    creator: str | None
    views: int


class CatalogueName(msgspec.Struct, frozen=True, kw_only=True):
    """A category or a content type."""

    name: str


_SEARCH_ITEMS = Query("search_items", FoundItem)
_CATALOGUE_NAMES = Query("catalogue_names", CatalogueName)
_LIST_ITEMS = Query("list_items", ListedItem)
_RESOLVE_ITEMS = Query("resolve_items", ResolvedItem)
_SERVING_DATABASE = Query("serving_database", ServingDatabase)
_KNOWN_ITEMS = Query("known_items", ResolvedItem)
_PUT_ITEMS = Query("put_items", WrittenItems)
_ITEMS_BY_EXTERNAL_ID = Query("items_by_external_id", CatalogueItem)


async def resolve_items(
    connection: Connection, *, content_types: list[str], external_ids: list[str]
) -> list[ResolvedItem]:
    """Return an id for each distinct pair of the two equally long lists, registering new ones."""
    return await _RESOLVE_ITEMS.all(
        connection, content_types=content_types, external_ids=external_ids
    )


async def serving_database(connection: Connection) -> ServingDatabase | None:
    """Return which database the connection is of; another one may have other ids of items."""
    return await _SERVING_DATABASE.first(connection)


async def known_items(
    connection: Connection, *, content_types: list[str], external_ids: list[str]
) -> list[ResolvedItem]:
    """Return those of the distinct pairs of the two equally long lists that are registered."""
    return await _KNOWN_ITEMS.all(
        connection, content_types=content_types, external_ids=external_ids
    )


async def put_items(connection: Connection, *, items: bytes) -> int:
    """Upsert entries, a JSON array of `ItemIn`, and return how many items they were about."""
    written = await _PUT_ITEMS.first(connection, items=items.decode())
    return written.written if written else 0


async def items_by_external_id(
    connection: Connection, *, external_id: str, content_type: str | None, user_id: str | None
) -> list[CatalogueItem]:
    """Return the items of this id, at most one for each content type, sorted by it.

    With what the user likes of them, where one asks.
    """
    return await _ITEMS_BY_EXTERNAL_ID.all(
        connection, external_id=external_id, content_type=content_type, user_id=user_id
    )


async def list_items(  # noqa: PLR0913  # as many as a list and a place in it have
    connection: Connection,
    *,
    sort: str,
    category: str | None,
    content_type: str | None,
    after_rest: bool | None,
    after_count: int | None,
    after_moment: datetime | None,
    after_item: int | None,
    most: int,
    user_id: str | None,
) -> list[ListedItem]:
    """Return the items that follow one in an order, `most` at most; from the first where None.

    With what the user likes of them, where one asks.
    """
    return await _LIST_ITEMS.all(
        connection,
        sort=sort,
        category=category,
        content_type=content_type,
        after_rest=after_rest,
        after_count=after_count,
        after_moment=after_moment,
        after_item=after_item,
        most=most,
        user_id=user_id,
    )


async def search_items(connection: Connection, *, wanted: str, most: int) -> list[FoundItem]:
    """Return items by what was typed of title, creator or id, the most viewed first."""
    return await _SEARCH_ITEMS.all(connection, wanted=wanted, most=most)


async def catalogue_names(
    connection: Connection, *, kind: Literal["category", "content_type"], wanted: str, most: int
) -> list[str]:
    """Return the names of a kind that have what was typed, those that begin with it first."""
    found = await _CATALOGUE_NAMES.all(connection, kind=kind, wanted=wanted, most=most)
    return [each.name for each in found]
