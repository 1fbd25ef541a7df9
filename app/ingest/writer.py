"""The writer: takes batches from the stream, inserts them, and only then acknowledges them."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
import time
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from typing import Any

import msgspec
import redis.asyncio
import structlog
from redis.exceptions import OutOfMemoryError

from app.ingest.backfill import MOST_EVENTS, Pace
from app.ingest.batch import Batch
from app.ingest.collect import Collector
from app.ingest.group import Delivery, WriterGroup
from app.ingest.metrics import BATCH_SECONDS, CONFLICTS, DEAD
from app.ingest.persist import BACKOFF, Persister, StoppedError, wait_out
from app.ingest.repeats import Repeats
from app.ingest.rows import Committed
from app.ingest.shards import known_shards
from app.ingest.stall import Stall
from app.runtime.outage import DATABASE_ERRORS, REDIS_ERRORS, Outage
from app.runtime.pool import Pool, borrowed
from app.runtime.tasks import end, first_of
from app.settings import Settings

log = structlog.get_logger(__name__)

STOP_SECONDS = 10.0
"""How long a stopped writer may take to end its batch; what it cuts short is delivered again."""
LOOK_SECONDS = 1.0
"""How often a writer asks whether there are more shards than its settings say."""
_ANSWER_SECONDS = 2.0
"""How long the database may take to answer, to be called up."""


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
    repeats = Repeats(redis, period_seconds=settings.view_dedupe_seconds)
    groups = list[WriterGroup]()
    # Whatever else a worker does needs connections, too.
    turns = asyncio.Semaphore(max(1, settings.pool_size // 2))

    def writer_of(shard: int) -> _Writer:
        group = WriterGroup(redis, consumer=name, claim_seconds=settings.claim_seconds, shard=shard)
        groups.append(group)
        return _Writer(
            settings, pool, group, stop, turns=turns, repeats=repeats, on_commit=on_commit
        )

    backfill = _Writer(
        msgspec.structs.replace(settings, batch_size=min(settings.batch_size, MOST_EVENTS)),
        pool,
        WriterGroup(redis, consumer=name, claim_seconds=settings.claim_seconds, lane="backfill"),
        stop,
        turns=turns,
        repeats=repeats,
        on_commit=on_commit,
        pace=Pace(groups, stop),
    )
    writers = [*map(writer_of, range(settings.stream_shards)), backfill]

    async def write_more() -> None:
        """Write the shards that there are beyond those of the settings, or that there were."""
        while not stop.is_set():
            with suppress(*REDIS_ERRORS):
                for shard in range(len(groups), await known_shards(redis)):
                    log.info("a shard of the stream beyond the settings is written", shard=shard)
                    running.add(*writer_of(shard).parts)
            await first_of(stop, within=LOOK_SECONDS)

    running = _Running(stop)
    running.add(write_more, *(part for writer in writers for part in writer.parts))
    await running.until_stopped()


async def run_all(
    parts: Sequence[Callable[[], Coroutine[Any, Any, None]]], stop: asyncio.Event
) -> None:
    """Run until `stop` is set, then end the running batches.

    A part that ends before that has met a fault nobody foresaw, which is raised.
    """
    running = _Running(stop)
    running.add(*parts)
    await running.until_stopped()


class _Running:
    """Parts that run until `stop` is set; more may come meanwhile."""

    def __init__(self, stop: asyncio.Event) -> None:
        self._stop = stop
        self._tasks = set[asyncio.Task[None]]()
        self._ended = asyncio.Event()

    def add(self, *parts: Callable[[], Coroutine[Any, Any, None]]) -> None:
        for part in parts:
            task = asyncio.create_task(part())
            self._tasks.add(task)
            task.add_done_callback(lambda _: self._ended.set())

    async def until_stopped(self) -> None:
        events = [asyncio.create_task(each.wait()) for each in (self._stop, self._ended)]
        try:
            await asyncio.wait(events, return_when=asyncio.FIRST_COMPLETED)
            if self._stop.is_set():
                await asyncio.wait(self._tasks, timeout=STOP_SECONDS)
                if not all(task.done() for task in self._tasks):
                    log.warning("the writer was stopped within a batch; it will be delivered again")
        finally:
            await end(*events, *self._tasks)
        for task in self._tasks:
            if not task.cancelled():
                task.result()


class _Writer:
    def __init__(  # noqa: PLR0913  # all that a writer works with
        self,
        settings: Settings,
        pool: Pool,
        group: WriterGroup,
        stop: asyncio.Event,
        *,
        turns: asyncio.Semaphore,
        repeats: Repeats,
        on_commit: Callable[[Committed], None] | None,
        pace: Pace | None = None,
    ) -> None:
        self._turns = turns
        self._pool = pool
        self._group = group
        self._stop = stop
        self._max_deliveries = settings.max_deliveries
        self._collector = Collector(settings, group)
        self._repeats = repeats
        self._pace = pace
        self._stall = Stall(
            group.name,
            seconds=settings.stall_seconds,
            stop=stop,
            answers=self._all_answer,
        )
        self.parts = (self.run, self._stall.watch)
        self._persister = Persister(
            settings, pool, stop, part="writer", came_on=self._stall.moved, on_commit=on_commit
        )
        self._redis = Outage(f"redis, for the writer of {group.name}", backoff=BACKOFF)
        self._full = Outage("redis, too full for dead letters", backoff=BACKOFF)

    async def run(self) -> None:
        while not self._stop.is_set():
            try:
                self._stall.rests()
                if self._pace:
                    await self._pace.wait()
                self._stall.moved()
                if deliveries := await self._collect():
                    async with self._turns:
                        began = time.monotonic()
                        self._stall.moved()
                        await self._process(deliveries)
                    if self._pace:
                        self._pace.worked(began)
            except StoppedError:
                return

    async def _all_answer(self) -> bool:
        try:
            async with borrowed(self._pool, within=_ANSWER_SECONDS) as connection:
                await connection.execute("select")
            await self._group.ping()
        except (*DATABASE_ERRORS, *REDIS_ERRORS):
            return False
        return True

    async def _collect(self) -> list[Delivery]:
        while True:
            try:
                deliveries = await self._collector.collect()
            except REDIS_ERRORS as error:
                await wait_out(self._redis, error, self._stop)
            else:
                break
        self._redis.over()
        self._stall.moved()
        return deliveries

    async def _process(self, deliveries: list[Delivery]) -> None:
        began = time.perf_counter()
        batch = Batch(deliveries, max_deliveries=self._max_deliveries)
        if batch.events:
            batch.events = await self._repeats.mark(batch.events)
            writer = self._persister
            batch.bury(await writer.write(batch.events, seen_before=batch.redelivered))
            if writer.known is not None and (batch.is_awaited or writer.has_duplicates):
                CONFLICTS.inc(batch.note_known(writer.known))
        if batch.dead_letters:
            log.error("events went to the dead letters", dead_letters=batch.dead_letters)
        await self._settle(batch)
        DEAD.inc(batch.dead_letters)
        BATCH_SECONDS.observe(time.perf_counter() - began)

    async def _settle(self, batch: Batch) -> None:
        settlement = batch.settlement()
        while True:
            try:
                await self._group.settle(settlement)
            except OutOfMemoryError as error:
                # They are tried again when they are claimed; what else waits must not wait for it.
                await wait_out(self._full, error, self._stop)
                break
            except REDIS_ERRORS as error:
                await wait_out(self._redis, error, self._stop)
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
