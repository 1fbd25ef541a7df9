"""The statements that bring events into the hypertable; rows come as binary COPY data."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from psycopg import AsyncCopy

from app.runtime.sql import Command, Connection, Query


class KnownEvent(msgspec.Struct, frozen=True, kw_only=True):
    """A staged event that the hypertable had already."""

    event_id: UUID
    occurred_at: datetime


class _Transaction(msgspec.Struct, frozen=True, kw_only=True):
    transaction_id: int


_COPY_EVENTS = Command("copy_events")
_COPY_SCORE_FEED = Command("copy_score_feed")
_CREATE_STAGED_EVENT = Command("create_staged_event")
_COPY_STAGED_EVENTS = Command("copy_staged_events")
_LOCK_UNTIMED = Command("lock_untimed")
_DROP_KNOWN_UNTIMED = Query("drop_known_untimed", KnownEvent)
_INSERT_STAGED_EVENTS = Query("insert_staged_events", KnownEvent)
_TRANSACTION_ID = Query("transaction_id", _Transaction)


def copy_events(connection: Connection) -> AbstractAsyncContextManager[AsyncCopy]:
    """Open the copy of new events; leaving it raises `UniqueViolation`, if one is known."""
    return connection.cursor().copy(_COPY_EVENTS.text)


def copy_score_feed(connection: Connection) -> AbstractAsyncContextManager[AsyncCopy]:
    """Open the copy into scoring's queue, for exactly those inserted by the same transaction."""
    return connection.cursor().copy(_COPY_SCORE_FEED.text)


async def stage_events(connection: Connection, *, rows: Iterable[bytes]) -> None:
    """Put events, known or not, into a table of this transaction's own."""
    await _CREATE_STAGED_EVENT.run(connection)
    async with connection.cursor().copy(_COPY_STAGED_EVENTS.text) as copy:
        for part in rows:
            await copy.write(part)


async def drop_known_untimed(
    connection: Connection, *, earliest: datetime, latest: datetime, id_window: timedelta
) -> list[KnownEvent]:
    """Drop and return the staged events whose id the hypertable knows from within `id_window`.

    `earliest` and `latest` bound where to look. Holds a lock until the transaction ends, so that
    two writers of one id cannot both find it unknown.
    """
    await _LOCK_UNTIMED.run(connection)
    return await _DROP_KNOWN_UNTIMED.all(
        connection, earliest=earliest, latest=latest, id_window=id_window
    )


async def insert_staged_events(connection: Connection) -> list[KnownEvent]:
    """Insert and queue for scoring the staged events that are not known; return those that are."""
    return await _INSERT_STAGED_EVENTS.all(connection)


async def transaction_id(connection: Connection) -> int:
    """Return the id of the transaction under way, which snapshots of the database name."""
    found = await _TRANSACTION_ID.first(connection)
    assert found is not None  # noqa: S101 - a select without from has one row
    return found.transaction_id
