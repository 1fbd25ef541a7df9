"""Events through a real broker: each counts once, whoever is killed, stopped or joins."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from itertools import count
from typing import Any
from uuid import uuid4

import pytest
from prometheus_client import REGISTRY

from app.dev.children import CommandChild
from app.ingest.dead_letters import DeadLetter, each_dead_letter, replay_dead_letters
from app.ingest.keys import EVENT_STREAM
from app.ingest.retention import DEFAULT
from app.ingest.stream import from_fields
from app.kafka.batch import Reader
from app.kafka.mapping import Mapping, mapping_of
from app.kafka.replay import MOST_BYTES, replay_messages
from app.runtime.pool import Pool
from app.runtime.redis_client import open_redis
from app.settings import Settings
from tests.conftest import Breakable
from tests.eventually import eventually
from tests.kafka.conftest import Broker, consuming

TOPICS = ["video.viewed", "video.liked", "analytics.events"]
MAPPING = mapping_of({"topics": {name: {} for name in TOPICS}})
GROUP = "groundswell"
_names = count()


@pytest.fixture(scope="module", autouse=True)
async def consumer(
    broker: Broker, breakable: Breakable, kafka_settings: Settings
) -> AsyncIterator[None]:
    """A consumer that all tests of this file share, as they share its topics."""
    await breakable.mend()
    for topic in TOPICS:
        await broker.send(topic, [None])
    async with consuming(kafka_settings, MAPPING):
        yield
    await breakable.mend()


def views(item: str, number: int) -> list[bytes]:
    return [json.dumps({"videoId": item, "userId": n}).encode() for n in range(number)]


def item() -> str:
    """Return the name of an item of this test's own."""
    return f"item-{next(_names)}"


async def counted(pool: Pool, name: str) -> int:
    """Return how many events of an item there are."""
    async with pool.connection() as connection:
        cursor = await connection.execute(
            "select count(*) from core.event join core.item using (item_id) where external_id = %s",
            [name],
        )
        row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def have(pool: Pool, name: str, number: int) -> None:
    async def there() -> bool:
        assert await counted(pool, name) == number
        return True

    await eventually(there, within=15)


async def letters(settings: Settings) -> dict[str, DeadLetter]:
    async with open_redis(settings) as redis:
        return {letter.first_id: letter async for letter in each_dead_letter(redis)}


