"""The statements that bring events into the hypertable; rows come as binary COPY data."""

from __future__ import annotations

from datetime import datetime, timedelta

from app.database.sql import Command, Connection

_COPY_EVENTS = Command("copy_events")
_COPY_SCORE_FEED = Command("copy_score_feed")
_CREATE_STAGED_EVENT = Command("create_staged_event")
_COPY_STAGED_EVENTS = Command("copy_staged_events")
_LOCK_UNTIMED = Command("lock_untimed")
_DROP_KNOWN_UNTIMED = Command("drop_known_untimed")
_INSERT_STAGED_EVENTS = Command("insert_staged_events")


async def copy_events(connection: Connection, *, rows: bytes) -> None:
    """Insert new events; raises `UniqueViolation`, having inserted none, if one is known."""
    await _copy(connection, _COPY_EVENTS, rows)


async def copy_score_feed(connection: Connection, *, rows: bytes) -> None:
    """Queue events for scoring: exactly those inserted by the same transaction."""
    await _copy(connection, _COPY_SCORE_FEED, rows)


async def stage_events(connection: Connection, *, rows: bytes) -> None:
    """Put events, known or not, into a table of this transaction's own."""
    await _CREATE_STAGED_EVENT.run(connection)
    await _copy(connection, _COPY_STAGED_EVENTS, rows)


async def drop_known_untimed(
    connection: Connection, *, earliest: datetime, latest: datetime, id_window: timedelta
) -> int:
    """Drop the staged events whose id the hypertable knows from within `id_window`.

    `earliest` and `latest` bound where to look. Holds a lock until the transaction ends, so that
    two writers of one id cannot both find it unknown.
    """
    await _LOCK_UNTIMED.run(connection)
    return await _DROP_KNOWN_UNTIMED.run(
        connection, earliest=earliest, latest=latest, id_window=id_window
    )


async def insert_staged_events(connection: Connection) -> int:
    """Insert and queue for scoring the staged events that are not known; return how many."""
    return await _INSERT_STAGED_EVENTS.run(connection)


async def _copy(connection: Connection, command: Command, rows: bytes) -> None:
    async with connection.cursor() as cursor, cursor.copy(command.text) as copy:
        await copy.write(rows)
