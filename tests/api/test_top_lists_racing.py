"""Top lists stay equal to a recount while writers and publishers meet, and where one is lost."""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta
from uuid import UUID

import httpx
import pytest
import redis.asyncio

from app.runtime.pool import Pool, open_pool
from app.settings import Settings
from app.top import keys
from app.top.changes import switch
from app.top.live_counts import LiveCounts
from tests.api.top_stage import CREATORS, LISTS, START, TopStage, Writer, views
from tests.eventually import eventually
from tests.sql.oracle import Event
from tests.sql.world import World


@pytest.fixture
async def stage(
    world: World, api: httpx.AsyncClient, pool: Pool, redis: redis.asyncio.Redis
) -> TopStage:
    return await TopStage.small(world, api, pool, redis)


async def test_what_was_committed_before_the_count_but_sent_after_it_counts_once(
    stage: TopStage,
) -> None:
    await stage.items("x", "y")
    await stage.write([views(1, 5, START), views(2, 4, START)])
    await stage.world.run(START)
    await stage.write([views(1, 3, START)])
    await stage.publish()
    assert await stage.shown("top_viewed") == [("a", 8), ("b", 4)]

    # With what was committed after it, at once.
    await stage.write([views(1, 2, START), views(2, 1, START)])
    assert await stage.flush()

    assert await stage.shown("top_viewed") == [("a", 10), ("b", 5)]


async def test_while_a_publisher_is_at_work_writers_wait(stage: TopStage) -> None:
    await stage.items("x", "y")
    await stage.write([views(1, 5, START), views(2, 4, START)])
    await stage.world.run(START)
    await stage.publish()
    token, version = await stage.half_published()
    await stage.write([views(2, 9, START)])
    assert await stage.flush() is False
    assert await stage.shown("top_viewed") == [("a", 5), ("b", 4)]
    assert await stage.publish() == 0, "another publisher keeps off"

    assert await switch(stage.redis, token=token, version=version) is True

    assert await stage.flush()
    assert await stage.shown("top_viewed") == [("b", 13), ("a", 5)]


async def test_what_redis_lost_is_right_again_after_some_minutes(stage: TopStage) -> None:
    await stage.items("x", "y")
    await stage.write([views(1, 5, START), views(2, 4, START)])
    await stage.world.run(START)
    await stage.publish()
    await stage.write([views(2, 9, START)])
    stage.writers[0] = Writer(stage.pool, stage.redis)  # killed before it could send
    assert await stage.flush()
    assert await stage.publish() == 0
    assert await stage.shown("top_viewed") == [("a", 5), ("b", 4)]

    stage.now += 301

    assert await stage.publish() == len(LISTS)
    await stage.assert_recounted()
    assert await stage.shown("top_viewed") == [("b", 13), ("a", 5)]


async def test_a_list_that_takes_too_long_to_count_rests(
    stage: TopStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(*_: object, **__: object) -> None:
        await asyncio.Event().wait()

    await stage.items("x", "y")
    await stage.write([views(1, 5, START), views(2, 4, START)])
    await stage.world.run(START)
    with monkeypatch.context() as patched:
        patched.setattr("app.top.publisher.top_list_counts", never)
        stage.publisher.count_seconds = 0.05
        assert await stage.publish() == 0
    stage.publisher.count_seconds = 20.0
    assert await stage.publish() == 0
    assert await stage.flush(), "no hold is left behind"

    stage.now += 301

    assert await stage.publish() == len(LISTS)
    await stage.assert_recounted()


async def test_writers_and_a_publisher_at_once(
    stage: TopStage, settings: Settings, redis: redis.asyncio.Redis
) -> None:
    """Each of four commits batch upon batch, while lists are replaced as fast as they can be."""
    await stage.items(*CREATORS)
    chance = random.Random(5)  # noqa: S311
    await stage.write([views(item, item, START) for item in range(1, 6)])
    await stage.world.run(START, forced=True)
    await stage.publish()
    done = asyncio.Event()
    replaced = 0

    async def publish() -> None:
        nonlocal replaced
        while not done.is_set():
            for wanted in (await stage.settings()).values():
                replaced += await stage.publisher.replace(wanted) is not None

    async def write(pool: Pool, live: LiveCounts, number: int) -> None:
        writer = Writer(pool, redis)
        writer.live = live
        writer.inserter = type(writer.inserter)(late_seconds=3_600, on_commit=live.add)
        for batch in range(12):
            events = [
                Event(
                    id=UUID(int=number * 10_000 + batch * 100 + place, version=4),
                    item=chance.randint(1, 5),
                    type=chance.choice(["view", "like", "unlike", "comment"]),
                    occurred_at=START + timedelta(minutes=chance.choice([-200_000, -1, 0, 1])),
                    received_at=START,
                )
                for place in range(20)
            ]
            for event in events:
                stage.events[event.id] = event
            await writer.insert(events, stage.names)

    async with open_pool(settings) as pool, asyncio.TaskGroup() as group:
        group.create_task(publish())
        lives = [LiveCounts(redis, pool) for _ in range(4)]
        stop = asyncio.Event()
        for live in lives:
            group.create_task(live.run(stop))
        await asyncio.gather(*(write(pool, live, n) for n, live in enumerate(lives)))
        await stage.world.run(START + timedelta(seconds=1), forced=True)
        done.set()
        stop.set()

    async def settled() -> bool:
        await stage.flush()
        return not await redis.exists(keys.TOP_HOLD)

    await eventually(settled)
    assert replaced >= len(LISTS)
    await stage.assert_recounted()
