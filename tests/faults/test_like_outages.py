"""Likes while Redis or the database is down: exact, or 503, and right again by itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import NamedTuple

import httpx
import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError

from app.likes import keys
from app.likes.queries import LikeState, like_state
from app.likes.reconciler import LikeReconciler, Mended
from app.runtime.pool import Pool, open_pool
from app.runtime.redis_client import open_redis
from app.settings import Settings
from tests.api.conftest import problem
from tests.engines import Engine, Home
from tests.eventually import eventually
from tests.liking import shown, toggle
from tests.serving import api_of
from tests.tokens import SECRET, signed_in

KEY = keys.like_count("video", "a")


class Breakable(NamedTuple):
    """An API whose engine nobody else uses."""

    api: httpx.AsyncClient
    engine: Engine
    pool: Pool
    redis: Redis
    settings: Settings


@pytest.fixture(scope="module")
async def breakable(
    home: Home, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Breakable]:
    engine = await home.engine(tmp_path_factory.mktemp("likes"))
    own = Settings(
        database_url=engine.database_url,
        redis_url=engine.redis_url,
        jwt_secret=SECRET,
        redis_timeout=1,
        database_timeout=3.0,
        pool_size=4,
    )
    async with api_of(own) as api, open_pool(own) as pool, open_redis(own) as redis:
        yield Breakable(api, engine, pool, redis, own)
    await engine.stop()


async def test_redis_goes_and_comes_back_with_what_it_had(breakable: Breakable) -> None:
    api, engine, pool, redis, own = breakable
    assert await toggle(api) == (True, 1)
    await redis.config_set("appendonly", "yes")
    await redis.config_set("appendfsync", "always")

    async def is_on_disk() -> bool:
        return bool((await redis.info("persistence"))["aof_rewrite_in_progress"] == 0)

    await eventually(is_on_disk)
    await engine.kill_redis()
    for number in range(5):
        assert await toggle(api, f"user {number}") == (True, number + 2)
    assert await shown(api) == (True, 6)
    listed = await api.get("/items/liked", headers=signed_in("ada"))
    assert [item["contentId"] for item in listed.json()["items"]] == ["a"]
    await engine.start_redis()

    async def is_back() -> bool:
        return bool(await redis.ping())

    await eventually(lambda: _without_error(is_back))
    held = await redis.get(KEY)
    assert held in {None, b"1 1"}, "nobody has told it"
    reconciler = LikeReconciler(settings=own, pool=pool, redis=redis)
    seen = int(held is not None)
    assert await reconciler.reconcile() == Mended(compared=seen, mended=seen)
    assert await redis.get(KEY) == (held and b"6 6")
    assert await shown(api) == (True, 6)

    await redis.flushall()
    assert await shown(api) == (True, 6)
    assert await redis.get(KEY) == b"6 6"


async def test_without_the_database_nothing_is_promised(breakable: Breakable) -> None:
    api, engine, pool, redis, _ = breakable
    key = keys.like_count("video", "b")
    assert await toggle(api, item="b") == (True, 1)
    await engine.kill_database()
    calls = [(method, "/items/b/like") for method in ("POST", "PUT", "DELETE", "GET")]
    answers = await asyncio.gather(
        *(
            api.request(method, path, headers=signed_in("ada"))
            for method, path in [*calls, ("GET", "/items/liked")]
        )
    )
    for answer in answers:
        assert await problem(answer, 503, "unavailable")
        assert int(answer.headers["retry-after"]) >= 1
    # Nobody knows what a lost toggle came to: the count is to be asked for again.
    assert await redis.exists(key) == 0
    await engine.start_database()

    async def is_back() -> bool:
        return await shown(api, item="b") == (True, 1)

    await eventually(is_back, within=30)
    assert await toggle(api, item="b") == (False, 0)
    async with pool.connection() as connection:
        state = await like_state(connection, user_id="ada", content_type="video", content_id="b")
    assert state == LikeState(has_liked=False, likes=0, version=2)


async def _without_error(condition: Callable[[], Awaitable[bool]]) -> bool:
    try:
        return await condition()
    except (RedisError, OSError):
        return False
