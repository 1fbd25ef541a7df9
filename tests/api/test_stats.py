"""`GET /analytics/stats/{id}`: fresh, refreshed by one caller, and through every outage."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import msgspec
import pytest
import redis.asyncio

from app.errors import UnavailableError
from app.main import create_app
from app.runtime.pool import Pool, open_pool
from app.runtime.redis_client import open_redis
from app.runtime.sql import Connection
from app.settings import Settings
from app.stats import cache as serving_stats
from app.stats import keys
from app.stats import queries as database_stats
from app.stats.cache import DATABASE_PAUSE, StatsCache
from app.stats.wire import ItemStats
from tests.api.conftest import problem
from tests.engines import Engine
from tests.eventually import eventually
from tests.lifespan import client_of
from tests.serving import api_of
from tests.sql.oracle import Event
from tests.sql.world import World
from tests.tokens import SECRET, signed_in
from tests.writing import running_writer

STATS = "/analytics/stats"
COUNTS = ("views", "likes", "comments", "shares", "watchSeconds")


class Queries:
    """Counts the queries that reach the database, by item; `gate` holds them back when cleared."""

    def __init__(self) -> None:
        self.of = Counter[str]()
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(
        self, connection: Connection, *, content_type: str, content_id: str, as_of: datetime
    ) -> ItemStats | None:
        self.of[content_id] += 1
        await self.gate.wait()
        return await database_stats.item_stats(
            connection, content_type=content_type, content_id=content_id, as_of=as_of
        )


@pytest.fixture
def queries(monkeypatch: pytest.MonkeyPatch) -> Queries:
    counted = Queries()
    monkeypatch.setattr(serving_stats, "item_stats", counted)
    return counted


async def viewed(pool: Pool, views: int, content_id: str = "a") -> None:
    """Insert that many views of now, past the API and the writer."""
    async with pool.connection() as connection:
        await connection.execute(
            """
            with known as (
                select * from api.resolve_items(array['video'], array[%(content_id)s])
            ),
            inserted as (
                insert into core.event
                    (event_id, occurred_at, received_at, item_id, event_type, count)
                select gen_random_uuid(), now(), now(), known.item_id, 'view', %(views)s from known
                returning *
            )
            insert into core.score_feed (item_id, occurred_at, event_type, count)
            select item_id, occurred_at, event_type, count from inserted
            """,
            {"views": views, "content_id": content_id},
        )


async def stats_of(api: httpx.AsyncClient, content_id: str = "a") -> dict[str, Any]:
    answer = await api.get(f"{STATS}/{content_id}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_counts_of_today_this_month_and_ever(world: World, api: httpx.AsyncClient) -> None:
    item = await world.item("é ü %", content_type="movie")
    now = datetime.now(UTC)
    for type_, count in (("view", 7), ("like", 3), ("unlike", 1), ("comment", 2), ("share", 4)):
        await world.insert(
            [Event(item=item, type=type_, occurred_at=now, received_at=now, count=count)]
        )
    answer = await api.get(f"{STATS}/%C3%A9%20%C3%BC%20%25", params={"contentType": "movie"})
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert (found.pop("contentId"), found.pop("contentType")) == ("é ü %", "movie")
    assert datetime.fromisoformat(found.pop("asOf")).tzinfo == UTC
    assert not found.pop("stale")
    assert found.pop("zone") == "UTC"
    expected = dict(zip(COUNTS, (7, 2, 2, 4, 0), strict=True))
    assert found == {
        f"{name}{period}": count
        for name, count in expected.items()
        for period in ("Today", "Month", "Total")
    }
    assert answer.headers["cache-control"] == "public, no-cache"


async def test_a_colon_in_a_name_makes_no_other_item(world: World, api: httpx.AsyncClient) -> None:
    one = await world.item("abc:def")
    other = await world.item("def", content_type="video:abc")
    await world.happened(one, "view", 3)
    await world.happened(other, "view", 5)
    assert (await stats_of(api, "abc:def"))["viewsTotal"] == 3
    answer = await api.get(f"{STATS}/def", params={"contentType": "video:abc"})
    assert answer.json()["viewsTotal"] == 5


async def test_counts_have_64_bits(world: World, api: httpx.AsyncClient) -> None:
    item = await world.item("a")
    for _ in range(5):
        await world.happened(item, "view", 1_000_000_000)
    assert (await stats_of(api))["viewsTotal"] == 5_000_000_000


@pytest.mark.usefixtures("clean")
async def test_an_unknown_item_is_not_found_and_asked_for_once_a_second(
    api: httpx.AsyncClient, pool: Pool, queries: Queries
) -> None:
    for _ in range(3):
        answer = await api.get(f"{STATS}/nobody")
        assert "'nobody'" in await problem(answer, 404, "unknown-item")
    assert queries.of["nobody"] == 1
    await viewed(pool, 2, "nobody")

    async def known() -> bool:
        return (await api.get(f"{STATS}/nobody")).status_code == 200

    await eventually(known, within=3)


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


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("a%00", "contentId"),
        ("x" * 201, "contentId"),
        ("a?contentType=", "contentType"),
        ("a?contentType=%00", "contentType"),
        ("a?contentType=" + "x" * 201, "contentType"),
    ],
)
async def test_a_wrong_parameter_is_named(api: httpx.AsyncClient, path: str, name: str) -> None:
    answer = await api.get(f"{STATS}/{path}")
    assert (await problem(answer, 400, "bad-request")).startswith(f"{name}:")


@pytest.mark.usefixtures("clean")
async def test_stats_are_read_from_redis_while_they_are_fresh(
    api: httpx.AsyncClient, pool: Pool, redis: redis.asyncio.Redis, queries: Queries
) -> None:
    await viewed(pool, 1)
    first = await stats_of(api)
    await viewed(pool, 1)
    assert await stats_of(api) == first
    assert queries.of["a"] == 1
    fresh_ms = await redis.pttl(keys.stats_fresh("video", "a"))
    assert 29_000 < fresh_ms <= 30_000


@pytest.mark.usefixtures("clean")
async def test_fifty_callers_on_expiry_make_one_query(
    api: httpx.AsyncClient, pool: Pool, redis: redis.asyncio.Redis, queries: Queries
) -> None:
    await viewed(pool, 1)
    await stats_of(api)
    await viewed(pool, 1)
    await redis.unlink(keys.stats_fresh("video", "a"), keys.stats_lock("video", "a"))
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
    # What the writer does after it has committed another event.
    await redis.unlink(keys.stats_fresh("video", "a"))
    queries.gate.set()
    await refreshing
    assert not await redis.exists(keys.stats_fresh("video", "a"))


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


@asynccontextmanager
async def api_on(engine: Engine) -> AsyncIterator[tuple[httpx.AsyncClient, Pool]]:
    own = Settings(
        database_url=engine.database_url,
        redis_url=engine.redis_url,
        database_timeout=3,
        redis_timeout=1,
        stats_fresh_seconds=0.1,
        pool_size=4,
    )
    async with client_of(create_app(own)) as client, open_pool(own) as pool:
        await pool.wait()
        yield client, pool


async def test_either_may_be_down_but_not_both(
    own_engine: Callable[..., Awaitable[Engine]],
) -> None:
    engine = await own_engine()
    async with api_on(engine) as (api, pool):
        await viewed(pool, 1)
        assert (await stats_of(api))["viewsTotal"] == 1

        await engine.kill_redis()
        await viewed(pool, 1)
        from_sql = await stats_of(api)
        assert (from_sql["viewsTotal"], from_sql["stale"]) == (2, False)
        await problem(await api.get(f"{STATS}/nobody"), 404, "unknown-item")

        await engine.start_redis()

        async def is_stored() -> bool:
            async with open_redis(Settings(redis_url=engine.redis_url)) as client:
                await stats_of(api)
                return bool(await client.exists(keys.stats_value("video", "a")))

        await eventually(is_stored)
        before = await stats_of(api)

        await engine.kill_database()

        async def is_stale() -> dict[str, Any] | None:
            found = await stats_of(api)
            return found if found["stale"] else None

        stale = await eventually(is_stale)
        assert stale == {**before, "asOf": stale and stale["asOf"], "stale": True}
        unknown = await api.get(f"{STATS}/never-asked-for")
        await problem(unknown, 503, "unavailable")
        assert int(unknown.headers["retry-after"]) >= 1

        await engine.kill_redis()
        neither = await api.get(f"{STATS}/a")
        await problem(neither, 503, "unavailable")
        assert int(neither.headers["retry-after"]) >= 1

        await engine.start_redis()
        await engine.start_database()
        await eventually(lambda: _has_healed(api), within=20)


async def _has_healed(api: httpx.AsyncClient) -> bool:
    answer = await api.get(f"{STATS}/a")
    return answer.status_code == 200 and not answer.json()["stale"]


@pytest.mark.usefixtures("clean")
async def test_callers_of_a_dead_database_do_not_wait_for_it_one_by_one(
    settings: Settings, redis: redis.asyncio.Redis
) -> None:
    now = 100.0
    nowhere = msgspec.structs.replace(
        settings, database_url="postgresql://postgres@127.0.0.1:1/nothing", database_timeout=0.2
    )
    async with open_pool(nowhere) as pool:
        cache = StatsCache(settings=nowhere, pool=pool, redis=redis, clock=lambda: now)
        began = asyncio.get_running_loop().time()
        for number in range(20):
            with pytest.raises(UnavailableError) as failed:
                await cache.get(content_type="video", content_id=f"i{number}")
            assert failed.value.retry_after >= DATABASE_PAUSE
        assert asyncio.get_running_loop().time() - began < 2
