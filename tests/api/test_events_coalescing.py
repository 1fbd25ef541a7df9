"""Requests of one turn of the event loop share one write to Redis."""

from __future__ import annotations

import asyncio
from itertools import chain
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError

from app.ingest import keys
from app.ingest.limits import Limit
from app.ingest.stream import JOINED_BYTES, Entry, StreamAppender, from_fields, sealed
from app.runtime.redis_client import open_redis
from app.settings import Settings
from tests.writing import packed, waiting

pytestmark = pytest.mark.usefixtures("clean")


async def _reads(redis: Redis) -> int:
    return int((await redis.info("stats"))["total_reads_processed"])


async def _entries(redis: Redis) -> list[Entry]:
    entries: Any = await redis.xrange(keys.EVENT_STREAM)
    return [from_fields(fields) for _, fields in entries]


async def test_requests_of_one_turn_are_one_entry(redis: Redis) -> None:
    appender = StreamAppender(redis)
    first = packed()
    await appender.append(sealed(Entry(1, [first])))
    before = await _reads(redis)
    # Sixteen events and more have a longer header in MessagePack.
    batches = [[packed() for _ in range(number)] for number in (1, 15, 16, 300)]
    await asyncio.gather(
        *(appender.append(sealed(Entry(n, batch))) for n, batch in enumerate(batches))
    )
    # One write of all, and this question itself.
    assert await _reads(redis) - before <= 6
    assert await _entries(redis) == [Entry(1, [first]), Entry(3, list(chain(*batches)))]
    assert (await appender.backlog()).entries == 2


async def test_who_waits_or_has_a_limit_has_an_entry_of_its_own(redis: Redis) -> None:
    appender = StreamAppender(redis)
    limit = Limit("key", "gs:{ingest}:rate:test", 60)
    one, two, three, four = [Entry(1, [packed()]) for _ in range(4)]
    asked = three._replace(request_id="r")
    appended = await asyncio.gather(
        appender.append(sealed(one)), appender.append(sealed(two)), appender.append(sealed(asked)),
        appender.append(sealed(four), (limit,)), appender.append(sealed(one)),
    )  # fmt: skip
    assert [len(each.standings) for each in appended] == [0, 0, 0, 1, 0]
    assert await _entries(redis) == [Entry(1, one.events + two.events), asked, four, one]


async def test_large_requests_are_not_joined(redis: Redis) -> None:
    appender = StreamAppender(redis)
    large = [packed(metadata=b'"' + b"x" * (JOINED_BYTES // 2) + b'"')]
    await asyncio.gather(*(appender.append(sealed(Entry(1, large))) for _ in range(3)))
    assert await waiting(redis) == 3


async def test_what_fails_fails_for_each_and_the_next_goes_on(
    settings: Settings, redis: Redis
) -> None:
    async with open_redis(settings) as client:
        appender = StreamAppender(client)
        await redis.config_set("maxmemory", 1)
        try:
            results = await asyncio.gather(
                *(appender.append(sealed(Entry(1, [packed()]))) for _ in range(5)),
                return_exceptions=True,
            )
        finally:
            await redis.config_set("maxmemory", 0)
        assert [isinstance(result, RedisError) for result in results] == [True] * 5
        await appender.append(sealed(Entry(1, [packed()])))
    assert await waiting(redis) == 1


async def test_a_caller_who_leaves_does_not_take_the_others_along(redis: Redis) -> None:
    appender = StreamAppender(redis)
    leaving = asyncio.create_task(appender.append(sealed(Entry(1, [packed()]))))
    staying = asyncio.create_task(appender.append(sealed(Entry(1, [packed()]))))
    await asyncio.sleep(0)
    leaving.cancel()
    await staying
    assert leaving.cancelled()
    (entry,) = await _entries(redis)
    assert len(entry.events) == 2
