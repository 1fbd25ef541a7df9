"""GET /recommendations: what is recommended, why, to whom, and for how long (G1)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import msgspec
import pytest
from redis.asyncio import Redis

from app.recommend.keys import user_answers
from app.runtime.pool import Pool
from app.settings import Settings
from tests.api.conftest import problem
from tests.serving import api_of
from tests.tokens import SECRET, signed_in

pytestmark = pytest.mark.usefixtures("clean", "worker")

ADMIN = "b" * 40
BEARER = {"authorization": f"Bearer {ADMIN}"}


@pytest.fixture
async def api(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    own = msgspec.structs.replace(settings, jwt_secret=SECRET, admin_key=ADMIN)
    async with api_of(own) as client:
        yield client


async def view(api: httpx.AsyncClient, **items_of: str) -> None:
    """Let users view items, each named by a letter."""
    sent = [
        {"type": "view", "contentId": item, "userId": user}
        for user, items in items_of.items()
        for item in items
    ]
    answer = await api.post("/analytics/events?wait=true", json=sent)
    assert answer.json()["accepted"] == len(sent), answer.text


async def count(pool: Pool) -> None:
    async with pool.connection() as connection:
        await connection.execute("update core.recommendation_policy set lag = '0 seconds'")
        await connection.execute("call api.count_neighbours()")


async def ask(api: httpx.AsyncClient, user: str = "ada", **query: str) -> dict[str, Any]:
    answer = await api.get("/recommendations", headers=signed_in(user), params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def shown(answer: dict[str, Any]) -> list[tuple[str, str, str | None]]:
    return [
        (one["contentId"], one["source"], one["because"] and one["because"]["contentId"])
        for one in answer["items"]
    ]


def near(answer: dict[str, Any]) -> list[str]:
    """Return the items that are not only trending."""
    return [item for item, source, _ in shown(answer) if source == "coEngagement"]


async def test_what_the_same_users_viewed_comes_first_then_what_is_trending(
    api: httpx.AsyncClient, pool: Pool
) -> None:
    title = {"contentId": "b", "title": "Bees", "category": "Nature", "creator": "Grace"}
    assert (await api.put("/items", json=title)).status_code == 200
    await view(api, eve="ab", bob="abc", ida="dd")
    await view(api, ada="a")
    await count(pool)
    async with pool.connection() as connection:
        await connection.execute("delete from core.ranking where name <> 'trending_24h'")
        await connection.execute("call api.run_rankings(forced => true)")
    answer = await ask(api)
    assert shown(answer) == [
        ("b", "coEngagement", "a"),
        ("c", "coEngagement", "a"),
        ("d", "trending", None),
    ]
    assert (answer["items"][0]["title"], answer["items"][0]["rank"]) == ("Bees", 1)
    assert shown(await ask(api, category="Nature")) == [("b", "coEngagement", "a")]
    assert [one[0] for one in shown(await ask(api, "new"))] == list("abdc")
    beside = await api.get("/recommendations", params={"for": "item", "contentId": "c"})
    assert shown(beside.json())[:2] == [("b", "coEngagement", "c"), ("a", "coEngagement", "c")]


async def test_an_answer_is_kept_until_the_user_acts_or_an_item_goes(
    api: httpx.AsyncClient, pool: Pool, redis: Redis
) -> None:
    """However the item was excluded: here past the API, as a DBA does."""
    await view(api, eve="abcd", bob="abcd", ada="a")
    await count(pool)
    first = await ask(api)
    assert near(first) == ["b", "c", "d"]
    assert await ask(api) == first
    assert await redis.ttl(user_answers("ada")) > 3_500
    await view(api, ada="b")
    assert near(await ask(api)) == ["c", "d"]
    async with pool.connection() as connection:
        await connection.execute("select api.exclude_item('video', 'c', 'no', 'me', now())")
    assert near(await ask(api)) == ["d"]
    assert (await api.delete("/me", headers=signed_in("ada"))).status_code == 200
    assert not await redis.exists(user_answers("ada"))
    assert near(await ask(api)) == []


async def test_whoever_names_a_user_needs_a_secret_key(api: httpx.AsyncClient) -> None:
    answer = await api.get("/recommendations", params={"userId": "ada"})
    assert "userId" in await problem(answer, 403, "forbidden")
    answer = await api.get("/recommendations", params={"userId": "ada"}, headers=BEARER)
    assert answer.json()["items"] == []
    assert answer.headers["cache-control"] == "private, no-store"
    await problem(await api.get("/recommendations"), 401, "not-signed-in")


@pytest.mark.parametrize(
    ("query", "status", "slug", "named"),
    [
        ({"for": "item"}, 400, "bad-request", "contentId"),
        ({"contentId": "a"}, 400, "bad-request", "for=item"),
        ({"for": "item", "contentId": "a", "userId": "u"}, 400, "bad-request", "userId"),
        ({"for": "thing"}, 400, "bad-request", "'thing' is none of user, item"),
        ({"for": "item", "contentId": "nope"}, 404, "unknown-item", "nope"),
        ({"categry": "x"}, 400, "bad-request", "did you mean category?"),
    ],
)
async def test_what_is_wrong_is_named(
    api: httpx.AsyncClient, query: dict[str, str], status: int, slug: str, named: str
) -> None:
    assert named in await problem(await api.get("/recommendations", params=query), status, slug)
