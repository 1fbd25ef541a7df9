"""Kill consumers, publishers and the broker under load, and count: `make kafkasoak`."""

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
OUT = "soak.events"
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


class Part:
    """A `groundswell consume` or `publish` that is killed and started again."""

    def __init__(self, name: str, environment: dict[str, str]) -> None:
        self.name = name
        self._environment = environment
        self.said: list[str] = []

    async def start(self) -> None:
        """Start it."""
        self._child = CommandChild(
            self.name,
            [self.name],
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
            "GROUNDSWELL_KAFKA_EVENT_TOPIC": OUT,
        }
        parts = [Part(name, environment) for name in ("consume", "consume", "publish", "publish")]
        await switch_on(engine.database_url)
        load = Load(broker)
        loading = asyncio.create_task(load.run())
        for part in parts:
            await part.start()
        killed: Counter[str] = Counter()
        victims: list[Part | Broker] = [*parts, broker]
        for _ in range(KILLS):
            await come_on(engine.database_url)
            await asyncio.sleep(chance.uniform(0, 1))
            victim = chance.choice(victims)
            await victim.kill()
            await asyncio.sleep(chance.uniform(0, 0.5))
            await victim.start()
            killed["broker" if isinstance(victim, Broker) else victim.name] += 1
            if killed.total() % 10 == 0:
                written = (await counts_of(engine.database_url)).total()
                print(f"{dict(killed)}, {load.acknowledged} sent, {written} written", flush=True)
        loading.cancel()
        await asyncio.wait({loading})
        code = await compare(broker, engine.database_url, load.acknowledged, parts)
        for part in parts:
            await part.kill()
        await broker.kill()
    await engine.stop()
    await home.close()
    return code


async def switch_on(database_url: str) -> None:
    """Have all events published, also those before a publisher runs."""
    async with await psycopg.AsyncConnection.connect(
        database_url, autocommit=True, prepare_threshold=None
    ) as connection:
        await connection.execute("select api.switch_sink('event', true, clock_timestamp())")


async def waiting(database_url: str) -> int:
    """Return how many events are still to be published."""
    async with await psycopg.AsyncConnection.connect(
        database_url, autocommit=True, prepare_threshold=None
    ) as connection:
        cursor = await connection.execute("select coalesce(sum(events), 0) from core.outgoing")
        row = await cursor.fetchone()
        return int(row[0]) if row else -1


async def event_ids(database_url: str) -> set[str]:
    """Return the ids of all events."""
    async with await psycopg.AsyncConnection.connect(
        database_url, autocommit=True, prepare_threshold=None
    ) as connection:
        cursor = await connection.execute("select event_id::text from core.event")
        return {str(event_id) for (event_id,) in await cursor.fetchall()}


async def compare(broker: Broker, database_url: str, acknowledged: int, parts: list[Part]) -> int:
    """Wait until what is in the log is in the database, and that published; say what is wrong."""
    log = await broker.log_of(TOPIC, quiet_ms=5_000)
    expected = Counter(str(json.loads(record.value or b"")["videoId"]) for record in log)
    deadline = time.monotonic() + 180
    found = await counts_of(database_url)
    while found != expected and time.monotonic() < deadline:
        await asyncio.sleep(1)
        found = await counts_of(database_url)

    async def all_out() -> bool:
        return await waiting(database_url) == 0

    await eventually(all_out, within=300, every=1)
    lost, doubled = (expected - found).total(), (found - expected).total()
    published = await broker.log_of(OUT, quiet_ms=5_000)
    out = [dict(record.headers)["ce_id"].decode() for record in published]
    missing = len(await event_ids(database_url) - set(out))
    print(
        f"{acknowledged} acknowledged, {len(log)} in the log, {found.total()} in the database: "
        f"{lost} lost, {doubled} doubled; {len(out)} published: {missing} missing, "
        f"{len(out) - len(set(out))} once more"
    )
    if lost or doubled or missing or len(log) < acknowledged:
        for part in parts:
            print("\n".join(part.said[-30:]))
        return 1
    return 0


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        sys.exit(asyncio.run(run(Path(name))))
