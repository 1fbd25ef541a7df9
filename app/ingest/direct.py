"""The way of events while Redis is down: straight into the database, a bounded few at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import psycopg

from app.errors import UnavailableError
from app.ingest.insert import Inserter
from app.ingest.metrics import DUPLICATES, WRITTEN
from app.ingest.rows import ReceivedEvent
from app.ingest.stream import Entry
from app.runtime.pool import Pool, borrowed
from app.settings import Settings

AT_ONCE = 4
"""Most requests of one process that write to the database at the same time."""
RETRY_AFTER = 5.0
"""Seconds after which a caller may try again when Redis and the database are down."""


class DirectWriter:
    """Insert entries without the stream."""

    def __init__(self, settings: Settings, pool: Pool, *, clock: Callable[[], int]) -> None:
        self._pool = pool
        self._clock = clock
        self._timeout = settings.database_timeout
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._inserter = Inserter(late_seconds=settings.late_seconds)

    async def write(self, entry: Entry) -> int:
        """Commit the entry and return how many of its events were known before.

        Raises `UnavailableError` when it may not be committed.
        """
        events = [ReceivedEvent(event, entry.received_at) for event in entry.events]
        try:
            async with asyncio.timeout(self._timeout):
                await self._turn.acquire()
            try:
                async with borrowed(self._pool, within=self._timeout) as connection:
                    inserted = await self._inserter.insert(connection, events, now=self._clock())
            finally:
                self._turn.release()
        except (psycopg.OperationalError, psycopg.InterfaceError, TimeoutError, OSError) as error:
            raise UnavailableError(
                "neither Redis nor the database takes events", retry_after=RETRY_AFTER
            ) from error
        WRITTEN.inc(inserted.new)
        DUPLICATES.inc(len(events) - inserted.new)
        return len(events) - inserted.new
