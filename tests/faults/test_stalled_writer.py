"""A writer that does not come on, though all it needs answers, ends and says so."""

from __future__ import annotations

import asyncio

import msgspec
import pytest
from redis.asyncio import Redis

from app.errors import StalledError
from app.runtime.pool import Pool
from app.settings import Settings
from app.worker import write_and_count
from tests.writing import packed, put, running_writer, waiting, written

pytestmark = pytest.mark.usefixtures("clean")


async def test_it_ends_where_redis_answers_but_lets_nothing_be_settled(
    settings: Settings, pool: Pool, redis: Redis
) -> None:
    hasty = msgspec.structs.replace(settings, batch_seconds=0.02, stall_seconds=1.0)
    await put(redis, [packed()])
    await redis.acl_setuser("default", enabled=True, commands=["-xdel"])
    try:
        with pytest.raises(StalledError, match="live stream has not come on for 1 seconds"):
            async with asyncio.timeout(10):
                await write_and_count(settings=hasty, pool=pool, redis=redis, stop=asyncio.Event())
    finally:
        await redis.acl_setuser("default", enabled=True, commands=["+xdel"])
    assert await waiting(redis) == 1
    assert (await written(pool)).rows == 1


async def test_it_stays_while_nothing_waits_or_a_part_is_down(
    settings: Settings, pool: Pool, redis: Redis
) -> None:
    hasty = msgspec.structs.replace(settings, batch_seconds=0.02, stall_seconds=1.0)
    async with running_writer(hasty, pool, redis):
        await redis.client_pause(1_500, all=True)
        await put(redis, [packed()])
        for _ in range(3):
            await redis.blpop(["nothing"], timeout=0.15)
        assert await waiting(redis) == 0
