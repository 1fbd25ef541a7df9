"""Recording while Redis, the database, or both are down, or too much waits."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import httpx
import msgspec
import pytest
from redis.asyncio import Redis

from app.ingest import keys
from app.ingest.stream import Entry, to_fields
from app.runtime.moments import unix_microseconds
from app.runtime.pool import open_pool
from app.runtime.redis_client import open_redis
from app.settings import Settings
from tests.engines import Engine
from tests.eventually import eventually
from tests.serving import api_of
from tests.writing import Written, packed, running_writer, waiting, written

VIEW = {"type": "view", "contentId": "a"}


@pytest.mark.usefixtures("clean")
@pytest.mark.parametrize(
    ("limit", "status", "detail"),
    [
        ({"max_stream_entries": 3}, 429, "3 entries wait to be written"),
        ({"max_stream_bytes": 200}, 429, "0 MB of events wait to be written"),
        ({"max_stream_seconds": 60}, 503, "events have been waiting"),
    ],
    ids=["entries", "bytes", "seconds"],
)
async def test_when_too_much_waits_or_too_long_it_says_so_and_takes_nothing(
    settings: Settings, redis: Redis, limit: dict[str, int], status: int, detail: str
) -> None:
    for age in (120, 80, 1):
        entry = Entry(unix_microseconds(), [packed()])
        milliseconds = unix_microseconds() // 1_000 - 1_000 * age
        fields: dict[Any, Any] = dict(to_fields(entry))
        await redis.xadd(keys.EVENT_STREAM, fields, id=f"{milliseconds}-0")
    async with api_of(msgspec.structs.replace(settings, **limit)) as api:
        answer = await api.post("/analytics/events", json=VIEW)
        assert answer.status_code == status
        problem = {429: "/problems/overloaded", 503: "/problems/unavailable"}[status]
        assert answer.json()["type"] == problem
        assert answer.json()["detail"].startswith(detail)
        assert int(answer.headers["retry-after"]) >= 1
        assert await waiting(redis) == 3
        await redis.flushall()

        async def taken() -> bool:
            return (await api.post("/analytics/view/a")).status_code == 202

        await eventually(taken)


@pytest.mark.usefixtures("clean")
async def test_a_full_redis_counts_as_down(settings: Settings, redis: Redis) -> None:
    await redis.config_set("maxmemory", 1)
    try:
        async with api_of(settings) as api, open_pool(settings) as pool:
            assert (await api.post("/analytics/events", json=[VIEW] * 3)).status_code == 202
            assert await written(pool) == Written(rows=3, ids=3, fed=3, views=3)
    finally:
        await redis.config_set("maxmemory", 0)


async def test_either_may_be_down_but_not_both(
    own_engine: Callable[..., Awaitable[Engine]],
) -> None:
    engine = await own_engine()
    own = Settings(
        database_url=engine.database_url,
        redis_url=engine.redis_url,
        batch_seconds=0.02,
        database_timeout=1,
        redis_timeout=1,
    )
    known = {**VIEW, "id": str(uuid4())}
    async with api_of(own) as api, open_pool(own) as pool, open_redis(own) as redis:
        await pool.wait()
        async with running_writer(own, pool, redis):
            assert (await api.post("/analytics/events?wait=true", json=[known])).status_code == 200

            await engine.kill_redis()
            direct = await api.post("/analytics/events", json=[known, VIEW, {**VIEW, "id": "?"}])
            assert direct.status_code == 202
            assert direct.json()["accepted"] == 2
            assert await written(pool) == Written(rows=2, ids=2, fed=2, views=2)
            assert (await api.post("/analytics/view/a?wait=true")).status_code == 200

            await engine.kill_database()
            refused = await api.post("/analytics/view/a")
            assert refused.status_code == 503
            assert refused.json()["type"] == "/problems/unavailable"
            assert int(refused.headers["retry-after"]) >= 1

            await engine.start_redis()
            await eventually(lambda: _is_taken(api, known))
            await engine.start_database()
            await eventually(lambda: _settled(redis), within=30)
        assert await written(pool) == Written(rows=3, ids=3, fed=3, views=3)


async def _is_taken(api: httpx.AsyncClient, event: dict[str, str]) -> bool:
    return (await api.post("/analytics/events", json=event)).status_code == 202


async def _settled(redis: Redis) -> bool:
    return await waiting(redis) == 0
