"""The publisher: whole snapshots, one switch, whoever else publishes and whatever Redis loses."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any

import msgspec
import psycopg
import pytest
import redis.asyncio

from app.rankings import keys
from app.rankings import publisher as publishing
from app.rankings.follower import Follower
from app.rankings.publisher import CHANNEL, REPLACED_SECONDS, Publisher, run_publisher
from app.rankings.runs import snapshot_segments
from app.rankings.snapshot import HEAD, unpack
from app.rankings.snapshots import Snapshots
from app.runtime.notifications import of_database, of_redis
from app.runtime.pool import Pool, open_pool
from app.runtime.redis_client import open_redis
from app.settings import Settings
from tests.engines import Engine
from tests.eventually import eventually
from tests.sql.oracle import Event
from tests.sql.world import AS_OF, World

NAME = "trending_24h"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def publisher(settings: Settings, pool: Pool, redis: redis.asyncio.Redis) -> Publisher:
    return Publisher(settings=settings, pool=pool, redis=redis)


@pytest.fixture
async def one_list(world: World) -> World:
    """One ranking of thirty items."""
    await world.only(NAME)
    for number in range(30):
        item = await world.item(f"i{number:02}", category=f"c{number % 2}")
        await world.happened(item, "view", 1 + number)
    await world.run()
    return world


async def reorder(world: World, step: int) -> None:
    """Lift one item to the top, in a new run."""
    at = AS_OF + step * MINUTE
    event = Event(
        item=1 + step % 30, type="view", occurred_at=at, received_at=at, count=1_000 * step
    )
    await world.insert([event])
    await world.run(at)


async def newest(world: World) -> int:
    return int(await world.value("select run_id from api.latest_run where ranking = %s", NAME))


async def pointed(client: redis.asyncio.Redis) -> int:
    return int(await client.hget(keys.TRENDING_CURRENT, NAME) or 0)


async def held(client: redis.asyncio.Redis, run_id: int, segment: bytes = b"") -> list[str]:
    """Return the ids in a published list; every field of the hash must be there."""
    head, items = await client.hmget(keys.trending_snapshot(NAME, run_id), [HEAD, segment])
    assert isinstance(head, bytes)
    assert isinstance(items, bytes)
    snapshot = unpack(head, items)
    return [msgspec.json.decode(item)["contentId"] for item in snapshot.items]


async def test_a_run_is_published_once(
    one_list: World, publisher: Publisher, redis: redis.asyncio.Redis
) -> None:
    assert await publisher.publish() == 1
    assert await publisher.publish() == 0
    run_id = await newest(one_list)
    assert await pointed(redis) == run_id
    assert (await held(redis, run_id))[:2] == ["i29", "i28"]
    assert (await held(redis, run_id, b"category:c0"))[:2] == ["i28", "i26"]
    assert await redis.ttl(keys.trending_snapshot(NAME, run_id)) > 200


async def test_a_run_that_finds_nothing_new_renews_what_redis_keeps(
    one_list: World, publisher: Publisher, redis: redis.asyncio.Redis
) -> None:
    await publisher.publish()
    key = keys.trending_snapshot(NAME, await newest(one_list))
    await redis.expire(key, 5)
    await publisher.publish()
    assert await redis.ttl(key) <= 5, "nothing has happened"
    confirmed = AS_OF + timedelta(days=1)
    await one_list.execute("update core.ranking_run set confirmed_at = %s", confirmed)
    assert await publisher.publish() == 0
    assert await redis.ttl(key) > 200
    snapshots = Snapshots(max_age=5)
    follower = Follower(
        settings=publisher.settings, pool=publisher.pool, redis=redis, snapshots=snapshots
    )
    await follower.refresh()
    assert snapshots.current[NAME].as_of == confirmed


async def test_a_replaced_snapshot_stays_for_those_who_read_it(
    one_list: World, publisher: Publisher, redis: redis.asyncio.Redis
) -> None:
    await publisher.publish()
    before = await pointed(redis)
    await reorder(one_list, 1)
    await publisher.publish()
    assert await pointed(redis) == await newest(one_list) > before
    assert len(await held(redis, before)) == 30
    assert 0 < await redis.ttl(keys.trending_snapshot(NAME, before)) <= REPLACED_SECONDS


async def test_readers_meet_whole_snapshots_only(
    one_list: World, publisher: Publisher, redis: redis.asyncio.Redis
) -> None:
    await publisher.publish()
    done = asyncio.Event()
    seen = set[int]()

    async def read() -> None:
        last = 0
        while not done.is_set():
            run_id = await pointed(redis)
            assert run_id >= last, "went back to an older run"
            assert len(await held(redis, run_id)) == 30
            assert len(await held(redis, run_id, b"category:c1")) == 15
            seen.add(last := run_id)

    readers = [asyncio.create_task(read()) for _ in range(4)]
    runs = {await newest(one_list)}
    for step in range(1, 8):
        await reorder(one_list, step)
        await publisher.publish()
        runs.add(await newest(one_list))
        await eventually(lambda: _has_seen(seen, runs, readers))
    done.set()
    await asyncio.gather(*readers)
    assert seen == runs


async def _has_seen(seen: set[int], runs: set[int], readers: list[asyncio.Task[None]]) -> bool:
    for reader in readers:
        if reader.done():
            reader.result()
    return seen >= runs


async def test_two_publishers_agree_on_the_newest_run(
    one_list: World,
    publisher: Publisher,
    settings: Settings,
    pool: Pool,
    redis: redis.asyncio.Redis,
) -> None:
    async with open_redis(settings) as other_redis:
        other = Publisher(settings=settings, pool=pool, redis=other_redis)
        for step in range(1, 8):
            await reorder(one_list, step)
            await asyncio.gather(*(p.publish() for p in (publisher, other) * 3))
            assert await pointed(redis) == await newest(one_list)


async def test_a_slow_publisher_puts_no_older_run_over_a_newer_one(
    one_list: World,
    publisher: Publisher,
    settings: Settings,
    redis: redis.asyncio.Redis,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The slow one has read its run when the other publishes the next."""
    has_read, may_go_on = asyncio.Event(), asyncio.Event()

    async def slowly(*arguments: Any, **named: Any) -> Any:
        segments = await snapshot_segments(*arguments, **named)
        has_read.set()
        await may_go_on.wait()
        return segments

    monkeypatch.setattr(publishing, "snapshot_segments", slowly)
    slow = asyncio.create_task(publisher.publish())
    await has_read.wait()
    monkeypatch.setattr(publishing, "snapshot_segments", snapshot_segments)
    await reorder(one_list, 1)
    async with open_redis(settings) as other_redis:
        await Publisher(settings=settings, pool=publisher.pool, redis=other_redis).publish()
    may_go_on.set()
    await slow
    assert await pointed(redis) == await newest(one_list)


