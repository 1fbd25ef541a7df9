"""Likes: one for each user and item, an event for each change, and a count that is exact."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import httpx
import msgspec
import pytest
from redis.asyncio import Redis

from app.likes import keys
from app.runtime.pool import Pool
from app.settings import Settings
from tests.api.conftest import problem
from tests.eventually import eventually
from tests.serving import api_of, make_key
from tests.tokens import SECRET, signed_in

pytestmark = pytest.mark.usefixtures("clean")


@pytest.fixture
def with_users(settings: Settings) -> Settings:
    # Hundreds at once wait for a few connections, and the machine may have other work.
    return msgspec.structs.replace(settings, jwt_secret=SECRET, database_timeout=60)


@pytest.fixture(name="likes")
async def _likes(with_users: Settings) -> AsyncIterator[httpx.AsyncClient]:
    async with api_of(with_users) as api:
        yield api


async def ask(
    api: httpx.AsyncClient, method: str, path: str, user: str = "ada"
) -> tuple[bool, int]:
    """Return what a like route answers: whether it is liked, and the count."""
    answer = await api.request(method, path, headers=signed_in(user))
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "private, no-store"
    assert answer.headers["vary"] == "authorization"
    found = answer.json()
    assert found.keys() == {"hasLiked", "likesCount"}
    return found["hasLiked"], found["likesCount"]


async def events(pool: Pool, user: str = "ada", item: str = "a") -> dict[str, int]:
    """Count a user's events of an item, and check that scoring hears of all events."""
    async with pool.connection() as connection:
        cursor = await connection.execute(
            """
            select event.event_type::text, count(*) from core.event inner join core.item
            using (item_id) where user_id = %s and external_id = %s and counted group by 1
            """,
            [user, item],
        )
        counts: dict[str, int] = dict(await cursor.fetchall())
        cursor = await connection.execute(
            """
            select
                (select array_agg(event_type order by event_type) from core.score_feed)
                is not distinct from
                (select array_agg(event_type order by event_type) from core.event)
            """
        )
        assert await cursor.fetchone() == (True,)
    return counts


async def test_a_toggle_turns_the_like_round(likes: httpx.AsyncClient, pool: Pool) -> None:
    assert await ask(likes, "POST", "/items/a/like") == (True, 1)
    assert await ask(likes, "POST", "/items/a/like", "bob") == (True, 2)
    assert await ask(likes, "GET", "/items/a/like") == (True, 2)
    assert await ask(likes, "POST", "/items/a/like") == (False, 1)
    assert await ask(likes, "GET", "/items/a/like") == (False, 1)
    assert await ask(likes, "GET", "/items/a/like", "bob") == (True, 1)
    assert await ask(likes, "GET", "/items/a/like", "eve") == (False, 1)
    assert await events(pool) == {"like": 1, "unlike": 1}
    assert await events(pool, "bob") == {"like": 1}


async def test_setting_and_unsetting_may_be_repeated(likes: httpx.AsyncClient, pool: Pool) -> None:
    for _ in range(3):
        assert await ask(likes, "PUT", "/items/a/like") == (True, 1)
    assert await events(pool) == {"like": 1}
    for _ in range(3):
        assert await ask(likes, "DELETE", "/items/a/like") == (False, 0)
    assert await ask(likes, "DELETE", "/items/a/like", "bob") == (False, 0)
    assert await events(pool) == {"like": 1, "unlike": 1}
    assert await events(pool, "bob") == {}


async def test_types_of_one_id_are_different_items(likes: httpx.AsyncClient) -> None:
    assert await ask(likes, "PUT", "/items/a/like?contentType=movie") == (True, 1)
    assert await ask(likes, "PUT", "/items/a/like", "bob") == (True, 1)
    assert await ask(likes, "GET", "/items/a/like?contentType=video") == (False, 1)


async def test_a_like_registers_an_item_and_nothing_else_does(likes: httpx.AsyncClient) -> None:
    for method in ("GET", "DELETE"):
        answer = await likes.request(method, "/items/new/like", headers=signed_in("ada"))
        assert "'new'" in await problem(answer, 404, "unknown-item")
    assert await ask(likes, "POST", "/items/new/like") == (True, 1)
    assert (await likes.get("/items/new")).json()["items"][0]["contentType"] == "video"


async def test_an_unknown_item_is_refused_where_the_setting_says_so(with_users: Settings) -> None:
    async with api_of(msgspec.structs.replace(with_users, unknown_items="refuse")) as api:
        for method in ("POST", "PUT", "DELETE", "GET"):
            answer = await api.request(method, "/items/a/like", headers=signed_in("ada"))
            await problem(answer, 404, "unknown-item")
        await api.put("/items", json={"contentId": "a"})
        assert await ask(api, "POST", "/items/a/like") == (True, 1)