def metric(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(f"groundswell_kafka_{name}", labels) or 0.0


async def test_what_is_published_counts_once_and_is_committed(
    broker: Broker, kafka_pool: Pool
) -> None:
    name, event_id = item(), str(uuid4())
    await broker.send("video.viewed", views(name, 50))
    await broker.send("video.liked", [*views(name, 1)])
    twice = {"eventId": event_id, "type": "share", "contentId": name}
    await broker.send("analytics.events", [json.dumps(twice).encode()] * 2)
    headers = {"ce_specversion": "1.0", "ce_id": "1", "ce_source": "s", "ce_type": "video.viewed"}
    pairs = [(key, value.encode()) for key, value in headers.items()]
    await broker.send("analytics.events", [json.dumps({"videoId": name}).encode()], headers=pairs)
    await have(kafka_pool, name, 53)

    async def all_committed() -> bool:
        return await broker.committed(GROUP, TOPICS) == 54 + len(TOPICS)

    await eventually(all_committed)
    async with kafka_pool.connection() as connection:
        cursor = await connection.execute(
            "select event_type::text, count(*), count(distinct user_id) from core.event"
            " join core.item using (item_id) where external_id = %s group by 1 order by 1",
            [name],
        )
        assert await cursor.fetchall() == [("like", 1, 1), ("share", 1, 0), ("view", 51, 50)]


async def test_poison_goes_to_the_dead_letters_and_the_rest_is_written(
    broker: Broker, kafka_pool: Pool, kafka_settings: Settings
) -> None:
    name = item()
    good = views(name, 1)
    (first, *_) = offsets = await broker.send(
        "video.viewed", [b"{", *good, b'{"userId": 1}', None, *good], partition=2
    )
    await have(kafka_pool, name, 2)
    found = await eventually(lambda: letters(kafka_settings))
    broken, empty = (f"video.viewed/2/{offset}" for offset in (first, offsets[2]))
    assert found.keys() >= {broken, empty}
    assert found[broken].reason == "no JSON: the JSON ends too early or has half a character"
    assert found[broken].message == b"{"
    assert found[empty].reason.startswith("contentId: missing; looked for contentId, ")
    dead = {
        dict(record.headers)["groundswell_from"]: record for record in await broker.log_of("dead")
    }
    assert dead[broken.encode()].value == b"{"
    assert dict(dead[empty.encode()].headers)["groundswell_reason"].startswith(
        b"contentId: missing"
    )
    async with open_redis(kafka_settings) as redis:
        assert await replay_dead_letters(redis, [found[broken].id]) == 0
    assert broken in await letters(kafka_settings)


async def test_a_mended_mapping_makes_events_of_dead_letters_once(
    broker: Broker, kafka_settings: Settings
) -> None:
    name = item()
    said = json.dumps({"what": {"thing": name}}).encode()
    too_long = said[:-1] + b', "rest": "' + b"x" * MOST_BYTES + b'"}'
    (offset, long_offset) = await broker.send("video.viewed", [said, too_long], partition=1)
    coordinates = f"video.viewed/1/{offset}"

    async def both() -> bool:
        return {coordinates, f"video.viewed/1/{long_offset}"} <= (
            await letters(kafka_settings)
        ).keys()

    await eventually(both)
    found = await letters(kafka_settings)
    mended = mapping_of({"topics": {"video.viewed": {"fields": {"contentId": "what.thing"}}}})

    async def replayed(mapping: Mapping, *chosen: str) -> tuple[int, list[str]]:
        reader = Reader(kafka_settings, mapping, kept=lambda: DEFAULT, known_items=None)
        async with open_redis(kafka_settings) as redis:
            return await replay_messages(
                redis, [found[each] for each in chosen], reader=reader, mapping=mapping
            )

    number, (reason,) = await replayed(MAPPING, coordinates)
    assert number == 0
    assert "contentId: missing" in reason
    number, (reason,) = await replayed(mended, coordinates, f"video.viewed/1/{long_offset}")
    assert number == 1
    assert "only its beginning is kept" in reason
    assert coordinates not in await letters(kafka_settings)
    # Once more, as if it had been cut off before the letter went: it has the same id.
    assert (await replayed(mended, coordinates))[0] == 1
    async with open_redis(kafka_settings) as redis:
        stored: Any = await redis.xrange(EVENT_STREAM)
    entries = [from_fields(fields) for _, fields in stored]
    mine = [event for entry in entries for event in entry.events if event.content_id == name]
    assert len(mine) == 2
    assert len({(event.event_id, event.occurred_at, event.claims) for event in mine}) == 1
    assert mine[0].claims


async def test_what_comes_while_the_database_is_down_waits_and_partitions_are_paused(
    broker: Broker, breakable: Breakable, kafka_pool: Pool
) -> None:
    name = item()
    await breakable.engine.kill_database()
    try:
        await broker.send("video.viewed", views(name, 30))

        async def paused() -> bool:
            return metric("paused") == 1

        await eventually(paused)
        before = metric("messages_total", topic="video.viewed")
        # What follows is not even read.
        await broker.send("video.viewed", views(name, 30))
        assert metric("messages_total", topic="video.viewed") == before
    finally:
        await breakable.engine.start_database()
    await have(kafka_pool, name, 60)

    async def goes_on() -> bool:
        return metric("paused") == 0 and metric("messages_total", topic="video.viewed") > before

    await eventually(goes_on)


async def test_the_broker_is_killed_and_comes_back(broker: Broker, kafka_pool: Pool) -> None:
    name = item()
    await broker.send("video.viewed", views(name, 10))
    for _ in range(2):
        await broker.kill()
        await broker.start()
        await broker.send("video.viewed", views(name, 10))
    await have(kafka_pool, name, 30)


async def test_others_join_and_leave_while_events_come(
    broker: Broker, kafka_pool: Pool, kafka_settings: Settings
) -> None:
    name = item()
    before = metric("rebalances_total")

    async def rebalanced() -> bool:
        return metric("rebalances_total") > before

    sending = asyncio.create_task(send_slowly(broker, name))
    async with consuming(kafka_settings, MAPPING):
        await eventually(rebalanced)
        before = metric("rebalances_total")
    await eventually(rebalanced)
    await have(kafka_pool, name, await sending)


async def send_slowly(broker: Broker, name: str) -> int:
    """Publish batches for some seconds, and return how many messages they were."""
    for _ in range(10):
        await broker.send("video.viewed", views(name, 40))
    return 400


async def test_a_process_is_killed_in_the_middle(
    broker: Broker, kafka_pool: Pool, kafka_settings: Settings
) -> None:
    name = item()
    environment = {
        **os.environ,
        "DATABASE_URL": kafka_settings.database_url,
        "REDIS_URL": kafka_settings.redis_url,
        "GROUNDSWELL_KAFKA_SERVERS": broker.servers,
        "GROUNDSWELL_KAFKA_GROUP": "killed",
        "GROUNDSWELL_KAFKA_SESSION_SECONDS": "2",
        "GROUNDSWELL_BATCH_SIZE": "50",
    }
    said: list[str] = []
    await broker.send("video.unliked", views(name, 3_000))
    for number in (500, 3_000):
        child = CommandChild(
            "consume", ["consume"], environment=environment, say=lambda _, text: said.append(text)
        )
        await child.start()
        try:

            async def some(number: int = number) -> bool:
                return await counted(kafka_pool, name) >= number

            await eventually(some, within=30)
        finally:
            assert child._process is not None
            os.killpg(child._process.pid, signal.SIGKILL)
            await child.wait()
    assert await counted(kafka_pool, name) == 3_000, said
