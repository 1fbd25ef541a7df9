"""GROUNDSWELL_UNKNOWN_ITEMS=refuse: events of items that the catalogue does not have."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import msgspec
import pytest
import redis.asyncio
from prometheus_client import REGISTRY

from app.ingest import keys
from app.ingest.known_items import MISSING_SECONDS, KnownItems
from app.runtime.pool import Pool, open_pool
from app.runtime.redis_client import open_redis
from app.settings import Settings
from tests.api.conftest import problem
from tests.serving import api_of
from tests.sql.world import World

pytestmark = pytest.mark.usefixtures("clean")

A, B = ("video", "a"), ("video", "b")
NOWHERE = "127.0.0.1:1"
"""Where no server listens."""


@pytest.fixture
def refusing(settings: Settings) -> Settings:
    return msgspec.structs.replace(settings, unknown_items="refuse")


@pytest.fixture
async def strict(refusing: Settings) -> AsyncIterator[httpx.AsyncClient]:
    async with api_of(refusing) as client:
        yield client


def event(content_id: str) -> dict[str, str]:
    return {"type": "view", "contentId": content_id}


async def accepted(redis: redis.asyncio.Redis) -> int:
    return int(await redis.xlen(keys.EVENT_STREAM))


def untold() -> float:
    """Items that passed because nobody could tell."""
    return (
        REGISTRY.get_sample_value("groundswell_unlimited_total", {"limit": "unknown items"}) or 0.0
    )


@pytest.mark.parametrize("action", ["view", "like", "comment", "share"])
async def test_a_single_action_on_an_unknown_item_is_not_found(
    strict: httpx.AsyncClient, redis: redis.asyncio.Redis, action: str
) -> None:
    answer = await strict.post(f"/analytics/{action}/a")
    detail = "contentId: no video 'a' is in the catalogue"
    assert await problem(answer, 404, "unknown-item") == detail
    await strict.put("/items", json={"contentId": "a"})
    assert (await strict.post(f"/analytics/{action}/a")).status_code == 202
    other_type = await strict.post(f"/analytics/{action}/a?contentType=movie")
    await problem(other_type, 404, "unknown-item")
    assert await accepted(redis) == 1


@pytest.mark.parametrize("query", ["", "?wait=true", "?validate=true"])
async def test_a_single_event_is_not_found_and_of_several_each_is_rejected(
    strict: httpx.AsyncClient, redis: redis.asyncio.Redis, query: str
) -> None:
    await problem(
        await strict.post(f"/analytics/events{query}", json=event("b")), 404, "unknown-item"
    )
    several = [event("b"), {"type": "clap", "contentId": "b"}, event("b")]
    answer = await strict.post(f"/analytics/events{query}", json=several)
    await problem(answer, 422, "nothing-accepted")
    assert [each["index"] for each in answer.json()["rejected"]] == [0, 1, 2]
    assert await accepted(redis) == 0


async def test_the_known_ones_of_several_are_accepted(strict: httpx.AsyncClient) -> None:
    await strict.put("/items", json=[{"contentId": "a"}, {"contentId": "c"}])
    answer = await strict.post(
        "/analytics/events", json=[event("b"), event("a"), event("b"), event("c"), {}]
    )
    assert answer.status_code == 202
    body = answer.json()
    assert body["accepted"] == 2
    assert [(each["index"], each["reason"][:18]) for each in body["rejected"]] == [
        (0, "contentId: no vide"), (2, "contentId: no vide"), (4, "type: missing"),
    ]  # fmt: skip


async def test_what_is_put_is_known_at_once_to_every_process(
    strict: httpx.AsyncClient, refusing: Settings
) -> None:
    """The other process has just been told that it is missing."""
    async with api_of(refusing) as other:
        for name in "abc":
            for client in (strict, other):
                answer = await client.post(f"/analytics/view/{name}")
                await problem(answer, 404, "unknown-item")
            await strict.put("/items", json={"contentId": name})
            for client in (other, strict):
                assert (await client.post(f"/analytics/view/{name}")).status_code == 202


async def test_the_default_is_to_register(api: httpx.AsyncClient) -> None:
    assert (await api.post("/analytics/view/a")).status_code == 202


async def test_what_was_met_once_costs_no_look_up(
    settings: Settings, pool: Pool, redis: redis.asyncio.Redis
) -> None:
    """Known and missing ones alike: the database is gone then, and would not be able to tell."""
    async with pool.connection() as connection:
        await World(connection).item("a")
    before = untold()
    async with open_pool(settings) as own:
        known = KnownItems(own, redis)
        assert await known.unknown_of({A, B}) == {B}
    assert await known.unknown_of({A, B}) == {B}
    assert untold() == before
    assert await known.unknown_of({A, B, ("video", "c")}) == {B}
    assert untold() == before + 1


async def test_what_is_missing_is_looked_up_again_after_a_while(
    pool: Pool, redis: redis.asyncio.Redis
) -> None:
    """It may have been registered without anybody saying so."""
    now = 0.0
    known = KnownItems(pool, redis, clock=lambda: now)
    assert await known.unknown_of({A}) == {A}
    async with pool.connection() as connection:
        await World(connection).item("a")
    assert await known.unknown_of({A}) == {A}
    now = MISSING_SECONDS
    assert await known.unknown_of({A}) == set()


async def test_without_redis_the_database_tells(settings: Settings, pool: Pool) -> None:
    """And nothing is remembered as missing, as nobody would say that it no longer is."""
    async with open_redis(
        msgspec.structs.replace(settings, redis_url=f"redis://{NOWHERE}/0", redis_timeout=0.2)
    ) as nobody:
        known = KnownItems(pool, nobody)
        assert await known.unknown_of({A}) == {A}
        async with pool.connection() as connection:
            await World(connection).item("a")
        assert await known.unknown_of({A}) == set()
        await known.written([B])
        assert await known.unknown_of({B}) == set()


async def test_while_the_database_cannot_tell_events_are_accepted(
    refusing: Settings, redis: redis.asyncio.Redis
) -> None:
    before = untold()
    unreachable = msgspec.structs.replace(
        refusing, database_url=f"postgresql://x@{NOWHERE}/x", database_timeout=0.2
    )
    async with api_of(unreachable) as api:
        for _ in range(3):
            assert (await api.post("/analytics/view/a")).status_code == 202
    assert await accepted(redis) == 3
    assert untold() == before + 3


async def test_a_database_that_heals_is_asked_again(
    settings: Settings, pool: Pool, redis: redis.asyncio.Redis
) -> None:
    now = 0.0
    pools: list[Pool] = []

    class Switched:
        """Lends connections of whichever pool is in force."""

        def connection(self, **options: Any) -> object:
            return pools[-1].connection(**options)

    async with open_pool(settings) as closed:
        pass
    pools.append(closed)
    known = KnownItems(Switched(), redis, clock=lambda: now)  # type: ignore[arg-type]
    assert await known.unknown_of({A}) == set()
    pools.append(pool)
    assert await known.unknown_of({A}) == set()
    now = 1.0
    assert await known.unknown_of({A}) == {A}
