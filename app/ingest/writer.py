"""The writer: takes batches from the stream, inserts them, and only then acknowledges them."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

import msgspec
import redis.asyncio
import structlog
from redis.exceptions import OutOfMemoryError

from app.errors import StalledError
from app.ingest import keys
from app.ingest.backfill import MOST_EVENTS, Pace
from app.ingest.batch import Batch
from app.ingest.collect import Collector
from app.ingest.faults import WRITE_ERRORS, Kind, by_halves, kind_of
from app.ingest.group import Delivery, WriterGroup
from app.ingest.insert import Inserter, Known
from app.ingest.metrics import BATCH_SECONDS, CONFLICTS, DEAD, DUPLICATES, WRITTEN
from app.ingest.repeats import Repeats
from app.ingest.rows import Committed, ReceivedEvent
from app.ingest.stream import Fault
from app.runtime.backoff import Backoff
from app.runtime.moments import unix_microseconds
from app.runtime.outage import DATABASE_ERRORS, REDIS_ERRORS, Outage
from app.runtime.pool import Pool, borrowed
from app.settings import Settings

log = structlog.get_logger(__name__)

STOP_SECONDS = 10.0
"""How long a stopped writer may take to end its batch; what it cuts short is delivered again."""
_ANSWER_SECONDS = 2.0
"""How long the database may take to answer, to be called up."""
BACKOFF = Backoff(shortest=0.1, longest=5.0)


async def run_writer(
    *,
    settings: Settings,
    pool: Pool,
    redis: redis.asyncio.Redis,
    stop: asyncio.Event,
    on_commit: Callable[[Committed], None] | None = None,
) -> None:
    """Write events until `stop` is set, then end the running batches and return.

    Outlives every outage of Redis and the database. Any number of writers may run at once.
    `on_commit` is told what each transaction has inserted.
    """
    name = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
    live, backfill = (
        WriterGroup(redis, stream=stream, consumer=name, claim_seconds=settings.claim_seconds)
        for stream in (keys.EVENT_STREAM, keys.BACKFILL_STREAM)
    )
    repeats = Repeats(redis, period_seconds=settings.view_dedupe_seconds)
    small = msgspec.structs.replace(settings, batch_size=min(settings.batch_size, MOST_EVENTS))
    parts = (
        _Writer(settings, pool, live, stop, repeats=repeats, on_commit=on_commit),
        _Writer(
            small,
            pool,
            backfill,
            stop,
            repeats=repeats,
            on_commit=on_commit,
            pace=Pace(live, stop),
        ),
    )
    await _run_all(parts, stop)


async def _run_all(parts: Sequence[_Writer], stop: asyncio.Event) -> None:
    """Run until `stop` is set, then end the running batches.

    A part that ends before that has met a fault nobody foresaw, which is raised.
    """
    writers = {asyncio.create_task(run()) for part in parts for run in (part.run, part.watch)}
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({*writers, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if stop.is_set():
            await asyncio.wait(writers, timeout=STOP_SECONDS)
            if not all(writer.done() for writer in writers):
                log.warning("the writer was stopped within a batch; it will be delivered again")
    finally:
        for task in (stopping, *writers):
            task.cancel()
        await asyncio.wait(writers)
    for writer in writers:
        if not writer.cancelled():
            writer.result()


class _StoppedError(Exception):
    """The writer is to stop before its batch could be ended."""


class _Writer:
    def __init__(  # noqa: PLR0913  # all that a writer works with
        self,
        settings: Settings,
        pool: Pool,
        group: WriterGroup,
        stop: asyncio.Event,
        *,
        repeats: Repeats,
        on_commit: Callable[[Committed], None] | None,
        pace: Pace | None = None,
    ) -> None:
        self._pool = pool
        self._group = group
        self._stop = stop
        self._max_deliveries = settings.max_deliveries
        self._collector = Collector(settings, group)
        self._inserter = Inserter(late_seconds=settings.late_seconds, on_commit=on_commit)
        self._repeats = repeats
        self._pace = pace
        self._stall_seconds = settings.stall_seconds
        self._stuck_since: float | None = None
        """When what is under way began, or last came on; None where nothing is."""
        self._known: Known | None = None
        """What of the current batch was recorded before; None where nobody can tell."""
        self._has_duplicates = False
        self._database = Outage("database, for the writer", backoff=BACKOFF)
        self._redis = Outage("redis, for the writer", backoff=BACKOFF)
        self._full = Outage("redis, too full for dead letters", backoff=BACKOFF)

    async def run(self) -> None:
        while not self._stop.is_set():
            try:
                self._stuck_since = None
                if self._pace:
                    await self._pace.wait()
                self._stuck_since = time.monotonic()
                if deliveries := await self._collect():
                    began = time.monotonic()
                    await self._process(deliveries)
                    if self._pace:
                        self._pace.worked(began)
            except _StoppedError:
                return

    async def watch(self) -> None:
        """Raise `StalledError` when nothing comes on though Redis and the database answer.

        Whoever supervises the process learns of it, and starts it again.
        """
        suspected: float | None = None
        while not self._stop.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), self._stall_seconds / 10)
            since = self._stuck_since
            if since is None or time.monotonic() - since < self._stall_seconds:
                continue
            if not await self._all_answer():
                self._stuck_since = time.monotonic()
            elif suspected != since:
                # What has come back a moment ago is given the time to go on.
                suspected = since
            elif self._stuck_since == since:
                raise StalledError(
                    f"the {self._group.lane} stream has not come on for {self._stall_seconds:g} "
                    "seconds, though Redis and the database answer"
                )

    async def _all_answer(self) -> bool:
        try:
            async with borrowed(self._pool, within=_ANSWER_SECONDS) as connection:
                await connection.execute("select")
            await self._group.ping()
        except (*DATABASE_ERRORS, *REDIS_ERRORS):
            return False
        return True

    async def _wait(self, outage: Outage, error: Exception) -> None:
        """Pause after a failure; raises `_StoppedError` when the writer is to stop."""
        try:
            await asyncio.wait_for(self._stop.wait(), outage.failed(error))
        except TimeoutError:
            return
        raise _StoppedError

    async def _collect(self) -> list[Delivery]:
        while True:
            try:
                deliveries = await self._collector.collect()
            except REDIS_ERRORS as error:
                await self._wait(self._redis, error)
            else:
                break
        self._redis.over()
        self._stuck_since = time.monotonic()
        return deliveries

    async def _process(self, deliveries: list[Delivery]) -> None:
        began = time.perf_counter()
        batch = Batch(deliveries, max_deliveries=self._max_deliveries)
        if batch.events:
            batch.events = await self._repeats.mark(batch.events)
            self._known = None if batch.redelivered else {}
            self._has_duplicates = False
            batch.bury(await self._write(batch.events, seen_before=batch.redelivered))
            if self._known is not None and (batch.is_awaited or self._has_duplicates):
                CONFLICTS.inc(batch.note_known(self._known))
        if batch.dead_letters:
            log.error("events went to the dead letters", dead_letters=batch.dead_letters)
        await self._settle(batch)
        DEAD.inc(batch.dead_letters)
        BATCH_SECONDS.observe(time.perf_counter() - began)

    async def _write(self, events: list[ReceivedEvent], *, seen_before: bool = True) -> list[Fault]:
        """Insert `events` and return the faults of those that cannot be.

        Returns when everything else is committed, however long the database is down.
        """
        tries = 0
        while True:
            try:
                await self._insert(events, seen_before=seen_before or tries > 0)
            except WRITE_ERRORS as error:
                kind = kind_of(error)
                tries += kind is Kind.UNSURE
                # A part may be committed: what is found there next may be from this try.
                self._known = None
                if kind is Kind.EVENT or tries > self._max_deliveries:
                    return await by_halves(events, error, self._write)
                await self._wait(self._database, error)
            else:
                self._database.over()
                return []

    async def _insert(self, events: list[ReceivedEvent], *, seen_before: bool) -> None:
        async with self._pool.connection() as connection:
            inserted = await self._inserter.insert(
                connection, events, now=unix_microseconds(), seen_before=seen_before
            )
        self._stuck_since = time.monotonic()
        WRITTEN.inc(inserted.new)
        DUPLICATES.inc(len(events) - inserted.new)
        self._has_duplicates |= inserted.new < len(events)
        if self._known is not None:
            self._known |= inserted.known

    async def _settle(self, batch: Batch) -> None:
        settlement = batch.settlement()
        while True:
            try:
                await self._group.settle(settlement)
            except OutOfMemoryError as error:
                # They are tried again when they are claimed; what else waits must not wait for it.
                await self._wait(self._full, error)
                break
            except REDIS_ERRORS as error:
                await self._wait(self._redis, error)
            else:
                self._redis.over()
                if settlement.dead:
                    self._full.over()
                break
        try:
            await self._group.announce(settlement)
        except REDIS_ERRORS as error:
            # Callers time out into a 202, and stats are fresh again within their half minute.
            log.warning("a written batch could not be announced", error=str(error))
