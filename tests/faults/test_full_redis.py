"""A Redis that is full, and stays so: what it holds is written, and makes room."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import msgspec
import pytest
from redis.asyncio import Redis
from redis.exceptions import OutOfMemoryError

from app.ingest import keys
from app.runtime.pool import Pool
from app.settings import Settings
from tests.eventually import eventually
from tests.writing import packed, put, running_writer, waiting, written

pytestmark = pytest.mark.usefixtures("clean")


@pytest.fixture
def quick(settings: Settings) -> Settings:
    return msgspec.structs.replace(settings, batch_seconds=0.02, claim_seconds=0.3)


@pytest.fixture
async def full(redis: Redis) -> AsyncIterator[Redis]:
    """A Redis with entries of a writer that was killed and entries that nobody has, and no room."""
    await redis.xgroup_create(keys.EVENT_STREAM, keys.WRITER_GROUP, id="0", mkstream=True)
    for _ in range(3):
        await put(redis, [packed()])
    await redis.xreadgroup(keys.WRITER_GROUP, "killed", {keys.EVENT_STREAM: ">"}, count=1)
    await redis.config_set("maxmemory", 1)
    yield redis
    await redis.config_set("maxmemory", 0)


async def _settled(redis: Redis) -> bool:
    return await waiting(redis) == 0


async def test_what_a_full_redis_holds_is_written(quick: Settings, pool: Pool, full: Redis) -> None:
    with pytest.raises(OutOfMemoryError):
        await put(full, [packed()])
    for _ in range(2):  # a writer that runs, and one that is started again
        async with running_writer(quick, pool, full):
            await eventually(lambda: _settled(full))
    pending = await full.xpending(keys.EVENT_STREAM, keys.WRITER_GROUP)
    assert pending["pending"] == 0
    assert (await written(pool)).rows == 3


async def test_a_stream_without_a_group_is_written_too(
    quick: Settings, pool: Pool, full: Redis
) -> None:
    await full.xgroup_destroy(keys.EVENT_STREAM, keys.WRITER_GROUP)
    async with running_writer(quick, pool, full):
        await eventually(lambda: _settled(full))
    assert (await written(pool)).rows == 3


async def test_dead_letters_wait_for_room_and_hold_nothing_up(
    quick: Settings, pool: Pool, redis: Redis
) -> None:
    await put(redis, [packed(), packed(metadata=b"{broken"), packed()])
    await put(redis, [packed()])
    await redis.config_set("maxmemory", 1)
    try:
        async with running_writer(quick, pool, redis):
            await eventually(lambda: _left(redis, 1))
            assert await redis.xlen(keys.DEAD_STREAM) == 0
            assert (await written(pool)).rows == 3
            await redis.config_set("maxmemory", 0)
            await eventually(lambda: _left(redis, 0))
    finally:
        await redis.config_set("maxmemory", 0)
    assert await redis.xlen(keys.DEAD_STREAM) == 1
    assert (await written(pool)).rows == 3


async def _left(redis: Redis, entries: int) -> bool:
    return await waiting(redis) == entries


async def test_a_stream_takes_a_part_of_what_redis_may(
    settings: Settings, api: httpx.AsyncClient, redis: Redis
) -> None:
    large = b'"' + b"x" * 100_000 + b'"'
    for _ in range(40):
        await put(redis, [packed(metadata=large)])
    used = (await redis.info("memory"))["used_memory"]
    await redis.config_set("maxmemory", used + 1_000_000)
    try:
        answer = await api.post("/analytics/view/a")
        assert answer.status_code == 429
        assert "MB of events wait" in answer.json()["detail"]
        assert "retry-after" in answer.headers
        await redis.delete(keys.EVENT_STREAM)
        await eventually(lambda: _accepted(api))
    finally:
        await redis.config_set("maxmemory", 0)
    assert settings.max_stream_bytes > used


async def _accepted(api: httpx.AsyncClient) -> bool:
    return (await api.post("/analytics/view/a")).status_code == 202
