"""The writer: takes batches from the stream, inserts them, and only then acknowledges them."""

from __future__ import annotations

import asyncio
import os
import random
import secrets
import socket
import time
from asyncio import Task
from collections.abc import Sequence

import msgspec
import redis.asyncio
import structlog
from redis.exceptions import RedisError

from app import keys
from app.database.pool import Pool
from app.ingest.backfill import MOST_EVENTS, Pace
from app.ingest.batch import Batch
from app.ingest.collect import Collector
from app.ingest.faults import WRITE_ERRORS, Kind, kind_of
from app.ingest.group import Delivery, WriterGroup
from app.ingest.insert import Inserter
from app.ingest.lanes import Identity
from app.ingest.live_counts import LiveCounts
from app.ingest.metrics import BATCH_SECONDS, DEAD, DUPLICATES, WRITTEN
from app.ingest.repeats import Repeats
from app.ingest.rows import ReceivedEvent
from app.ingest.stream import Fault, unix_microseconds
from app.settings import Settings

log = structlog.get_logger(__name__)

STOP_SECONDS = 10.0
"""How long a stopped writer may take to end its batch; what it cuts short is delivered again."""
FIRST_PAUSE = 0.1
LONGEST_PAUSE = 5.0


async def run_writer(
    *, settings: Settings, pool: Pool, redis: redis.asyncio.Redis, stop: asyncio.Event
) -> None:
    """Write events until `stop` is set, then end the running batches and return.

    Outlives every outage of Redis and the database. Any number of writers may run at once.
    """
    name = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
    live, backfill = (
        WriterGroup(redis, stream=stream, consumer=name, claim_seconds=settings.claim_seconds)
        for stream in (keys.EVENT_STREAM, keys.BACKFILL_STREAM)
    )
    repeats = Repeats(redis, period_seconds=settings.view_dedupe_seconds)
    counts = LiveCounts(redis, pool)
    small = msgspec.structs.replace(settings, batch_size=min(settings.batch_size, MOST_EVENTS))
    parts = (
        _Writer(settings, pool, live, stop, repeats=repeats, counts=counts),
        _Writer(small, pool, backfill, stop, repeats=repeats, counts=counts, pace=Pace(live, stop)),
    )
    async with counts.running() as counting:
        await _run_all(parts, stop, beside=counting)


async def _run_all(parts: Sequence[_Writer], stop: asyncio.Event, *, beside: Task[None]) -> None:
    """Run until `stop` is set, then end the running batches.

    A part that ends before that has met a fault nobody foresaw, which is raised.
    """
    writers = {asyncio.create_task(part.run()) for part in parts}
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({*writers, beside, stopping}, return_when=asyncio.FIRST_COMPLETED)
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


class _Outage:
    """Waits longer and longer while something is down, and says so once."""

    def __init__(self, what: str, stop: asyncio.Event) -> None:
        self._what = what
        self._stop = stop
        self._failures = 0

    async def wait(self, error: Exception) -> None:
        """Pause after a failure; raises `_StoppedError` when the writer is to stop."""
        if self._failures == 0:
            log.warning("writer waits", until_back=self._what, error=str(error).strip())
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2**self._failures)
        self._failures = min(self._failures + 1, 16)
        try:
            # Writers that lost the same server do not all come back in the same moment.
            jittered = pause * random.uniform(0.5, 1.0)  # noqa: S311
            await asyncio.wait_for(self._stop.wait(), jittered)
        except TimeoutError:
            return
        raise _StoppedError

    def over(self) -> None:
        """Note that it works."""
        if self._failures:
            log.info("writer goes on", back=self._what)
        self._failures = 0


class _Writer:
    def __init__(  # noqa: PLR0913  # all that a writer works with
        self,
        settings: Settings,
        pool: Pool,
        group: WriterGroup,
        stop: asyncio.Event,
        *,
        repeats: Repeats,
        counts: LiveCounts,
        pace: Pace | None = None,
    ) -> None:
        self._pool = pool
        self._group = group
        self._stop = stop
        self._max_deliveries = settings.max_deliveries
        self._collector = Collector(settings, group)
        self._inserter = Inserter(
            late_seconds=settings.late_seconds,
            id_window_seconds=settings.id_window_seconds,
            on_commit=counts.add,
        )
        self._repeats = repeats
        self._pace = pace
        self._known: set[Identity] | None = None
        """What of the current batch was in the database before; None where nobody can tell."""
        self._database = _Outage("database", stop)
        self._redis = _Outage("redis", stop)

    async def run(self) -> None:
        while not self._stop.is_set():
            try:
                if self._pace:
                    await self._pace.wait()
                if deliveries := await self._collect():
                    began = time.monotonic()
                    await self._process(deliveries)
                    if self._pace:
                        self._pace.worked(began)
            except _StoppedError:
                return

    async def _collect(self) -> list[Delivery]:
        try:
            deliveries = await self._collector.collect()
        except (RedisError, OSError) as error:
            await self._redis.wait(error)
            return []
        self._redis.over()
        return deliveries

    async def _process(self, deliveries: list[Delivery]) -> None:
        began = time.perf_counter()
        batch = Batch(deliveries, max_deliveries=self._max_deliveries)
        if batch.events:
            batch.events = await self._repeats.mark(batch.events)
            self._known = None if batch.redelivered else set()
            batch.bury(await self._write(batch.events, 0, seen_before=batch.redelivered))
            batch.note_known(self._known)
        if batch.dead_letters:
            log.error("events went to the dead letters", dead_letters=batch.dead_letters)
        await self._settle(batch)
        DEAD.inc(batch.dead_letters)
        BATCH_SECONDS.observe(time.perf_counter() - began)

    async def _write(
        self, events: list[ReceivedEvent], start: int, *, seen_before: bool
    ) -> list[Fault]:
        """Insert `events` and return the faults of those that cannot be, positions from `start`.

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
                    return await self._isolate(events, start, error)
                await self._database.wait(error)
            else:
                self._database.over()
                return []

    async def _isolate(
        self, events: list[ReceivedEvent], start: int, error: Exception
    ) -> list[Fault]:
        """Find the faulty events among `events` by halving, committing all others."""
        if len(events) == 1:
            return [(start, str(error).strip())]
        middle = len(events) // 2
        faults = await self._write(events[:middle], start, seen_before=True)
        return faults + await self._write(events[middle:], start + middle, seen_before=True)

    async def _insert(self, events: list[ReceivedEvent], *, seen_before: bool) -> None:
        async with self._pool.connection() as connection:
            inserted = await self._inserter.insert(
                connection, events, now=unix_microseconds(), seen_before=seen_before
            )
        WRITTEN.inc(inserted.new)
        DUPLICATES.inc(len(events) - inserted.new)
        if self._known is not None:
            self._known |= inserted.known

    async def _settle(self, batch: Batch) -> None:
        settlement = batch.settlement()
        while True:
            try:
                await self._group.settle(settlement)
            except (RedisError, OSError) as error:
                await self._redis.wait(error)
            else:
                self._redis.over()
                break
        try:
            await self._group.announce(settlement)
        except (RedisError, OSError) as error:
            # Callers time out into a 202, and stats are fresh again within their half minute.
            log.warning("a written batch could not be announced", error=str(error))
