"""Rankings to ask the API for: a small world, and the way from a run to what is served."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import httpx
import msgspec
import pytest
import redis.asyncio

from app.rankings.hot_path import HotPath
from app.rankings.publisher import Publisher
from app.runtime.pool import Pool
from app.settings import Settings
from app.stats import cache as serving_stats
from app.top.publisher import TopPublisher
from tests.api.stats_stage import Queries
from tests.eventually import eventually
from tests.sql.world import AS_OF, World
from tests.tokens import SECRET

ADMIN_KEY = "an admin key of the tests"
ADMIN = {"authorization": f"Bearer {ADMIN_KEY}"}

Json = dict[str, Any]


@pytest.fixture
async def world(clean: None, pool: Pool) -> AsyncIterator[World]:  # noqa: ARG001
    async with pool.connection() as connection:
        yield World(connection)


@pytest.fixture
async def admin_api(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an API that has an admin key, and can tell users."""
    from tests.serving import api_of  # noqa: PLC0415 - warnings are errors while this file loads

    own = msgspec.structs.replace(settings, admin_key=ADMIN_KEY, jwt_secret=SECRET)
    async with api_of(own) as client:
        yield client


@pytest.fixture
async def ranked(world: World) -> World:
    """Four items: likes lead under the default weights, and shares and comments follow."""
    for name, type_, count in (
        ("liked", "like", 10), ("shared", "share", 11), ("talked", "comment", 12),
        ("seen", "view", 30),
    ):  # fmt: skip
        item = await world.item(name, content_type="movie" if name == "seen" else "video")
        await world.happened(item, type_, count)
    await world.run()
    return world


@pytest.fixture
def queries(monkeypatch: pytest.MonkeyPatch) -> Queries:
    """The queries of stats that reach the database."""
    counted = Queries()
    monkeypatch.setattr(serving_stats, "item_stats", counted)
    return counted


def hot_path_of(api: httpx.AsyncClient) -> HotPath:
    transport = api._transport
    assert isinstance(transport, httpx.ASGITransport)
    assert isinstance(transport.app, HotPath)
    return transport.app


class Stage:
    """A world whose runs are published and served."""

    def __init__(self, world: World, api: httpx.AsyncClient, publisher: Publisher) -> None:
        self.world = world
        self.api = api
        self.publisher = publisher

    async def show(self, as_of: datetime = AS_OF) -> None:
        """Run all rankings, publish them, and wait until the API serves them."""
        await self.world.run(as_of, forced=True)
        await self.publisher.publish()
        newest = dict(await self.world.rows("select ranking, run_id from api.latest_run"))

        snapshots = hot_path_of(self.api).snapshots

        async def served() -> bool:
            return newest == {name: found.run_id for name, found in snapshots.current.items()}

        await eventually(served)

    async def get(self, path: str, **parameters: str | int) -> Json:
        """Return the JSON of a 200."""
        answer = await self.api.get(path, params=parameters)
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found

    async def ids(self, path: str, **parameters: str | int) -> list[str]:
        """Return the ids of a list's items."""
        return [item["contentId"] for item in (await self.get(path, **parameters))["items"]]


@pytest.fixture
async def stage(
    world: World,
    api: httpx.AsyncClient,
    settings: Settings,
    pool: Pool,
    redis: redis.asyncio.Redis,
) -> Stage:
    top = TopPublisher(pool=pool, redis=redis)
    publisher = Publisher(settings=settings, pool=pool, redis=redis, then=top.publish)
    return Stage(world, api, publisher)


async def problem(answer: httpx.Response, status: int, slug: str) -> str:
    """Check that an answer is that problem, and return its detail."""
    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{slug}"), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    detail: str = answer.json()["detail"]
    return detail
