"""Requests of one turn of the event loop share one write to Redis."""

from __future__ import annotations

import asyncio

import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError

from app.ingest.stream import Entry, StreamAppender
from app.redis_client import open_redis
from app.settings import Settings
from tests.writing import packed, waiting

pytestmark = pytest.mark.usefixtures("clean")


async def _reads(redis: Redis) -> int:
    return int((await redis.info("stats"))["total_reads_processed"])


async def test_entries_of_one_turn_are_one_write(redis: Redis) -> None:
    appender = StreamAppender(redis)
    await appender.append(Entry(1, [packed()]))
    before = await _reads(redis)
    await asyncio.gather(*(appender.append(Entry(1, [packed()])) for _ in range(50)))
    # One write of all, and this question itself.
    assert await _reads(redis) - before <= 3
    assert await waiting(redis) == 51
    assert await appender.length() == 51


async def test_what_fails_fails_for_each_and_the_next_goes_on(
    settings: Settings, redis: Redis
) -> None:
    async with open_redis(settings) as client:
        appender = StreamAppender(client)
        await redis.config_set("maxmemory", 1)
        try:
            results = await asyncio.gather(
                *(appender.append(Entry(1, [packed()])) for _ in range(5)), return_exceptions=True
            )
        finally:
            await redis.config_set("maxmemory", 0)
        assert [isinstance(result, RedisError) for result in results] == [True] * 5
        await appender.append(Entry(1, [packed()]))
    assert await waiting(redis) == 1


async def test_a_caller_who_leaves_does_not_take_the_others_along(redis: Redis) -> None:
    appender = StreamAppender(redis)
    leaving = asyncio.create_task(appender.append(Entry(1, [packed()])))
    staying = asyncio.create_task(appender.append(Entry(1, [packed()])))
    await asyncio.sleep(0)
    leaving.cancel()
    await staying
    assert leaving.cancelled()
    assert await waiting(redis) == 2
