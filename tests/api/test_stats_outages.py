"""Stats through every outage."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import msgspec
import pytest
import redis.asyncio

from app.errors import UnavailableError
from app.main import create_app
from app.runtime.pool import Pool, open_pool
from app.runtime.redis_client import open_redis
from app.settings import Settings
from app.stats.cache import DATABASE_PAUSE, StatsCache
from tests.api.conftest import problem
from tests.api.stats_stage import STATS, A, stats_of, viewed
from tests.engines import Engine
from tests.eventually import eventually
from tests.lifespan import client_of


@asynccontextmanager
async def api_on(
    engine: Engine, *, fresh_seconds: float = 0.1
) -> AsyncIterator[tuple[httpx.AsyncClient, Pool]]:
    own = Settings(
        database_url=engine.database_url,
        redis_url=engine.redis_url,
        database_timeout=3,
        redis_timeout=1,
        stats_fresh_seconds=fresh_seconds,
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
                return bool(await client.exists(A.last))

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


async def test_what_went_past_redis_is_read_as_soon_as_it_is_back(
    own_engine: Callable[..., Awaitable[Engine]],
) -> None:
    """Redis comes back with what it served before, and with half a minute to serve it."""
    engine = await own_engine()
    async with api_on(engine, fresh_seconds=60) as (api, pool):
        await viewed(pool, 1)
        before = await stats_of(api)
        await engine.kill_redis()
        answer = await api.post("/analytics/view/a", params={"wait": "true"})
        assert answer.status_code == 200, answer.text
        assert (await stats_of(api))["viewsTotal"] == 2
        await engine.start_redis()
        async with open_redis(Settings(redis_url=engine.redis_url)) as client:
            await eventually(client.ping)
            await client.set(A.served, msgspec.json.encode(before), ex=60)
        assert (await stats_of(api))["viewsTotal"] == 2


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