async def test_an_event_is_a_count_and_no_state(likes: httpx.AsyncClient) -> None:
    event = {"type": "like", "contentId": "a", "userId": "ada"}
    sent = await likes.post("/analytics/events", json=event)
    assert sent.status_code == 202
    assert await ask(likes, "PUT", "/items/a/like", "bob") == (True, 1)
    assert await ask(likes, "GET", "/items/a/like") == (False, 1)


async def test_stats_follow(likes: httpx.AsyncClient) -> None:
    """Not after the half minute for which they are fresh, but when the item is next asked for."""

    async def shown(expected: int) -> bool:
        stats = (await likes.get("/analytics/stats/a")).json()
        return bool(stats["likesToday"] == stats["likesTotal"] == expected)

    for user, expected in (("ada", 1), ("bob", 2), ("ada", 1)):
        await ask(likes, "POST", "/items/a/like", user)
        await eventually(partial(shown, expected), within=5)


@pytest.mark.parametrize("toggles", [200, 41])
async def test_toggles_at_once_end_in_one_state_and_an_exact_count(
    likes: httpx.AsyncClient, pool: Pool, redis: Redis, toggles: int
) -> None:
    answers = await asyncio.gather(*(ask(likes, "POST", "/items/a/like") for _ in range(toggles)))
    ups, liked = (toggles + 1) // 2, toggles % 2
    assert sorted(answers) == [(False, 0)] * (toggles - ups) + [(True, 1)] * ups
    assert await ask(likes, "GET", "/items/a/like") == (bool(liked), liked)
    assert await events(pool) == {"like": ups, "unlike": toggles - ups}
    assert await redis.get(keys.like_count("video", "a")) == b"%d %d" % (toggles, liked)


async def test_many_users_at_once_are_all_counted(likes: httpx.AsyncClient, redis: Redis) -> None:
    users = [f"user {number}" for number in range(40)]
    calls = [
        ask(likes, method, "/items/a/like", user)
        for method in ("PUT", "PUT", "POST", "POST", "PUT")
        for user in users
    ]
    await asyncio.gather(*calls)
    assert await ask(likes, "GET", "/items/a/like", "nobody") == (False, 40)
    counted = await redis.get(keys.like_count("video", "a"))
    assert isinstance(counted, bytes)
    assert counted.split()[1] == b"40"
    await asyncio.gather(*(ask(likes, "DELETE", "/items/a/like", user) for user in users[:-3]))
    assert await ask(likes, "GET", "/items/a/like", users[-1]) == (True, 3)


async def liked(api: httpx.AsyncClient, **parameters: str | int) -> dict[str, Any]:
    answer = await api.get("/items/liked", params=parameters, headers=signed_in("ada"))
    assert answer.status_code == 200, answer.text
    page: dict[str, Any] = answer.json()
    return page


async def test_the_liked_are_listed_newest_first_with_titles(likes: httpx.AsyncClient) -> None:
    assert await liked(likes) == {"items": [], "nextCursor": None}
    await likes.put(
        "/items",
        json=[{"contentId": "b", "title": "B", "category": "Letters", "creator": "Phoenicia"}],
    )
    for item in ("a", "b", "c", "a"):
        await ask(likes, "POST", f"/items/{item}/like")
    await ask(likes, "POST", "/items/other/like", "bob")
    page = await liked(likes)
    assert [item["contentId"] for item in page["items"]] == ["c", "b"]
    first = page["items"][1]
    assert first.pop("likedAt").endswith("Z")
    assert first == {
        "contentId": "b",
        "contentType": "video",
        "title": "B",
        "category": "Letters",
        "creator": "Phoenicia",
    }
    await ask(likes, "POST", "/items/a/like")
    assert [item["contentId"] for item in (await liked(likes))["items"]] == ["a", "c", "b"]