async def test_an_emptied_redis_is_filled_again(
    one_list: World, publisher: Publisher, redis: redis.asyncio.Redis
) -> None:
    await publisher.publish()
    await redis.flushall()
    assert await publisher.publish() == 1
    run_id = await newest(one_list)
    await redis.unlink(keys.trending_snapshot(NAME, run_id))
    assert await publisher.publish() == 1
    assert await pointed(redis) == run_id
    assert len(await held(redis, run_id)) == 30


async def test_a_disabled_ranking_is_withdrawn(
    one_list: World, publisher: Publisher, redis: redis.asyncio.Redis
) -> None:
    await publisher.publish()
    await one_list.execute("update core.ranking set enabled = false")
    await publisher.publish()
    assert not await redis.exists(keys.TRENDING_CURRENT, keys.TRENDING_WORDS)


async def test_it_publishes_when_it_is_notified_and_stops_when_told(
    one_list: World,
    settings: Settings,
    pool: Pool,
    redis: redis.asyncio.Redis,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("app.rankings.publisher.POLL_SECONDS", 600.0)
    stop = asyncio.Event()
    publisher = Publisher(settings=settings, pool=pool, redis=redis)
    notifications = of_database(settings, CHANNEL)
    task = asyncio.create_task(
        run_publisher(publisher=publisher, notifications=notifications, stop=stop)
    )
    for step in range(1, 4):
        await reorder(one_list, step)
        run_id = await newest(one_list)
        await eventually(partial(_points, redis, run_id))
    stop.set()
    await asyncio.wait_for(task, 5)


async def _points(client: redis.asyncio.Redis, run_id: int) -> bool:
    with suppress(redis.exceptions.RedisError):
        return await pointed(client) == run_id
    return False


async def test_it_outlives_both_servers_and_readers_keep_what_they_have(
    own_engine: Callable[..., Awaitable[Engine]],
) -> None:
    engine = await own_engine()
    own = Settings(
        database_url=engine.database_url,
        redis_url=engine.redis_url,
        database_timeout=1,
        redis_timeout=1,
    )
    stop, snapshots = asyncio.Event(), Snapshots(max_age=5)

    async def serves(run_id: int) -> bool:
        found = snapshots.current.get(NAME)
        return found is not None and found.run_id == run_id

    async def score(step: int) -> int:
        async with pool.connection() as connection:
            world = World(connection)
            if step == 0:
                await world.only(NAME)
                for number in range(30):
                    await world.item(f"i{number:02}")
            await reorder(world, step + 1)
            return await newest(world)

    async with open_pool(own) as pool, open_redis(own) as client:
        await pool.wait()
        publisher = Publisher(settings=own, pool=pool, redis=client)
        notifications = of_database(own, CHANNEL)
        task = asyncio.create_task(
            run_publisher(publisher=publisher, notifications=notifications, stop=stop)
        )
        follower = Follower(settings=own, pool=pool, redis=client, snapshots=snapshots)
        following = asyncio.create_task(follower.run(of_redis(client, keys.TRENDING_SWITCHED)))
        first = await score(0)
        await eventually(lambda: serves(first))

        await engine.kill_redis()
        second = await score(1)
        # Straight from the database.
        await eventually(lambda: serves(second), within=20)
        await engine.start_redis()
        await eventually(lambda: _points(client, second), within=20)

        await engine.kill_database()
        await engine.kill_redis()
        assert await serves(second)
        await engine.start_redis()
        await engine.start_database()
        third = await eventually(lambda: _scored(score), within=20)
        await eventually(lambda: serves(third), within=20)
        await eventually(lambda: _points(client, third), within=20)

        stop.set()
        await asyncio.wait_for(task, 10)
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following


async def _scored(score: Callable[[int], Awaitable[int]]) -> int:
    with suppress(psycopg.Error):
        return await score(2)
    return 0


async def test_an_older_pointer_of_a_restarted_redis_moves_nobody_back(
    one_list: World, publisher: Publisher, redis: redis.asyncio.Redis
) -> None:
    snapshots = Snapshots(max_age=5)
    follower = Follower(
        settings=publisher.settings, pool=publisher.pool, redis=redis, snapshots=snapshots
    )
    await publisher.publish()
    older = await redis.dump(keys.TRENDING_CURRENT)
    assert older is not None
    await reorder(one_list, 1)
    await publisher.publish()
    await follower.refresh()
    newer = await newest(one_list)
    await redis.restore(keys.TRENDING_CURRENT, 0, older, replace=True)
    for _ in range(2):
        await follower.refresh()
        assert snapshots.current[NAME].run_id == newer


async def test_a_database_that_was_put_back_is_followed(
    one_list: World, publisher: Publisher, redis: redis.asyncio.Redis
) -> None:
    snapshots = Snapshots(max_age=5)
    follower = Follower(
        settings=publisher.settings, pool=publisher.pool, redis=redis, snapshots=snapshots
    )
    before = await newest(one_list)
    await reorder(one_list, 1)
    await publisher.publish()
    await follower.refresh()
    await one_list.execute("delete from core.ranking_run where run_id > %s", before)
    await publisher.publish()
    await follower.refresh()
    assert snapshots.current[NAME].run_id == before
