"""The way of events while Redis is down: straight into the database, a bounded few at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from app.errors import UnavailableError
from app.ingest.faults import WRITE_ERRORS, Kind, by_halves, kind_of
from app.ingest.insert import Inserter, Known, told_apart
from app.ingest.metrics import CONFLICTS, DUPLICATES, WRITTEN
from app.ingest.packing import CONFLICT
from app.ingest.rows import ReceivedEvent
from app.ingest.stream import Entry, Fault, Reply
from app.runtime.pool import Pool, borrowed
from app.runtime.sql import Connection
from app.settings import Settings

AT_ONCE = 4
"""Most requests of one process that write to the database at the same time."""


class DirectWriter:
    """Insert entries without the stream."""

    def __init__(self, settings: Settings, pool: Pool, *, clock: Callable[[], int]) -> None:
        self._pool = pool
        self._clock = clock
        self._timeout = settings.database_timeout
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._inserter = Inserter(
            late_seconds=settings.late_seconds, counts_own=settings.own_actions == "count"
        )

    async def write(self, entry: Entry) -> Reply:
        """Commit the entry, but for events that cannot be stored; say which, and what was known.

        Raises `UnavailableError` when it may not be committed.
        """
        events = [ReceivedEvent(event, entry.received_at) for event in entry.events]
        new = 0
        known: Known = {}

        async def insert(some: list[ReceivedEvent], *, seen_before: bool = True) -> list[Fault]:
            nonlocal new
            try:
                inserted = await self._inserter.insert(
                    to, some, now=self._clock(), seen_before=seen_before
                )
            except WRITE_ERRORS as error:
                if kind_of(error) is not Kind.EVENT:
                    raise
                return await by_halves(some, error, insert)
            new += inserted.new
            known.update(inserted.known)
            return []

        to: Connection
        try:
            async with self._one_of_few(), borrowed(self._pool, within=self._timeout) as to:
                faults = await insert(events, seen_before=False)
        except (*WRITE_ERRORS, TimeoutError) as error:
            raise UnavailableError("neither Redis nor the database takes events") from error
        WRITTEN.inc(new)
        faulty = {place for place, _ in faults}
        _, places = told_apart(events, known)
        conflicts = [(place, CONFLICT) for place in places if place not in faulty]
        CONFLICTS.inc(len(conflicts))
        duplicates = len(events) - len(faults) - len(conflicts) - new
        DUPLICATES.inc(duplicates)
        return Reply(faults=sorted([*faults, *conflicts]), duplicates=duplicates)

    @asynccontextmanager
    async def _one_of_few(self) -> AsyncIterator[None]:
        async with asyncio.timeout(self._timeout):
            await self._turn.acquire()
        try:
            yield
        finally:
            self._turn.release()
