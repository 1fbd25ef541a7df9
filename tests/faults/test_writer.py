"""The writer: every event exactly once, whatever is delivered twice, or down."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest
from redis.asyncio import Redis

from app.ingest import keys
from app.ingest.dead_letters import (
    each_dead_letter,
)
from app.ingest.group import WriterGroup
from app.runtime.moments import unix_microseconds
from app.runtime.pool import Pool, open_pool
from app.runtime.redis_client import open_redis
from app.settings import Settings
from app.stats.keys import item_keys
from tests.engines import Engine
from tests.eventually import eventually
from tests.writing import Written, packed, put, running_writer, settled, waiting, written

pytestmark = pytest.mark.usefixtures("clean")

HOUR = 3_600_000_000
DAY = 24 * HOUR


async def test_events_are_written_once_and_the_stream_is_emptied(
    quick: Settings, pool: Pool, redis: Redis
) -> None:
    every_field = packed(
        type=6, count=3, seconds=0.1, user_id="ü", session_id="s", metadata=b'{"a": ["b", 1]}'
    )
    entries = [[packed(f"item-{number % 7}")] for number in range(40)]
    async with running_writer(quick, pool, redis):
        for events in [[every_field], *entries, *entries]:
            await put(redis, events)
        await eventually(lambda: settled(redis))
    assert await written(pool) == Written(rows=41, ids=41, fed=41, views=40)
    async with pool.connection() as connection:
        cursor = await connection.execute(
            """
            select
                event.event_id, event.occurred_at, item.content_type, item.external_id,
                event.event_type::text, event.count, event.seconds::float8, event.user_id,
                event.session_id, event.metadata, event.counted,
                event.uncounted_because
            from core.event as event join core.item as item using (item_id)
            where event.event_type = 'watch_time'
            """
        )
        row = await cursor.fetchone()
    assert row is not None
    moment = datetime.fromtimestamp(0, UTC).timestamp() + every_field.occurred_at / 1e6
    assert row[0].bytes == every_field.event_id
    assert row[1].timestamp() == pytest.approx(moment, abs=1e-5)
    assert row[2:] == (
        "video", "a", "watch_time", 3, 0.1, "ü", "s", {"a": ["b", 1]}, True, None,
    )  # fmt: skip


async def test_late_events_arrive_each_once(quick: Settings, pool: Pool, redis: Redis) -> None:
    now = unix_microseconds()
    late = [packed(occurred_at=now - n * HOUR // 2) for n in range(100)]
    async with running_writer(quick, pool, redis):
        await put(redis, late)
        await put(redis, late[50:])
        await eventually(lambda: settled(redis))
    assert await written(pool) == Written(rows=100, ids=100, fed=100, views=100)


async def test_two_writers_share_the_stream(quick: Settings, pool: Pool, redis: Redis) -> None:
    entries = [[packed(f"item-{n}") for n in range(5)] for _ in range(60)]
    async with running_writer(quick, pool, redis), running_writer(quick, pool, redis):
        for number, events in enumerate(entries):
            await put(redis, events + entries[number // 2])
        await eventually(lambda: settled(redis))
    assert await written(pool) == Written(rows=300, ids=300, fed=300, views=300)


async def test_the_entries_of_a_dead_writer_are_taken_over(
    quick: Settings, pool: Pool, redis: Redis
) -> None:
    await put(redis, [packed()])
    dead = WriterGroup(redis, consumer="dead", claim_seconds=1)
    await dead.create()
    assert len(await dead.read_new(count=10, block_milliseconds=100)) == 1
    async with running_writer(quick, pool, redis):
        await eventually(lambda: settled(redis))
    assert (await written(pool)).rows == 1


async def test_an_entry_that_is_gone_leaves_the_group(redis: Redis) -> None:
    entry_id = await put(redis, [packed()])
    for reader in (WriterGroup(redis, consumer=name, claim_seconds=0.001) for name in "ab"):
        await reader.create()
        await reader.read_new(count=10, block_milliseconds=1)
    await redis.xdel(keys.EVENT_STREAM, entry_id)
    other = WriterGroup(redis, consumer="c", claim_seconds=0.001)

    async def released() -> bool:
        assert await other.claim(count=10) == []
        pending = await redis.xpending(keys.EVENT_STREAM, keys.WRITER_GROUP)
        return int(pending["pending"]) == 0

    await eventually(released)


async def test_changed_items_lose_their_freshness(
    quick: Settings, pool: Pool, redis: Redis
) -> None:
    """And whoever refreshes them keeps nothing of what it finds; the last known value stays."""
    mine, other = item_keys("video", "a"), item_keys("video", "b")
    await redis.mset(dict.fromkeys((*mine, *other), 1))
    async with running_writer(quick, pool, redis):
        await put(redis, [packed("a")])
        await eventually(lambda: _gone(redis, mine.served))
    assert not await redis.exists(mine.claim)
    assert await redis.exists(mine.last, *other) == 1 + len(other)


async def _gone(redis: Redis, key: str) -> bool:
    return not await redis.exists(key)


async def test_flushed_redis_gets_its_group_back(quick: Settings, pool: Pool, redis: Redis) -> None:
    async with running_writer(quick, pool, redis):
        for round_number in range(3):
            await put(redis, [packed()])
            await eventually(lambda: settled(redis))
            assert (await written(pool)).rows == round_number + 1
            await redis.flushall()


async def test_a_stopped_writer_ends_its_batch(quick: Settings, pool: Pool, redis: Redis) -> None:
    async with running_writer(quick, pool, redis) as stop:
        for _ in range(20):
            await put(redis, [packed()])
        await eventually(lambda: _some_rows(pool))
        stop.set()
    pending = await redis.xpending(keys.EVENT_STREAM, keys.WRITER_GROUP)
    assert pending["pending"] == 0
    assert (await written(pool)).rows == 20 - await waiting(redis)


async def _some_rows(pool: Pool) -> bool:
    return (await written(pool)).rows > 0


async def test_the_database_may_go_and_come(
    own_engine: Callable[..., Awaitable[Engine]],
) -> None:
    engine = await own_engine()
    own = Settings(
        database_url=engine.database_url,
        redis_url=engine.redis_url,
        batch_seconds=0.02,
        database_timeout=1,
    )
    async with open_pool(own) as pool, open_redis(own) as redis:
        async with running_writer(own, pool, redis):
            await put(redis, [packed() for _ in range(5)])
            await eventually(lambda: settled(redis))
            await engine.kill_database()
            for _ in range(3):
                await put(redis, [packed() for _ in range(5)])
            await eventually(lambda: _delivered(redis))
            await engine.start_database()
            await eventually(lambda: settled(redis), within=30)
        assert await written(pool) == Written(rows=20, ids=20, fed=20, views=20)
        assert [letter async for letter in each_dead_letter(redis)] == []


async def _delivered(redis: Redis) -> bool:
    pending = await redis.xpending(keys.EVENT_STREAM, keys.WRITER_GROUP)
    return bool(pending["pending"])


async def test_redis_may_go_and_come(own_engine: Callable[..., Awaitable[Engine]]) -> None:
    engine = await own_engine()
    own = Settings(database_url=engine.database_url, redis_url=engine.redis_url, batch_seconds=0.02)
    async with open_pool(own) as pool, open_redis(own) as redis:
        async with running_writer(own, pool, redis):
            await put(redis, [packed() for _ in range(5)])
            await eventually(lambda: _some_rows(pool))
            await engine.kill_redis()
            await engine.start_redis()
            await put(redis, [packed() for _ in range(5)])
            await eventually(lambda: settled(redis), within=30)
        assert await written(pool) == Written(rows=10, ids=10, fed=10, views=10)
