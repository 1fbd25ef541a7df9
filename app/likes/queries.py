"""The statements on likes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from app.runtime.sql import Command, Connection, Query


class LikeState(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a user likes an item, and how many do."""

    has_liked: bool
    likes: int
    version: int
    """Of two counts of an item, the one with the higher version is right."""


class LikeChange(LikeState, frozen=True, kw_only=True):
    """How it stands after a request to change it."""

    item_id: int
    transaction_id: int | None
    """The transaction that changed it, `pg_current_xact_id`; None where nothing changed."""


class ItemLikeState(LikeState, frozen=True, kw_only=True):
    """The same of one of several items."""

    content_type: str
    content_id: str


class LikedRow(msgspec.Struct, frozen=True, kw_only=True):
    """An item that a user likes."""

    content_id: str
    content_type: str
    title: str | None
    category: str | None
    creator: str | None
    liked_at: datetime
    item_id: int


class LikedName(msgspec.Struct, frozen=True, kw_only=True):
    """What an item that a user likes is called."""

    content_type: str
    content_id: str


class CountedItem(msgspec.Struct, frozen=True, kw_only=True):
    """How many users like an item."""

    content_type: str
    content_id: str
    likes: int
    version: int


class Reconciliation(msgspec.Struct, frozen=True, kw_only=True):
    """A run of the reconciling job that has begun."""

    ledger_id: int


class RecountedLikes(msgspec.Struct, frozen=True, kw_only=True):
    """What comparing counts with likes came to."""

    mended: int


_SET_LIKE = Query("set_like", LikeChange)
_LIKE_STATE = Query("like_state", LikeState)
_LIKE_STATES = Query("like_states", ItemLikeState)
_LIKED_ITEMS = Query("liked_items", LikedRow)
_LIKED_OF = Query("liked_of", LikedName)
_LIKE_COUNTS_OF = Query("like_counts_of", CountedItem)
_BEGIN_LIKE_RECONCILIATION = Query("begin_like_reconciliation", Reconciliation)
_RECOUNT_LIKES = Query("recount_likes", RecountedLikes)
_END_LIKE_RECONCILIATION = Command("end_like_reconciliation")


async def set_like(  # noqa: PLR0913  # as many as say who likes what, and when
    connection: Connection,
    *,
    user_id: str,
    content_type: str,
    content_id: str,
    wanted: bool | None,
    registers: bool,
    event_id: UUID,
    as_of: datetime,
) -> LikeChange | None:
    """Set or take back a like, or toggle it where `wanted` is None, with the event that this is.

    An unknown item is registered, but not by taking back, nor where `registers` is false: then
    None.
    """
    return await _SET_LIKE.first(
        connection,
        user_id=user_id,
        content_type=content_type,
        content_id=content_id,
        wanted=wanted,
        registers=registers,
        event_id=event_id,
        as_of=as_of,
    )


async def like_state(
    connection: Connection, *, user_id: str, content_type: str, content_id: str
) -> LikeState | None:
    """Return how it stands between a user and an item; None for an unknown item."""
    return await _LIKE_STATE.first(
        connection, user_id=user_id, content_type=content_type, content_id=content_id
    )


async def like_states(
    connection: Connection, *, user_id: str | None, items: Sequence[tuple[str, str]]
) -> list[ItemLikeState]:
    """Return how it stands with those of the items (content type and id) that are known.

    Without a user, nothing is `has_liked`.
    """
    return await _LIKE_STATES.all(
        connection,
        user_id=user_id,
        content_types=[content_type for content_type, _ in items],
        content_ids=[content_id for _, content_id in items],
    )


async def liked_items(
    connection: Connection, *, user_id: str, before: datetime, before_item: int, most: int
) -> list[LikedRow]:
    """Return what a user likes, newest first, below that place."""
    return await _LIKED_ITEMS.all(
        connection, user_id=user_id, before=before, before_item=before_item, most=most
    )


async def liked_of(
    connection: Connection, *, user_id: str, items: Sequence[tuple[str, str]]
) -> set[tuple[str, str]]:
    """Return those of the items (content type and id) that a user likes."""
    found = await _LIKED_OF.all(
        connection,
        user_id=user_id,
        content_types=[content_type for content_type, _ in items],
        content_ids=[content_id for _, content_id in items],
    )
    return {(liked.content_type, liked.content_id) for liked in found}


async def like_counts_of(
    connection: Connection, *, items: Sequence[tuple[str, str]]
) -> list[CountedItem]:
    """Return the counts of those of the items (content type and id) that were ever liked."""
    return await _LIKE_COUNTS_OF.all(
        connection,
        content_types=[content_type for content_type, _ in items],
        content_ids=[content_id for _, content_id in items],
    )


async def begin_like_reconciliation(
    connection: Connection, *, every: timedelta
) -> Reconciliation | None:
    """Open a run, or return None where one is open, or began less than `every` ago.

    The lock that keeps others out belongs to the connection, until the run is ended on it.
    """
    return await _BEGIN_LIKE_RECONCILIATION.first(connection, every=every)


async def recount_likes(connection: Connection, *, calls: int) -> int:
    """Compare the counts of the next items with the likes themselves, and return how many differed.

    So many calls go through all items. Only within a run.
    """
    found = await _RECOUNT_LIKES.first(connection, calls=calls)
    return found.mended if found else 0


async def end_like_reconciliation(
    connection: Connection, *, ledger_id: int, mended: int, error: str | None = None
) -> None:
    """Close a run in the ledger."""
    await _END_LIKE_RECONCILIATION.run(connection, ledger_id=ledger_id, mended=mended, error=error)