async def test_pages_repeat_and_skip_nothing(likes: httpx.AsyncClient) -> None:
    for number in range(7):
        await ask(likes, "PUT", f"/items/{number}/like")
    page = await liked(likes, limit=3)
    await ask(likes, "PUT", "/items/later/like")
    await ask(likes, "DELETE", "/items/2/like")
    found = page["items"]
    while page["nextCursor"]:
        page = await liked(likes, limit=3, cursor=page["nextCursor"])
        found += page["items"]
    assert [item["contentId"] for item in found] == ["6", "5", "4", "3", "1", "0"]


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "101"}, "limit"),
        ({"cursor": "abc"}, "cursor"),
        ({"cursor": "AA=="}, "cursor"),
    ],
)
async def test_a_page_that_cannot_be_is_refused(
    likes: httpx.AsyncClient, parameters: dict[str, str], named: str
) -> None:
    answer = await likes.get("/items/liked", params=parameters, headers=signed_in("ada"))
    assert (await problem(answer, 400, "bad-request")).startswith(f"{named}: ")


async def test_an_item_may_be_called_liked(likes: httpx.AsyncClient) -> None:
    assert await ask(likes, "PUT", "/items/liked/like") == (True, 1)
    assert [item["contentId"] for item in (await liked(likes))["items"]] == ["liked"]


@pytest.mark.parametrize("path", ["/items/%00/like", f"/items/{'a' * 201}/like"])
async def test_a_name_that_cannot_be_is_refused(likes: httpx.AsyncClient, path: str) -> None:
    for method in ("POST", "PUT", "DELETE", "GET"):
        answer = await likes.request(method, path, headers=signed_in("ada"))
        assert (await problem(answer, 400, "bad-request")).startswith("contentId: ")


async def test_changes_count_against_the_limits_of_events(with_users: Settings) -> None:
    limited = msgspec.structs.replace(with_users, client_rate_limit_per_minute=3)
    async with api_of(limited) as api:
        assert (await api.post("/analytics/view/a")).status_code == 202
        assert await ask(api, "POST", "/items/a/like") == (True, 1)
        last = await api.post("/items/a/like", headers=signed_in("bob"))
        assert last.headers["ratelimit"].startswith('"client";r=0;')
        for method in ("POST", "PUT", "DELETE"):
            answer = await api.request(method, "/items/a/like", headers=signed_in("ada"))
            assert "3 events a minute" in await problem(answer, 429, "rate-limited")
            assert 18 <= int(answer.headers["retry-after"]) <= 20
        assert await ask(api, "GET", "/items/a/like") == (True, 2)


async def test_a_token_and_a_key_are_told_apart(with_users: Settings, pool: Pool) -> None:
    key, reader = await make_key(pool), await make_key(pool, "read")
    closed = msgspec.structs.replace(with_users, require_keys="all")
    path = "/items/a/like"
    async with api_of(closed) as api:
        bare = await api.post(path, headers=signed_in("ada"))
        await problem(bare, 401, "unauthorized")
        both = {**signed_in("ada"), "x-api-key": key}
        assert (await api.post(path, headers=both)).json()["hasLiked"] is True
        await problem(await api.get(path, headers=both), 403, "forbidden")
        both["x-api-key"] = reader
        shown = await api.get(path, headers=both)
        assert shown.json()["hasLiked"] is True
        assert shown.headers["vary"] == "authorization, x-api-key"
        await problem(await api.post(path, headers=both), 403, "forbidden")
        alone = await api.post(path, headers={"authorization": f"Bearer {key}"})
        assert "X-Api-Key" in await problem(alone, 401, "not-signed-in")
        # Elsewhere the token is of no use, and in nobody's way.
        both["x-api-key"] = key
        assert (await api.post("/analytics/view/a", headers=both)).status_code == 202


async def test_a_token_is_neither_answered_nor_logged(
    likes: httpx.AsyncClient, capsys: pytest.CaptureFixture[str]
) -> None:
    for headers in (signed_in("ada"), signed_in("ada", exp=1), signed_in("ada", key=SECRET[::-1])):
        token = headers["authorization"].removeprefix("Bearer ")
        for path in ("/items/a/like", "/items/a/like?contentType=", "/analytics/trending"):
            answer = await likes.post(path, headers=headers)
            assert token not in answer.text
            written = capsys.readouterr()
            assert token not in written.out + written.err
        refused = await likes.get("/items/liked", headers={"authorization": "Bearer a.b.c"})
        assert refused.headers["www-authenticate"] == 'Bearer realm="groundswell"'
        assert "cannot be read" in await problem(refused, 401, "not-signed-in")


async def test_without_a_setting_the_routes_say_which_to_set(api: httpx.AsyncClient) -> None:
    for method, path in (("POST", "/items/a/like"), ("GET", "/items/liked")):
        # Where there are no tokens, a bearer is an API key.
        answer = await api.request(method, path, headers={"x-user": "ada"})
        assert "GROUNDSWELL_JWT_SECRET" in await problem(answer, 403, "users-disabled")
