"""The statements that erase."""

from __future__ import annotations

from datetime import datetime

import msgspec

from app.runtime.sql import Command, Connection, Query


class Chunk(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of time that events are stored by."""

    since: datetime
    until: datetime


class Trace(msgspec.Struct, frozen=True, kw_only=True):
    """An item that a user has to do with, and in which session."""

    content_type: str
    external_id: str
    session_id: str | None


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where a stretch of the sets of viewers begins: the days in order, then the items."""

    since_day: str
    """A day, or -infinity; infinity for the items."""
    since_item: int
    since_entry: int


FIRST_SETS = Place(since_day="-infinity", since_item=-1, since_entry=0)
"""Where they all begin."""


class _Erased(msgspec.Struct, frozen=True, kw_only=True):
    erased: int


_EVENT_CHUNKS = Query("event_chunks", Chunk)
_USER_TRACES = Query("user_traces", Trace)
_ERASE_EVENTS = Query("erase_events", _Erased)
_ERASE_LIKES = Query("erase_likes", _Erased)
_ERASE_COMMENTS = Query("erase_comments", _Erased)
_ERASE_UPLOADS = Query("erase_uploads", _Erased)
_ERASE_ITEM = Command("erase_item")
_FORGET_VIEWERS = Command("forget_viewers")
_FORGET_VIEWER_SETS = Query("forget_viewer_sets", Place)


async def event_chunks(connection: Connection) -> list[Chunk]:
    """Return the chunks of raw events, oldest first."""
    return await _EVENT_CHUNKS.all(connection)


async def user_traces(connection: Connection, *, user_id: str) -> list[Trace]:
    """Return the items and sessions of a user's events and likes."""
    return await _USER_TRACES.all(connection, user_id=user_id)


async def erase_events(  # noqa: PLR0913  # whose, when, and how
    connection: Connection,
    *,
    chunk: Chunk,
    user_id: str | None = None,
    sessions: list[str] | None = None,
    item_id: int | None = None,
    purges: bool,
    salt: int | None = None,
) -> int:
    """Erase what a chunk's events tell of a user or an item; return how many there were.

    Whoever a user's were of, is told by a hash with `salt` from then on.
    """
    found = await _ERASE_EVENTS.first(
        connection,
        since=chunk.since,
        until=chunk.until,
        user_id=user_id,
        sessions=sessions or [],
        item_id=item_id,
        purges=purges,
        salt=salt,
    )
    return 0 if found is None else found.erased


async def erase_likes(connection: Connection, *, user_id: str, purges: bool) -> int:
    """Make a user's likes nobody's, or delete them; return how many stay."""
    found = await _ERASE_LIKES.first(connection, user_id=user_id, purges=purges)
    return 0 if found is None else found.erased


async def erase_comments(
    connection: Connection, *, user_id: str | None = None, item_id: int | None = None
) -> int:
    """Delete the comments of a user or of an item; return how many there were."""
    found = await _ERASE_COMMENTS.first(connection, user_id=user_id, item_id=item_id)
    return 0 if found is None else found.erased


async def erase_uploads(
    connection: Connection,
    *,
    user_id: str | None = None,
    item_id: int | None = None,
    as_of: datetime,
) -> int:
    """Make the uploads of a user nobody's, and drop those of an item; return how many."""
    found = await _ERASE_UPLOADS.first(connection, user_id=user_id, item_id=item_id, as_of=as_of)
    return 0 if found is None else found.erased


async def erase_item(
    connection: Connection, *, item_id: int, purges: bool, as_of: datetime
) -> None:
    """Take name and texts from an item, and exclude it; with its counts where `purges`."""
    await _ERASE_ITEM.run(connection, item_id=item_id, purges=purges, as_of=as_of)


async def forget_viewers(
    connection: Connection, *, viewers: list[int], salt: int, purges: bool
) -> None:
    """Rename viewers that wait to be scored as `erase_events` does, or take them away."""
    await _FORGET_VIEWERS.run(connection, viewers=viewers, salt=salt, purges=purges)


async def forget_viewer_sets(
    connection: Connection, *, viewers: list[int], salt: int, purges: bool, place: Place
) -> Place | None:
    """Do so with a stretch of their sets; return where the next begins, None after the last."""
    return await _FORGET_VIEWER_SETS.first(
        connection,
        viewers=viewers,
        salt=salt,
        purges=purges,
        since_day=place.since_day,
        since_item=place.since_item,
        since_entry=place.since_entry,
    )
