"""Like counts for everybody, and `hasLiked` for who is signed in: on items, and of many at once."""

from __future__ import annotations

import random
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis

from app.likes import keys
from app.runtime.sql import Query
from tests.api.conftest import problem
from tests.sql.world import World
from tests.tokens import signed_in

USERS = ("ada", "bob", "eve")
NAMES = ("a", "b", "c", "d")
Liked = set[tuple[str, str]]


@pytest.fixture
async def liked(world: World, admin_api: httpx.AsyncClient) -> Liked:
    """Who likes what, after likes and unlikes at random."""
    chance = random.Random(3)  # noqa: S311  # no secret
    for name in NAMES:
        await world.item(name)
    found: Liked = set()
    for _ in range(30):
        user, name = chance.choice(USERS), chance.choice(NAMES[:3])
        method = chance.choice(["PUT", "DELETE"])
        await admin_api.request(method, f"/items/{name}/like", headers=signed_in(user))
        (found.add if method == "PUT" else found.discard)((user, name))
    assert found
    return found


def count(liked: Liked, name: str) -> int:
    return sum(other == name for _, other in liked)


async def test_every_item_says_how_many_like_it_and_whether_the_caller_does(
    liked: Liked, admin_api: httpx.AsyncClient
) -> None:
    for user in (None, *USERS):
        headers = {} if user is None else signed_in(user)
        page = await admin_api.get("/items", headers=headers)
        shown = {item["contentId"]: item for item in page.json()["items"]}
        assert shown.keys() == set(NAMES)
        for name, item in shown.items():
            answer = await admin_api.get(f"/items/{name}", headers=headers)
            for one in (item, answer.json()["items"][0]):
                assert one["likesCount"] == count(liked, name)
                if user is None:
                    assert "hasLiked" not in one
                else:
                    assert one["hasLiked"] == ((user, name) in liked)
            for each in (page, answer):
                word = "public, no-cache" if user is None else "private, no-store"
                assert each.headers["cache-control"] == word
                assert ("authorization" in each.headers.get("vary", "")) == (user is not None)


@pytest.mark.usefixtures("liked")
async def test_a_list_costs_one_statement_whoever_asks(
    admin_api: httpx.AsyncClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []
    run = Query.all

    async def counted(self: Query[Any], *args: Any, **given: Any) -> object:
        asked.append(self.name)
        return await run(self, *args, **given)

    monkeypatch.setattr(Query, "all", counted)
    await admin_api.get("/items", headers=signed_in("ada"))
    assert asked == ["list_items"]
    asked.clear()
    await admin_api.get("/likes", params={"ids": "a,b,c,d"}, headers=signed_in("ada"))
    assert asked == ["like_states"]


@pytest.mark.usefixtures("liked")
async def test_a_table_has_them_too(admin_api: httpx.AsyncClient) -> None:
    for headers, columns in ({}, ["likesCount"]), (signed_in("ada"), ["likesCount", "hasLiked"]):
        answer = await admin_api.get("/items?format=csv", headers=headers)
        head = answer.text.splitlines()[0].split(",")
        assert [name for name in head if name in {"likesCount", "hasLiked"}] == columns


async def test_counts_of_many_items(
    liked: Liked, admin_api: httpx.AsyncClient, redis: Redis
) -> None:
    # One that Redis does not have comes from the database, and is there then.
    await redis.delete(keys.like_count("video", "a"))
    ids = ["d", "a", "nobody", "b", "a", "c"]
    for user in (None, *USERS):
        headers = {} if user is None else signed_in(user)
        for answer in (
            await admin_api.get("/likes", params={"ids": ",".join(ids)}, headers=headers),
            await admin_api.post(
                "/likes", json=[{"contentId": name} for name in ids], headers=headers
            ),
        ):
            assert answer.status_code == 200, answer.text
            expected = [
                {
                    "contentId": name, "contentType": "video",
                    "likesCount": None if name == "nobody" else count(liked, name),
                }
                for name in ids
            ]  # fmt: skip
            if user is not None:
                for one, name in zip(expected, ids, strict=True):
                    one["hasLiked"] = None if name == "nobody" else (user, name) in liked
            assert answer.json() == {"items": expected}
    assert await redis.exists(*[keys.like_count("video", name) for name in NAMES]) == 4


async def test_counts_that_redis_has_cost_no_query(
    liked: Liked, admin_api: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await admin_api.get("/likes", params={"ids": "a,b,c,d"})

    def refused(*_: object, **__: object) -> None:
        raise AssertionError("a query")

    monkeypatch.setattr(Query, "all", refused)
    answer = await admin_api.get("/likes", params={"ids": "a,b,c,d"})
    found = {one["contentId"]: one["likesCount"] for one in answer.json()["items"]}
    assert found == {name: count(liked, name) for name in NAMES}


@pytest.mark.parametrize(
    ("query", "name"),
    [("", "ids:"), ("?ids=", "ids:"), ("?ids=a,,b", "ids: number 2"), ("?ids=a&sort=x", "sort")],
)
async def test_a_wrong_parameter_is_named(api: httpx.AsyncClient, query: str, name: str) -> None:
    assert name in await problem(await api.get(f"/likes{query}"), 400, "bad-request")


@pytest.mark.usefixtures("liked")
async def test_a_token_that_is_refused_is_no_anonymous_caller(
    admin_api: httpx.AsyncClient,
) -> None:
    for path in ("/items", "/items/a", "/likes?ids=a"):
        answer = await admin_api.get(path, headers={"authorization": "Bearer a.b.c"})
        assert "token" in await problem(answer, 401, "not-signed-in")
