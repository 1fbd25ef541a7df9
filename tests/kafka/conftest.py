"""A broker that is killed and comes back, and consumers as `groundswell consume` runs them."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition

from app.consumer import run_parts
from app.embedded.kafka import EmbeddedKafka
from app.kafka.mapping import Mapping
from app.runtime.pool import Pool, open_pool
from app.runtime.redis_client import open_redis
from app.settings import Settings
from tests.conftest import Breakable
from tests.kafka.objects import object_store

PARTITIONS = 4
"""Of each topic that the broker makes."""


class Broker(EmbeddedKafka):
    """A broker whose log outlives it."""

    async def kill(self) -> None:
        """End it as `kill -9` does; `start` brings it back on the same port."""
        os.killpg(self.running.process.pid, signal.SIGKILL)
        await self.wait()

    async def send(
        self,
        topic: str,
        values: Iterable[bytes | None],
        *,
        headers: Iterable[tuple[str, bytes]] = (),
        partition: int | None = None,
    ) -> list[int]:
        """Publish messages, and return their offsets: each is in the log."""
        producer = AIOKafkaProducer(bootstrap_servers=self.servers, acks="all")
        await producer.start()
        try:
            sent = [
                await producer.send(
                    topic,
                    value,
                    key=b"k" if value is None else None,
                    headers=list(headers),
                    partition=partition,
                )
                for value in values
            ]
            return [metadata.offset for metadata in await asyncio.gather(*sent)]
        finally:
            await producer.stop()

    async def log_of(self, topic: str, *, quiet_ms: int = 1_000) -> list[ConsumerRecord]:
        """Return the messages of a topic until none comes for so long.

        Killed in the middle of a write, the broker says that its log ends later than it does.
        """
        consumer = AIOKafkaConsumer(bootstrap_servers=self.servers)
        await consumer.start()
        try:
            partitions = [TopicPartition(topic, number) for number in range(PARTITIONS)]
            consumer.assign(partitions)
            await consumer.seek_to_beginning()
            found: list[ConsumerRecord] = []
            while some := await consumer.getmany(timeout_ms=quiet_ms):
                found += [record for records in some.values() for record in records]
            return found
        finally:
            await consumer.stop()

    async def committed(self, group: str, topics: Iterable[str]) -> int:
        """Return how many messages of some topics a group has committed."""
        consumer = AIOKafkaConsumer(bootstrap_servers=self.servers, group_id=group)
        await consumer.start()
        try:
            partitions = [TopicPartition(topic, n) for topic in topics for n in range(PARTITIONS)]
            return sum([await consumer.committed(each) or 0 for each in partitions])
        finally:
            await consumer.stop()


@pytest.fixture(scope="session")
async def broker() -> AsyncIterator[Broker]:
    with object_store() as environment:
        broker = Broker(storage="s3://tansu/", environment=environment)
        await broker.start()
        yield broker
        await broker.kill()


@pytest.fixture(scope="session")
def kafka_settings(breakable: Breakable, broker: Broker) -> Settings:
    return Settings(
        database_url=breakable.engine.database_url,
        redis_url=breakable.engine.redis_url,
        pool_size=4,
        kafka_servers=broker.servers,
        kafka_session_seconds=2.0,
        kafka_dead_letter_topic="dead",
    )


@pytest.fixture(scope="session")
async def kafka_pool(kafka_settings: Settings) -> AsyncIterator[Pool]:
    async with open_pool(kafka_settings) as pool:
        yield pool


@asynccontextmanager
async def consuming(settings: Settings, mapping: Mapping) -> AsyncIterator[None]:
    """Run a consumer in this process."""
    stop = asyncio.Event()
    async with open_pool(settings) as pool, open_redis(settings) as redis:
        running = asyncio.create_task(run_parts(settings, mapping, pool, redis, stop))
        try:
            yield
        finally:
            stop.set()
            await running
