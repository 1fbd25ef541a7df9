"""Rate limits by key and by client: what is refused, what is told, and what an outage lets pass."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import httpx
import msgspec
import pytest
from redis.asyncio import Redis

from app.runtime.pool import Pool, open_pool
from app.settings import Settings
from tests.engines import Engine
from tests.serving import api_of, bearer, make_key
from tests.writing import waiting, written

VIEW = {"type": "view", "contentId": "a"}


async def record(
    api: httpx.AsyncClient, events: int = 1, headers: dict[str, str] | None = None
) -> httpx.Response:
    return await api.post("/analytics/events", json=[VIEW] * events, headers=headers)


@pytest.mark.usefixtures("clean")
async def test_a_key_has_its_own_limit_or_the_settings(
    settings: Settings, pool: Pool, redis: Redis
) -> None:
    own, other = await make_key(pool, rate_limit=5), await make_key(pool)
    async with api_of(msgspec.structs.replace(settings, rate_limit_per_minute=3)) as api:
        first = await record(api, 4, bearer(own))
        assert first.status_code == 202
        assert first.headers["ratelimit-policy"] == '"key";q=5;w=60'
        assert first.headers["ratelimit"] == '"key";r=1;t=48'
        assert first.headers["ratelimit-limit"] == "5"
        assert first.headers["ratelimit-remaining"] == "1"
        assert first.headers["ratelimit-reset"] == "48"

        refused = await record(api, 2, bearer(own))
        assert refused.status_code == 429
        assert refused.json()["type"] == "/problems/rate-limited"
        assert 11 <= int(refused.headers["retry-after"]) <= 12
        assert refused.headers["ratelimit-remaining"] == "1"
        assert await waiting(redis) == 1

        assert (await record(api, 1, bearer(own))).status_code == 202
        assert (await record(api, 3, bearer(other))).status_code == 202
        assert (await record(api, 1, bearer(other))).status_code == 429
        assert "ratelimit" not in (await record(api, 9)).headers


@pytest.mark.usefixtures("clean")
async def test_a_request_larger_than_the_limit_needs_a_full_bucket(
    settings: Settings, redis: Redis
) -> None:
    async with api_of(msgspec.structs.replace(settings, client_rate_limit_per_minute=7)) as api:
        large = await record(api, 70)
        assert large.status_code == 202
        assert large.headers["ratelimit-remaining"] == "0"
        refused = await record(api, 1)
        assert 540 <= int(refused.headers["retry-after"]) <= 550
        assert await waiting(redis) == 1


@pytest.mark.usefixtures("clean")
@pytest.mark.parametrize(
    ("query", "events", "status"),
    [
        ("?validate=true", [VIEW] * 4, 200),
        ("?validate=true", [{}] * 4, 422),
        ("", [{}] * 4, 422),
        ("", [VIEW, {}, {}, {}], 202),
        ("?wait=true", [{}] * 4, 422),
    ],
)
async def test_what_is_refused_or_only_looked_at_costs_as_much(
    settings: Settings, query: str, events: list[dict[str, str]], status: int
) -> None:
    async with api_of(msgspec.structs.replace(settings, client_rate_limit_per_minute=6)) as api:
        first = await api.post(f"/analytics/events{query}", json=events)
        assert (first.status_code, first.headers["ratelimit-remaining"]) == (status, "2")
        second = await api.post(f"/analytics/events{query}", json=events)
        assert second.status_code == 429
        assert int(second.headers["retry-after"]) >= 1


@pytest.mark.usefixtures("clean")
async def test_a_body_without_events_costs_as_much_as_one(settings: Settings) -> None:
    async with api_of(msgspec.structs.replace(settings, client_rate_limit_per_minute=2)) as api:
        statuses = [
            (await api.post("/analytics/events", content=body)).status_code
            for body in (b"nope", b"[" * 60_000, b"nope")
        ]
    assert statuses == [400, 413, 429]


@pytest.mark.usefixtures("clean")
async def test_clients_are_told_apart_by_what_trusted_proxies_say(
    settings: Settings, pool: Pool, redis: Redis
) -> None:
    own = msgspec.structs.replace(
        settings, client_rate_limit_per_minute=1, trusted_proxies="10.0.0.0/8"
    )

    server = await make_key(pool)

    async def via(api: httpx.AsyncClient, hops: str) -> int:
        return (await record(api, headers={"x-forwarded-for": hops})).status_code

    async with api_of(own, peer="10.0.0.9") as api:
        assert await via(api, "192.0.2.1") == 202
        assert await via(api, "192.0.2.2, 10.1.2.3") == 202
        assert await via(api, "8.8.8.8, 192.0.2.1") == 429
        assert await via(api, "2001:db8::1") == 202
        assert await via(api, "2001:db8::2") == 429
        for _ in range(3):
            assert (await record(api, headers=bearer(server))).status_code == 202
    async with api_of(own, peer="203.0.113.1") as api:
        assert await via(api, "192.0.2.7") == 202
        assert await via(api, "192.0.2.8") == 429
    for key in await redis.keys():
        assert b"192.0.2" not in key


async def test_without_redis_there_is_no_limit(
    own_engine: Callable[..., Awaitable[Engine]],
) -> None:
    engine = await own_engine()
    own = Settings(
        database_url=engine.database_url,
        redis_url=engine.redis_url,
        client_rate_limit_per_minute=2,
        redis_timeout=1,
    )
    async with api_of(own) as api, open_pool(own) as pool:
        assert (await record(api, 2)).status_code == 202
        assert (await record(api, 1)).status_code == 429
        await engine.kill_redis()
        for _ in range(3):
            assert (await record(api, 2)).status_code == 202
        assert (await written(pool)).rows == 6
        metrics = (await api.get("/metrics")).text
        assert 'groundswell_unlimited_total{limit="rate"}' in metrics
