"""Insert batches through every outage of the database; what it refuses is found by halves."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from app.ingest.faults import WRITE_ERRORS, Kind, by_halves, kind_of
from app.ingest.insert import Inserter, Known
from app.ingest.metrics import DUPLICATES, WRITTEN
from app.ingest.rows import Committed, ReceivedEvent
from app.ingest.stream import Fault
from app.runtime.backoff import Backoff
from app.runtime.epochs import DeposedError
from app.runtime.moments import unix_microseconds
from app.runtime.outage import Outage
from app.runtime.pool import Pool
from app.runtime.tasks import first_of
from app.settings import Settings

BACKOFF = Backoff(shortest=0.1, longest=5.0)


class StoppedError(Exception):
    """Who works on a batch is to stop before it could be ended."""


async def wait_out(outage: Outage, error: Exception, stop: asyncio.Event) -> None:
    """Pause after a failure; raises `StoppedError` when `stop` is set meanwhile."""
    await first_of(stop, within=outage.failed(error))
    if stop.is_set():
        raise StoppedError


class Persister:
    """Writes the batches of one writer, one after the other.

    `came_on` is called whenever something was committed, `on_commit` is told what.
    """

    def __init__(  # noqa: PLR0913  # all that writing works with
        self,
        settings: Settings,
        pool: Pool,
        stop: asyncio.Event,
        *,
        part: str,
        came_on: Callable[[], None],
        on_commit: Callable[[Committed], None] | None = None,
    ) -> None:
        self._pool = pool
        self._stop = stop
        self._came_on = came_on
        self._most_tries = settings.max_deliveries
        self._inserter = Inserter(
            late_seconds=settings.late_seconds,
            on_commit=on_commit,
            counts_own=settings.own_actions == "count",
        )
        self._database = Outage(f"database, for the {part}", backoff=BACKOFF)
        self.known: Known | None = None
        """What of the batch was recorded before; None where nobody can tell."""
        self.has_duplicates = False
        """Whether any of it was."""

    async def write(self, events: list[ReceivedEvent], *, seen_before: bool) -> list[Fault]:
        """Insert a batch and return the faults of those events that cannot be.

        Returns when everything else is committed, however long the database is down. Raises
        `StoppedError` when it is to stop before. `seen_before` says that it was tried before.
        """
        self.known = None if seen_before else {}
        self.has_duplicates = False
        return await self._write(events, seen_before=seen_before)

    async def _write(self, events: list[ReceivedEvent], *, seen_before: bool = True) -> list[Fault]:
        tries = 0
        while True:
            try:
                await self._insert(events, seen_before=seen_before or tries > 0)
            except WRITE_ERRORS as error:
                kind = kind_of(error)
                tries += kind is Kind.UNSURE
                # A part may be committed: what is found there next may be from this try.
                self.known = None
                if kind is Kind.EVENT or tries > self._most_tries:
                    return await by_halves(events, error, self._write)
                await wait_out(self._database, error, self._stop)
            else:
                self._database.over()
                return []

    async def _insert(self, events: list[ReceivedEvent], *, seen_before: bool) -> None:
        async with self._pool.connection() as connection:
            inserted = await self._inserter.insert(
                connection, events, now=unix_microseconds(), seen_before=seen_before
            )
            if self._pool.hear:
                # Asked after the commit, so that nothing is acknowledged which is on a server that
                # another had taken over from: it is inserted there instead, once.
                await self._pool.hear()
                if self._pool.is_deposed(connection):
                    raise DeposedError("the batch is on a server that was deposed")
        self._came_on()
        WRITTEN.inc(inserted.new)
        DUPLICATES.inc(len(events) - inserted.new)
        self.has_duplicates |= inserted.new < len(events)
        if self.known is not None:
            self.known |= inserted.known
