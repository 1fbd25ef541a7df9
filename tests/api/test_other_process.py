"""Read your writes at another process: what one has answered, all others show."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import msgspec
import pytest
import redis.asyncio

from app.runtime.pool import Pool
from app.settings import Settings
from tests.serving import api_of
from tests.tokens import SECRET, signed_in
from tests.writing import running_writer

Two = tuple[httpx.AsyncClient, httpx.AsyncClient]
READS = ("/analytics/stats/a", "/items/a")

pytestmark = pytest.mark.usefixtures("clean")


@pytest.fixture
async def two(settings: Settings, pool: Pool, redis: redis.asyncio.Redis) -> AsyncIterator[Two]:
    """Two applications on one database and one Redis, each with memory of its own."""
    own = msgspec.structs.replace(settings, batch_seconds=0.02, jwt_secret=SECRET)
    async with running_writer(own, pool, redis), api_of(own) as here, api_of(own) as there:
        yield here, there


async def counts(api: httpx.AsyncClient, metric: str) -> tuple[int, int]:
    """Return a lifetime count as its stats and as the catalogue tell it."""
    stats, item = [await api.get(path) for path in READS]
    assert (stats.status_code, item.status_code) == (200, 200)
    return stats.json()[f"{metric}Total"], item.json()["items"][0][metric]


async def test_a_404_remembered_there_ends_with_the_first_event_here(two: Two) -> None:
    here, there = two
    for path in READS:
        assert (await there.get(path)).status_code == 404
    view = {"type": "view", "contentId": "a"}
    for views in (1, 2, 3):
        answer = await here.post("/analytics/events?wait=true", json=view)
        assert answer.status_code == 200
        assert await counts(there, "views") == (views, views)


async def test_a_like_here_is_read_there(two: Two) -> None:
    """Also the first of an item that was not there, and one that is taken back."""
    here, there = two
    for path in READS:
        assert (await there.get(path)).status_code == 404
    for user, method, likes in (
        ("ada", "PUT", 1), ("bob", "POST", 2), ("ada", "DELETE", 1), ("bob", "POST", 0),
    ):  # fmt: skip
        changed = await here.request(method, "/items/a/like", headers=signed_in(user))
        assert changed.json()["likesCount"] == likes
        state = (await there.get("/items/a/like", headers=signed_in(user))).json()
        assert state == changed.json()
        assert await counts(there, "likes") == (likes, likes)
