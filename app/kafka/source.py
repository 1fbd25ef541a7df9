"""The source: reads topics, writes their events to the database, and only then commits offsets.

Nothing remembers offsets but the group. What is delivered again, after a rebalance, a kill or a
reset, has the ids it had before, and those count once. So a commit may be late or lost, and is only
never too early.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

import redis.asyncio
import structlog
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import CommitFailedError, IllegalStateError

from app.ingest.insert import told_apart
from app.ingest.metrics import CONFLICTS
from app.ingest.persist import BACKOFF, Persister, StoppedError, wait_out
from app.ingest.repeats import Repeats
from app.ingest.rows import Committed
from app.ingest.stall import Stall
from app.kafka.batch import Batch, Poison, Reader, Records
from app.kafka.brokers import KAFKA_ERRORS, answer, close, consumer_of
from app.kafka.dead import Graveyard
from app.kafka.membership import Membership
from app.kafka.metrics import LAG, MESSAGES, PAUSED
from app.runtime.outage import DATABASE_ERRORS, REDIS_ERRORS, Outage
from app.runtime.pool import Pool, borrowed
from app.runtime.tasks import end, first_of
from app.settings import Settings
from app.stats.invalidation import forget

LOOK_SECONDS = 5.0
"""How often it is looked how much waits."""
PAUSE_SECONDS = 2.0
"""A batch that takes longer than that pauses the partitions."""
_ANSWER_SECONDS = 2.0
_POLL_MS = 250

log = structlog.get_logger(__name__)
Value = TypeVar("Value")


class Source:
    """One process's part in the group."""

    def __init__(  # noqa: PLR0913  # all that it works with
        self,
        settings: Settings,
        pool: Pool,
        redis_client: redis.asyncio.Redis,
        stop: asyncio.Event,
        *,
        topics: Iterable[str],
        reader: Reader,
        on_commit: Callable[[Committed], None] | None = None,
    ) -> None:
        self._settings = settings
        self._pool = pool
        self._redis = redis_client
        self._stop = stop
        self._topics = frozenset(topics)
        self._reader = reader
        self._repeats = Repeats(redis_client, period_seconds=settings.view_dedupe_seconds)
        self._stall = Stall(
            "reading from Kafka", seconds=settings.stall_seconds, stop=stop, answers=self._answer
        )
        self.watch = self._stall.watch
        self._persister = Persister(
            settings,
            pool,
            stop,
            part="Kafka source",
            came_on=self._stall.moved,
            on_commit=on_commit,
        )
        self._graveyard = Graveyard(settings, redis_client, stop)
        self._broker = Outage("kafka", backoff=BACKOFF)
        self._consumer: AIOKafkaConsumer | None = None
        self._idle = asyncio.Event()
        self._idle.set()
        self._membership = Membership(self._idle)
        self._missing: frozenset[str] = frozenset()

    async def run(self) -> None:
        """Read until stopped, then end the running batch; outlives every outage."""
        try:
            while not self._stop.is_set():
                try:
                    await self._read()
                except KAFKA_ERRORS as error:
                    await wait_out(self._broker, error, self._stop)
        except StoppedError:
            return
        finally:
            await self._graveyard.close()

    async def _read(self) -> None:
        consumer = consumer_of(self._settings)
        self._membership = Membership(self._idle)
        consumer.subscribe(sorted(self._topics), listener=self._membership)
        # Until it is in the group, nobody knows whether something waits.
        self._stall.begins()
        try:
            await self._unless_stopped(consumer.start())
            self._consumer = consumer
            self._stall.rests()
            log.info("reading from Kafka", topics=sorted(self._topics))
            while not self._stop.is_set():
                records: Records = await self._unless_stopped(
                    consumer.getmany(timeout_ms=_POLL_MS, max_records=self._settings.batch_size)
                )
                if records:
                    self._broker.over()
                    self._idle.clear()
                    try:
                        await self._process(consumer, records)
                    finally:
                        self._idle.set()
        finally:
            self._consumer = None
            await close(consumer)

    async def _unless_stopped(self, work: Awaitable[Value]) -> Value:
        """Return what `work` does; raises `StoppedError` when it is to stop before."""
        working = asyncio.ensure_future(work)
        stopping = asyncio.ensure_future(self._stop.wait())
        try:
            await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if not working.done():
                raise StoppedError
            return working.result()
        finally:
            await end(stopping, working)

    async def _process(self, consumer: AIOKafkaConsumer, records: Records) -> None:
        """Store the messages, and commit their offsets."""
        rebalances = self._membership.rebalances
        self._stall.moved()
        slow = asyncio.get_running_loop().call_later(PAUSE_SECONDS, self._pause, consumer)
        try:
            batch = await self._reader.read(records)
            await self._graveyard.bury(batch.poison + await self._write(batch))
            if rebalances == self._membership.rebalances:
                await self._commit(consumer, records)
        finally:
            slow.cancel()
            self._resume(consumer)
        self._stall.moved()
        await self._announce(batch)

    async def _write(self, batch: Batch) -> list[Poison]:
        """Store the events, and return those that the database refuses."""
        if not batch.events:
            return []
        events = await self._repeats.mark(batch.events)
        faults = await self._persister.write(events, seen_before=False)
        if self._persister.known is not None and self._persister.has_duplicates:
            CONFLICTS.inc(len(told_apart(events, dict(self._persister.known))[1]))
        return [Poison(batch.origins[place], reason, events[place]) for place, reason in faults]

    async def _commit(self, consumer: AIOKafkaConsumer, records: Records) -> None:
        offsets = {partition: some[-1].offset + 1 for partition, some in records.items()}
        try:
            await consumer.commit(offsets)
        except (CommitFailedError, IllegalStateError) as error:
            # They are somebody else's now, who finds every event there already.
            log.info("offsets were not committed: others read on", error=str(error))
            return
        for partition, some in records.items():
            MESSAGES.labels(topic=partition.topic).inc(len(some))

    async def _announce(self, batch: Batch) -> None:
        changed = {(event.content_type, event.content_id) for event, _ in batch.events}
        try:
            async with self._redis.pipeline(transaction=False) as pipeline:
                forget(pipeline, changed)
                await pipeline.execute()
        except REDIS_ERRORS as error:
            log.warning("a written batch could not be announced", error=str(error))

    def _pause(self, consumer: AIOKafkaConsumer) -> None:
        """Read nothing more while a batch cannot be written."""
        consumer.pause(*consumer.assignment())
        PAUSED.set(1)

    def _resume(self, consumer: AIOKafkaConsumer) -> None:
        consumer.resume(*consumer.paused())
        PAUSED.set(0)

    async def measure(self) -> None:
        """Look how much waits, and say when the brokers are silent, until stopped."""
        while not self._stop.is_set():
            await first_of(self._stop, within=LOOK_SECONDS)
            if self._stop.is_set() or (consumer := self._consumer) is None:
                continue
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._measure(consumer)
            except KAFKA_ERRORS as error:
                self._broker.failed(error)
                # It may be our own client that is stuck.
                self._stall.begins()
            else:
                self._broker.over()

    async def _measure(self, consumer: AIOKafkaConsumer) -> None:
        missing = self._topics - await consumer.topics()
        if missing - self._missing:
            log.warning("topics are not there yet", topics=sorted(missing))
        self._missing = missing
        assigned = list(consumer.assignment())
        ends = await consumer.end_offsets(assigned) if assigned else {}
        waiting = 0
        for partition, newest in ends.items():
            lag = max(0, newest - await consumer.position(partition))
            LAG.labels(topic=partition.topic, partition=partition.partition).set(lag)
            waiting += lag
        if self._idle.is_set():
            if waiting or self._membership.is_joining:
                self._stall.begins()
            else:
                self._stall.rests()

    async def _answer(self) -> bool:
        try:
            async with borrowed(self._pool, within=_ANSWER_SECONDS) as connection:
                await connection.execute("select")
            await self._redis.ping()
        except (*DATABASE_ERRORS, *REDIS_ERRORS):
            return False
        # Of a client of its own: the consumer's is what may be stuck.
        return await answer(self._settings, self._topics)
