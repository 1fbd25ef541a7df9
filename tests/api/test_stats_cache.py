"""Cached stats: fresh, refreshed by one caller, and never older than what was waited for."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import msgspec
import pytest
import redis.asyncio

from app.runtime.pool import Pool
from app.runtime.redis_client import open_redis
from app.settings import Settings
from app.stats import scripts
from app.stats.cache import StatsCache
from app.stats.invalidation import forget
from app.stats.keys import item_keys
from app.stats.reads import SharedReads
from app.stats.warmer import MOST, top_of
from tests.api.conftest import Stage, problem
from tests.api.stats_stage import STATS, A, Queries, age, committed, is_so, stats_of, viewed
from tests.eventually import eventually
from tests.serving import api_of
from tests.sql.world import World
from tests.tokens import SECRET, signed_in
from tests.writing import running_writer


@pytest.mark.usefixtures("clean")
async def test_an_unknown_item_is_remembered_until_it_is_named(
    api: httpx.AsyncClient, redis: redis.asyncio.Redis, queries: Queries
) -> None:
    for _ in range(3):
        answer = await api.get(f"{STATS}/nobody")
        assert "'nobody'" in await problem(answer, 404, "unknown-item")
    assert queries.of["nobody"] == 1
    assert 29_000 < await redis.pttl(item_keys("video", "nobody").served) <= 30_000
    assert (await api.put("/items", json={"contentId": "nobody"})).status_code == 200
    assert (await stats_of(api, "nobody"))["viewsTotal"] == 0


async def test_what_was_waited_for_is_read_whatever_its_age(
    world: World, settings: Settings, pool: Pool, redis: redis.asyncio.Redis
) -> None:
    """A 404 of a moment ago ends with the first event; so does a value of a moment ago."""
    fast = msgspec.structs.replace(settings, batch_seconds=0.02, jwt_secret=SECRET)
    async with running_writer(fast, pool, redis), api_of(fast) as api:
        assert (await api.get(f"{STATS}/a")).status_code == 404
        now = datetime.now(UTC)
        expected = 0
        for age in (0.0, 90.0, 86_400.0, 3 * 86_400.0, 20 * 86_400.0):
            at = (now - timedelta(seconds=age)).isoformat()
            event = {"type": "view", "contentId": "a", "occurredAt": at, "count": 3}
            answer = await api.post("/analytics/events", params={"wait": "true"}, json=event)
            assert answer.status_code == 200, answer.text
            expected += 3
            assert (await stats_of(api))["viewsTotal"] == expected
        # They are not scored yet, nor is any aggregate refreshed.
        assert await world.value("select count(*) from core.score_feed") == 5
        liked = await api.put("/items/a/like", headers=signed_in("ada"))
        assert liked.status_code == 200, liked.text
        assert (await stats_of(api))["likesTotal"] == 1


@pytest.mark.usefixtures("clean")
async def test_stats_are_read_from_redis_while_they_are_fresh(
    api: httpx.AsyncClient, pool: Pool, redis: redis.asyncio.Redis, queries: Queries
) -> None:
    await viewed(pool, 1)
    first = await stats_of(api)
    await viewed(pool, 1)
    assert await stats_of(api) == first
    assert queries.of["a"] == 1
    assert 29_000 < await redis.pttl(A.served) <= 30_000


@pytest.mark.usefixtures("clean")
async def test_fifty_callers_on_expiry_make_one_query(
    api: httpx.AsyncClient, pool: Pool, redis: redis.asyncio.Redis, queries: Queries
) -> None:
    await viewed(pool, 1)
    await stats_of(api)
    await viewed(pool, 1)
    await age(redis, seconds=31)
    queries.gate.clear()
    asked = [asyncio.create_task(stats_of(api)) for _ in range(50)]

    async def others_are_answered() -> bool:
        return sum(task.done() for task in asked) == 49

    await eventually(others_are_answered)
    assert {task.result()["viewsTotal"] for task in asked if task.done()} == {1}
    queries.gate.set()
    answers = await asyncio.gather(*asked)
    assert sorted(answer["viewsTotal"] for answer in answers) == [1] * 49 + [2]
    assert (await stats_of(api))["viewsTotal"] == 2
    assert queries.of["a"] == 2


@pytest.mark.usefixtures("clean")
async def test_fifty_callers_of_a_new_item_make_one_query(
    api: httpx.AsyncClient, pool: Pool, queries: Queries
) -> None:
    await viewed(pool, 3)
    answers = await asyncio.gather(*(stats_of(api) for _ in range(50)))
    assert {answer["viewsTotal"] for answer in answers} == {3}
    assert queries.of["a"] == 1


@pytest.mark.usefixtures("clean")
async def test_an_event_during_a_refresh_is_not_hidden_by_it(
    api: httpx.AsyncClient, pool: Pool, redis: redis.asyncio.Redis, queries: Queries
) -> None:
    await viewed(pool, 1)
    queries.gate.clear()
    refreshing = asyncio.create_task(stats_of(api))

    async def has_begun() -> bool:
        return queries.of["a"] == 1

    await eventually(has_begun)
    await viewed(pool, 1)
    await committed(redis)
    queries.gate.set()
    assert (await refreshing)["viewsTotal"] == 1
    assert not await redis.exists(A.served)
    assert (await stats_of(api))["viewsTotal"] == 2


@pytest.mark.usefixtures("clean")
async def test_a_new_event_shows_within_five_seconds(
    api: httpx.AsyncClient, settings: Settings, pool: Pool, redis: redis.asyncio.Redis
) -> None:
    async with running_writer(settings, pool, redis):
        for views in (1, 2, 3):
            assert (await api.post("/analytics/view/a")).status_code == 202

            async def shows(views: int = views) -> bool:
                answer = await api.get(f"{STATS}/a")
                return answer.status_code == 200 and answer.json()["viewsTotal"] == views

            await eventually(shows, within=5)


@pytest.mark.usefixtures("clean")
@pytest.mark.parametrize("seconds", [31, 61])
async def test_an_old_value_is_shown_during_a_refresh_up_to_twice_its_time(
    api: httpx.AsyncClient,
    pool: Pool,
    redis: redis.asyncio.Redis,
    queries: Queries,
    seconds: int,
) -> None:
    await viewed(pool, 1)
    await stats_of(api)
    await viewed(pool, 1)
    await age(redis, seconds=seconds)
    queries.gate.clear()
    refreshing = asyncio.create_task(stats_of(api))
    await eventually(lambda: is_so(queries.of["a"] == 2))
    asked = asyncio.create_task(stats_of(api))
    if seconds == 61:
        assert not (await asyncio.wait({asked}, timeout=0.1))[0]
        queries.gate.set()
    assert (await asked)["viewsTotal"] == (1 if seconds == 31 else 2)
    queries.gate.set()
    assert (await refreshing)["viewsTotal"] == 2


@pytest.mark.usefixtures("clean")
async def test_a_write_that_is_waited_for_is_read_on_every_process_during_any_refresh(
    settings: Settings, pool: Pool, redis: redis.asyncio.Redis, queries: Queries
) -> None:
    """A refresh held between its query and its store, on one process, hides nothing on another."""
    other = msgspec.structs.replace(settings, pool_size=3)
    async with api_of(settings) as one, api_of(other) as two:
        await viewed(pool, 1)
        await stats_of(one)
        await age(redis, seconds=31)
        queries.gate.clear()
        held = asyncio.create_task(stats_of(one))
        await eventually(lambda: is_so(queries.of["a"] == 2))
        await viewed(pool, 1)
        await committed(redis, awaited=True)
        # Both begin after the write; the second waits for the first, not for what is held.
        after = [asyncio.create_task(stats_of(api)) for api in (two, one)]
        await eventually(lambda: is_so(queries.of["a"] == 3))
        queries.gate.set()
        assert [(await each)["viewsTotal"] for each in after] == [2, 2]
        assert (await held)["viewsTotal"] == 1
        for api in (one, two):
            assert (await stats_of(api))["viewsTotal"] == 2
        assert queries.of["a"] == 3


@pytest.mark.usefixtures("clean")
@pytest.mark.parametrize("done", [0, 1, 2])
async def test_a_refresh_that_ends_while_a_commit_is_told_hides_nothing(
    redis: redis.asyncio.Redis, done: int
) -> None:
    """Redis hears of a commit in two steps; an older refresh ends before, between or after them."""
    async with redis.pipeline(transaction=False) as pipe:
        forget(pipe, [("video", "a")], awaited=[("video", "a")])
        steps = [command[0] for command in pipe.command_stack]
    assert len(steps) == 2

    async def look(token: str) -> bytes:
        async with redis.pipeline(transaction=False) as pipe:
            scripts.look(pipe, A, token=token, claim_ms=9_000, last_ms=90_000, shown_ms=60_000)
            ((state, _),) = await pipe.execute()
        return bytes(state)

    async def keep(token: str) -> None:
        async with redis.pipeline(transaction=False) as pipe:
            scripts.keep(pipe, A, token=token, value=b"{}", served_ms=30_000, last_ms=90_000)
            await pipe.execute()

    assert await look("older") == b"claimed"
    send: Any = redis.execute_command
    for step in steps[:done]:
        await send(*step)
    await keep("older")
    for step in steps[done:]:
        await send(*step)
    # One refreshes, and whoever comes meanwhile waits for it.
    assert [await look("newer"), await look("newest")] == [b"claimed", b"awaited"]
    await keep("newer")
    assert await look("newest") == b"served"


@pytest.mark.usefixtures("clean")
async def test_commits_one_after_another_cost_a_few_queries_at_once_and_then_one_a_second(
    api: httpx.AsyncClient, pool: Pool, redis: redis.asyncio.Redis, queries: Queries
) -> None:
    await viewed(pool, 1)
    await stats_of(api)
    for _ in range(20):
        await committed(redis)
        await stats_of(api)
    # The first, four at once, and one for each second that the machine has taken.
    assert 5 <= queries.of["a"] <= 8
    await redis.unlink(A.due)
    await viewed(pool, 1)
    await committed(redis)
    assert (await stats_of(api))["viewsTotal"] == 2


async def test_read_your_writes_on_two_processes(
    world: World, settings: Settings, pool: Pool, redis: redis.asyncio.Redis
) -> None:
    """Read, act, read, on the process that did not take the write; a 404 and likes included."""
    fast = msgspec.structs.replace(settings, batch_seconds=0.02, jwt_secret=SECRET)
    other = msgspec.structs.replace(fast, pool_size=3)
    async with running_writer(fast, pool, redis), api_of(fast) as one, api_of(other) as two:
        assert (await two.get(f"{STATS}/a")).status_code == 404
        for turn in range(1, 6):
            answer = await one.post("/analytics/view/a", params={"wait": "true"})
            assert answer.status_code == 200, answer.text
            assert (await stats_of(two))["viewsTotal"] == turn
            wanted = await one.put("/items/a/like", headers=signed_in(f"user {turn}"))
            assert wanted.status_code == 200, wanted.text
            assert (await stats_of(two))["likesTotal"] == turn
    assert await world.value("select count(*) from core.event") == 10


async def test_what_is_at_the_top_is_warm_after_each_run(
    stage: Stage, redis: redis.asyncio.Redis, queries: Queries
) -> None:
    """By one statement; nobody has asked for any of it."""
    for number, name in enumerate("ab", start=1):
        await stage.world.happened(await stage.world.item(name), "view", number)
    await stage.show()

    async def is_warm() -> bool:
        return await redis.exists(A.served, item_keys("video", "b").served) == 2

    await eventually(is_warm)
    assert (queries.statements, queries.of["a"]) == (1, 1)


def test_the_first_places_of_all_lists_come_before_the_second_ones_of_any() -> None:
    long = [("video", f"l{place}") for place in range(MOST)]
    short = [("movie", "s0"), ("video", "l0"), ("movie", "s1")]
    best = top_of([long, short, []])
    assert best[:5] == [
        ("video", "l0"), ("movie", "s0"), ("video", "l1"), ("video", "l2"), ("movie", "s1"),
    ]  # fmt: skip
    assert len(best) == len(set(best)) == MOST


@pytest.mark.usefixtures("clean")
async def test_what_redis_was_not_told_of_is_told_before_the_next_read(
    settings: Settings, pool: Pool, redis: redis.asyncio.Redis
) -> None:
    nowhere = msgspec.structs.replace(settings, redis_url="redis://127.0.0.1:1/0")
    async with open_redis(nowhere) as dead:
        cache = StatsCache(settings=settings, pool=pool, redis=redis)
        await viewed(pool, 1)
        assert b'"viewsTotal":1,' in await cache.get(content_type="video", content_id="a")
        await viewed(pool, 1)
        cache.redis = dead
        cache._reads = SharedReads(dead)
        await cache.end([("video", "a")])
        assert b'"viewsTotal":2,' in await cache.get(content_type="video", content_id="a")
        cache.redis = redis
        cache._reads = SharedReads(redis)
        assert await cache.served([("video", "a")]) == [None]
        assert b'"viewsTotal":2,' in await cache.get(content_type="video", content_id="a")
