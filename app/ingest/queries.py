"""The statements that bring events into the hypertable; rows come as binary COPY data."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from uuid import UUID

import msgspec
from psycopg import AsyncCopy

from app.runtime.sql import Command, Connection, Query


class KnownEvent(msgspec.Struct, frozen=True, kw_only=True):
    """A staged event that was recorded before."""

    event_id: UUID


class ClaimedId(msgspec.Struct, frozen=True, kw_only=True):
    """An id that a caller gave, and what was first recorded under it."""

    event_id: UUID
    fingerprint: int


class Transaction(msgspec.Struct, frozen=True, kw_only=True):
    """The transaction under way."""

    transaction_id: int
    """By which snapshots of the database name it."""
    is_published: bool
    """Whether the sink is on, and is to be told of its events."""


class _ViewerKey(msgspec.Struct, frozen=True, kw_only=True):
    key: bytes


_COPY_EVENTS = Command("copy_events")
_COPY_SCORE_FEED = Command("copy_score_feed")
_CREATE_STAGED_EVENT = Command("create_staged_event")
_COPY_STAGED_EVENTS = Command("copy_staged_events")
_COPY_CLAIMED_IDS = Command("copy_claimed_ids")
_CLAIM_STAGED_IDS = Query("claim_staged_ids", KnownEvent)
_CLAIMED_IDS = Query("claimed_ids", ClaimedId)
_INSERT_STAGED_EVENTS = Query("insert_staged_events", KnownEvent)
_TRANSACTION = Query("transaction", Transaction)
_NOTE_OUTGOING = Command("note_outgoing")
_VIEWER_KEY = Query("viewer_key", _ViewerKey)


def copy_events(connection: Connection) -> AbstractAsyncContextManager[AsyncCopy]:
    """Open the copy of new events; leaving it raises `UniqueViolation`, if one is known."""
    return connection.cursor().copy(_COPY_EVENTS.text)


def copy_claimed_ids(connection: Connection) -> AbstractAsyncContextManager[AsyncCopy]:
    """Open the copy of ids that callers gave; leaving it raises `UniqueViolation`, as above."""
    return connection.cursor().copy(_COPY_CLAIMED_IDS.text)


def copy_score_feed(connection: Connection) -> AbstractAsyncContextManager[AsyncCopy]:
    """Open the copy into scoring's queue, for exactly those inserted by the same transaction."""
    return connection.cursor().copy(_COPY_SCORE_FEED.text)


async def stage_events(connection: Connection, *, rows: Iterable[bytes]) -> None:
    """Put events, known or not, into a table of this transaction's own."""
    await _CREATE_STAGED_EVENT.run(connection)
    async with connection.cursor().copy(_COPY_STAGED_EVENTS.text) as copy:
        for part in rows:
            await copy.write(part)


async def claim_staged_ids(
    connection: Connection, *, event_ids: list[UUID], fingerprints: list[int]
) -> list[KnownEvent]:
    """Claim staged ids that callers gave; drop and return the events whose ids were claimed."""
    return await _CLAIM_STAGED_IDS.all(connection, event_ids=event_ids, fingerprints=fingerprints)


async def claimed_ids(connection: Connection, *, event_ids: list[UUID]) -> list[ClaimedId]:
    """Return what was first recorded under those of these ids that callers gave."""
    return await _CLAIMED_IDS.all(connection, event_ids=event_ids)


async def insert_staged_events(connection: Connection, *, publishes: bool) -> list[KnownEvent]:
    """Insert the staged events that are not known, and return those that are.

    The former are queued for scoring and, where `publishes` and the sink is on, for publishing.
    """
    return await _INSERT_STAGED_EVENTS.all(connection, publishes=publishes)


async def transaction(connection: Connection) -> Transaction:
    """Return the transaction under way, and whether the sink is on."""
    found = await _TRANSACTION.first(connection)
    assert found is not None  # noqa: S101 - a select without from has one row
    return found


async def note_outgoing(
    connection: Connection,
    *,
    lanes: list[int],
    event_ids: list[str],
    since: datetime,
    until: datetime,
) -> None:
    """Note that events are to be published: for each of `lanes` an array's text of their ids."""
    await _NOTE_OUTGOING.run(connection, lanes=lanes, event_ids=event_ids, since=since, until=until)


async def viewer_key(connection: Connection) -> bytes:
    """Return the secret that users and sessions are hashed with."""
    found = await _VIEWER_KEY.first(connection)
    assert found is not None  # noqa: S101 - core.viewer_key has one row
    return found.key
