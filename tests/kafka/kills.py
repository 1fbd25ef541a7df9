"""Kill consumers and the broker under load, and count what came of it: `make kafkasoak`."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import psycopg
from aiokafka import AIOKafkaProducer

from app.dev.children import CommandChild
from app.kafka.brokers import KAFKA_ERRORS, close
from app.runtime.logs import configure_logs
from app.settings import Settings
from tests.engines import open_home
from tests.eventually import eventually
from tests.kafka.conftest import Broker
from tests.kafka.objects import object_store

TOPIC = "video.viewed"
ITEMS = 50
KILLS = int(os.environ.get("SOAK_KILLS") or 100)
SEED = int(os.environ.get("SEED") or time.time_ns())


class Load:
    """Publishes messages until it is stopped, through every death of the broker."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._number = 0
        self.acknowledged = 0

    async def run(self) -> None:
        """Publish for ever."""
        while True:
            producer = AIOKafkaProducer(
                bootstrap_servers=self._broker.servers, acks="all", request_timeout_ms=3_000
            )
            try:
                await producer.start()
                while True:
                    sent = [await producer.send(TOPIC, self._next()) for _ in range(200)]
                    await asyncio.gather(*sent)
                    self.acknowledged += len(sent)
                    await asyncio.sleep(1)
            except KAFKA_ERRORS:
                await asyncio.sleep(0.1)
            finally:
                await close(producer)

    def _next(self) -> bytes:
        self._number += 1
        return json.dumps({"videoId": self._number % ITEMS, "userId": self._number}).encode()


class Consumer:
    """A `groundswell consume` that is killed and started again."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._environment = environment
        self.said: list[str] = []

    async def start(self) -> None:
        """Start it."""
        self._child = CommandChild(
            "consume",
            ["consume"],
            environment=self._environment,
            say=lambda _, text: self.said.append(text),
        )
        await self._child.start()

    async def kill(self) -> None:
        """End it as `kill -9` does."""
        assert self._child._process is not None
        os.killpg(self._child._process.pid, signal.SIGKILL)
        await self._child.wait()


async def counts_of(database_url: str) -> Counter[str]:
    """Return how many events each item has."""
    async with await psycopg.AsyncConnection.connect(
        database_url, autocommit=True, prepare_threshold=None
    ) as connection:
        cursor = await connection.execute(
            "select external_id, count(*) from core.event join core.item using (item_id) group by 1"
        )
        return Counter(dict(await cursor.fetchall()))


async def come_on(database_url: str) -> None:
    """Return once something more is written: who is killed is then in the middle of it."""
    before = (await counts_of(database_url)).total()

    async def more() -> bool:
        return (await counts_of(database_url)).total() > before

    await eventually(more, within=120, every=0.1)


async def run(folder: Path) -> int:
    """Kill, wait until all is read, compare; returns the exit code."""
    chance = random.Random(SEED)  # noqa: S311
    configure_logs(Settings(log_level="error"))
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    print(f"seed {SEED}, {KILLS} kills", flush=True)
    home = await open_home(folder)
    engine = await home.engine(folder / "engine")
    with object_store() as store:
        broker = Broker(storage="s3://tansu/", environment=store)
        await broker.start()
        environment = {
            **os.environ,
            "DATABASE_URL": engine.database_url,
            "REDIS_URL": engine.redis_url,
            "GROUNDSWELL_KAFKA_SERVERS": broker.servers,
            "GROUNDSWELL_KAFKA_SESSION_SECONDS": "2",
        }
        consumers = [Consumer(environment) for _ in range(2)]
        load = Load(broker)
        loading = asyncio.create_task(load.run())
        for consumer in consumers:
            await consumer.start()
        killed: Counter[str] = Counter()
        victims: list[Consumer | Broker] = [*consumers, *consumers, broker]
        for _ in range(KILLS):
            await come_on(engine.database_url)
            await asyncio.sleep(chance.uniform(0, 1))
            victim = chance.choice(victims)
            await victim.kill()
            await asyncio.sleep(chance.uniform(0, 0.5))
            await victim.start()
            killed["broker" if victim is broker else "consumer"] += 1
            if killed.total() % 10 == 0:
                written = (await counts_of(engine.database_url)).total()
                print(f"{dict(killed)}, {load.acknowledged} sent, {written} written", flush=True)
        loading.cancel()
        await asyncio.wait({loading})
        code = await compare(broker, engine.database_url, load.acknowledged, consumers)
        for consumer in consumers:
            await consumer.kill()
        await broker.kill()
    await engine.stop()
    await home.close()
    return code


async def compare(
    broker: Broker, database_url: str, acknowledged: int, consumers: list[Consumer]
) -> int:
    """Wait until what is in the log is in the database, and say what is missing or too much."""
    log = await broker.log_of(TOPIC, quiet_ms=5_000)
    expected = Counter(str(json.loads(record.value or b"")["videoId"]) for record in log)
    deadline = time.monotonic() + 180
    found = await counts_of(database_url)
    while found != expected and time.monotonic() < deadline:
        await asyncio.sleep(1)
        found = await counts_of(database_url)
    lost, doubled = (expected - found).total(), (found - expected).total()
    print(
        f"{acknowledged} acknowledged, {len(log)} in the log, {found.total()} in the database: "
        f"{lost} lost, {doubled} doubled"
    )
    if lost or doubled or len(log) < acknowledged:
        for consumer in consumers:
            print("\n".join(consumer.said[-30:]))
        return 1
    return 0


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        sys.exit(asyncio.run(run(Path(name))))
