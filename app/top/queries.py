"""Top lists as the database counts them, and what their items are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import msgspec

from app.rankings.wire import Window
from app.runtime.sql import Connection, Query

Metric = Literal["views", "likes", "comments", "shares", "watch_seconds"]
Subject = Literal["item", "category", "creator"]


class TopListSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What a top list counts."""

    ranking: str
    window: Window
    metric: Metric
    subject: Subject
    content_type: str | None
    """Only items of this type count; None: all."""
    size: int
    """How many it shows."""
    redis_seconds: int
    """How long Redis keeps it."""
    since: datetime | None
    """What happened after it counts, as of now; None: everything."""
    excluded_at: datetime | None
    """When an item was last excluded or included again; None: never."""
    is_edited: bool
    """Whether editorial rules act on it."""


class TopListCounts(msgspec.Struct, frozen=True, kw_only=True):
    """The best of a top list, as of now."""

    as_of: datetime
    since: datetime | None
    """What happened after it counts; None: everything."""
    until: datetime | None
    """When its calendar window ends; None for a window that moves on."""
    snapshot: str
    """Which transactions are counted: a pg_snapshot."""
    item_ids: list[int | None] | None
    names: list[str | None] | None
    """One of the two is of nulls; all three are None where nothing is found."""
    counts: list[float] | None


class EditedPlace(msgspec.Struct, frozen=True, kw_only=True):
    """A place of a list under editorial rules: an item, or the name of a creator or category."""

    item_id: int | None
    name: str | None
    count: float
    mark: str | None
    """What a rule did, such as `pinned`; None: nothing."""


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


class TopUsers(msgspec.Struct, frozen=True, kw_only=True):
    """A page of the most active users."""

    readers: str
    """Who may read it: `admin` or `all`."""
    as_of: datetime
    since: datetime | None
    """What happened after it counts; None before the first run."""
    is_counted: bool
    """False until the next run has counted them."""
    total: int
    user_ids: list[str]
    counts: list[int]


_TOP_USERS = Query("top_users", TopUsers)
_TOP_LISTS = Query("top_lists", TopListSettings)
_TOP_LIST_COUNTS = Query("top_list_counts", TopListCounts)
_TOP_ITEMS = Query("top_items", TopItem)
_EDITED_TOP_LIST = Query("edited_top_list", EditedPlace)


async def top_lists(connection: Connection) -> list[TopListSettings]:
    """Return the top lists there are; one whose window was never counted is not among them."""
    return await _TOP_LISTS.all(connection)


async def top_list_counts(  # noqa: PLR0913  # what a list counts, and what of it is wanted
    connection: Connection,
    *,
    window: str,
    metric: str,
    subject: str,
    content_type: str | None,
    most: int,
    item_ids: list[int] | None = None,
    names: list[str] | None = None,
) -> TopListCounts | None:
    """Count a list's members, best first, all of it in one snapshot of the database.

    Only those of the items or names, where they are given. None before the first run of scoring.
    """
    return await _TOP_LIST_COUNTS.first(
        connection,
        window=window,
        metric=metric,
        subject=subject,
        content_type=content_type,
        most=most,
        item_ids=item_ids,
        names=names,
    )


async def top_users(
    connection: Connection, *, window: str, skipped: int, most: int, size: int
) -> TopUsers | None:
    """Return a page of the `size` most active users, all of one moment.

    None where users are not counted (`core.activity_policy`).
    """
    return await _TOP_USERS.first(connection, window=window, skipped=skipped, most=most, size=size)


async def top_items(connection: Connection, *, item_ids: list[int]) -> list[TopItem]:
    """Return what is known of items, in any order."""
    return await _TOP_ITEMS.all(connection, item_ids=item_ids)


async def edited_top_list(
    connection: Connection,
    *,
    ranking: str,
    item_ids: Sequence[int | None] | None,
    names: Sequence[str | None] | None,
    counts: Sequence[float],
) -> list[EditedPlace]:
    """Return a list's places under the rules in force, from its members, best first.

    One of `item_ids` and `names` is None.
    """
    return await _EDITED_TOP_LIST.all(
        connection,
        ranking=ranking,
        item_ids=None if item_ids is None else list(item_ids),
        names=None if names is None else list(names),
        counts=list(counts),
    )
