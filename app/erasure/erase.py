"""Erase what is kept of a user or an item: in the database, and in Redis."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from hashlib import sha256

import msgspec
import redis.asyncio

from app.erasure import queries as sql
from app.erasure.streams import change_waiting
from app.erasure.wire import Erased
from app.ingest import keys
from app.ingest.packing import PackedEvent
from app.ingest.queries import viewer_key
from app.ingest.repeats import seen_keys
from app.ingest.viewer import session_viewer, user_viewer
from app.items.exclusions import item_named
from app.likes.keys import like_count
from app.recommend.keys import user_answers
from app.runtime.sql import Connection
from app.sink.settled import published_anew
from app.stats.keys import item_keys

Connect = Callable[[], AbstractAsyncContextManager[Connection]]


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """A user, or an item."""

    user_id: str | None = None
    content_type: str = "video"
    content_id: str | None = None

    def parameters(self, counts: str) -> dict[str, object]:
        """Return what the audit trail says: whoever knows the id can tell that it was erased."""
        kind, name = "item", f"{self.content_type}\0{self.content_id}"
        if self.user_id is not None:
            kind, name = "user", self.user_id
        return {"kind": kind, "sha256": sha256(name.encode()).hexdigest(), "counts": counts}


async def erase(
    connect: Connect,
    redis_client: redis.asyncio.Redis,
    subject: Subject,
    *,
    purges: bool,
    as_of: datetime,
) -> Erased | None:
    """Erase what is kept of `subject`, with `purges` what was counted too; None if unknown.

    What comes meanwhile stays: stop it first. Raises what Redis and the database raise; then erase
    again.
    """
    if subject.user_id is not None:
        return await _erase_user(connect, redis_client, subject.user_id, purges=purges, as_of=as_of)
    item = subject.content_type, subject.content_id or ""
    return await _erase_item(connect, redis_client, item, purges=purges, as_of=as_of)


async def _erase_user(
    connect: Connect,
    redis_client: redis.asyncio.Redis,
    user_id: str,
    *,
    purges: bool,
    as_of: datetime,
) -> Erased:
    async with connect() as connection:
        traces = await sql.user_traces(connection, user_id=user_id)
    sessions = {trace.session_id for trace in traces if trace.session_id is not None}

    def change(event: PackedEvent) -> PackedEvent | None:
        if event.user_id == user_id:
            sessions.update({event.session_id} if event.session_id is not None else ())
        elif event.user_id is not None or event.session_id not in sessions:
            return event
        if purges:
            return None
        return msgspec.structs.replace(
            event, user_id=None, session_id=None, metadata=None, viewer=None
        )

    waiting = await change_waiting(redis_client, change, user_id.encode())
    for session in list(sessions):
        waiting += await change_waiting(redis_client, change, session.encode())
    events, salt = 0, secrets.randbits(63)
    for chunk in await _chunks(connect):
        async with connect() as connection:
            events += await sql.erase_events(
                connection,
                chunk=chunk,
                user_id=user_id,
                sessions=list(sessions),
                purges=purges,
                salt=salt,
            )
    async with connect() as connection:
        key = await viewer_key(connection)
        viewers = [user_viewer(user_id, key), *(session_viewer(each, key) for each in sessions)]
        await sql.forget_viewers(connection, viewers=viewers, salt=salt, purges=purges)
    place: sql.Place | None = sql.FIRST_SETS
    while place is not None:  # as many stretches as there are
        async with connect() as connection:
            place = await sql.forget_viewer_sets(
                connection, viewers=viewers, salt=salt, purges=purges, place=place
            )
    async with connect() as connection:
        likes = await sql.erase_likes(connection, user_id=user_id, purges=purges)
        comments = await sql.erase_comments(connection, user_id=user_id)
        uploads = await sql.erase_uploads(connection, user_id=user_id, as_of=as_of)
    await published_anew(connect)
    await redis_client.unlink(user_answers(user_id))
    for item in {(trace.content_type, trace.external_id) for trace in traces}:
        await redis_client.unlink(*seen_keys(user_id, list(sessions), item))
        if purges:
            await _forget_counts(redis_client, item)
    return Erased(events=events, waiting=waiting, likes=likes, comments=comments, uploads=uploads)


async def _erase_item(
    connect: Connect,
    redis_client: redis.asyncio.Redis,
    item: tuple[str, str],
    *,
    purges: bool,
    as_of: datetime,
) -> Erased | None:
    content_type, content_id = item
    async with connect() as connection:
        item_id = await item_named(connection, content_type=content_type, content_id=content_id)
    if item_id is None:
        return None

    def change(event: PackedEvent) -> PackedEvent | None:
        return None if (event.content_type, event.content_id) == item else event

    waiting = await change_waiting(redis_client, change, content_id.encode())
    events = 0
    for chunk in await _chunks(connect):
        async with connect() as connection:
            events += await sql.erase_events(
                connection, chunk=chunk, item_id=item_id, purges=purges
            )
    async with connect() as connection:
        comments = await sql.erase_comments(connection, item_id=item_id)
        uploads = await sql.erase_uploads(connection, item_id=item_id, as_of=as_of)
        await sql.erase_item(connection, item_id=item_id, purges=purges, as_of=as_of)
    await published_anew(connect)
    await _forget_counts(redis_client, item)
    await redis_client.incr(keys.CATALOGUE_VERSION)
    return Erased(events=events, waiting=waiting, comments=comments, uploads=uploads)


async def _forget_counts(redis_client: redis.asyncio.Redis, item: tuple[str, str]) -> None:
    await redis_client.unlink(like_count(*item))
    await redis_client.unlink(*item_keys(*item))


async def _chunks(connect: Connect) -> list[sql.Chunk]:
    async with connect() as connection:
        return await sql.event_chunks(connection)
