"""Likes of signed-in users count in the top lists as soon as they are given."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import msgspec
import pytest
import redis.asyncio

from app.runtime.pool import Pool
from app.settings import Settings
from tests.api.top_stage import TopStage
from tests.eventually import eventually
from tests.serving import api_of
from tests.sql.oracle import Event
from tests.sql.world import World
from tests.tokens import SECRET, signed_in


@pytest.fixture(name="likes")
async def _likes(settings: Settings, world: World) -> AsyncIterator[httpx.AsyncClient]:
    await world.only("top_liked")
    async with api_of(msgspec.structs.replace(settings, jwt_secret=SECRET)) as api:
        yield api


async def test_each_change_is_added_once_and_a_recount_agrees(
    world: World, likes: httpx.AsyncClient, pool: Pool, redis: redis.asyncio.Redis
) -> None:
    stage = TopStage(world, likes, pool, redis)
    await stage.items("ada", "ada", "bob")
    now = datetime.now(UTC)
    await stage.write(
        [Event(item=n, type="like", occurred_at=now, received_at=now, count=5) for n in (1, 2)]
    )
    await world.run(datetime.now(UTC))
    await stage.publish()

    async def like(method: str, item: str, user: str) -> None:
        path = f"/items/{item}/like"
        assert (await likes.request(method, path, headers=signed_in(user))).status_code == 200

    for method, item, user in (
        ("POST", "a", "eve"), ("PUT", "b", "eve"), ("PUT", "b", "eve"), ("POST", "b", "joe"),
        ("POST", "a", "eve"), ("DELETE", "a", "eve"), ("PUT", "c", "eve"),
    ):  # fmt: skip
        await like(method, item, user)

    async def shown() -> list[tuple[str, float]]:
        answer = await likes.get("/analytics/top/liked")
        assert answer.status_code == 200, answer.text
        return [(item["contentId"], item["count"]) for item in answer.json()["items"]]

    async def added() -> bool:
        return await shown() == [("b", 7), ("a", 5), ("c", 1)]

    await eventually(added)
    stage.now += 600
    await stage.publish()
    assert await shown() == [("b", 7), ("a", 5), ("c", 1)]
