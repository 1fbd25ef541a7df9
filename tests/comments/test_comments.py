"""Comments: each stored once with its event, shown to all, and deleted by who may (G2)."""

from __future__ import annotations

import asyncio
import json
from functools import partial
from uuid import UUID, uuid4

import httpx
import msgspec
import pytest

from app.runtime.pool import Pool
from app.settings import Settings
from tests.api.conftest import problem
from tests.comments.stage import all_of, event_counts, page, post
from tests.eventually import eventually
from tests.serving import api_of, make_key
from tests.tokens import signed_in

ADMIN = {"authorization": f"Bearer {'c' * 40}"}
ODD = "<b>hi</b> \u202eabc \U0001f469\u200d\U0001f467 e\u0301 日本語 'x' \\ \n%s {}"


async def refused(
    api: httpx.AsyncClient, status: int, slug: str, body: object, user: str = "ada"
) -> str:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = await api.post("/items/a/comments", content=content, headers=signed_in(user))
    return await problem(answer, status, slug)


async def delete(
    api: httpx.AsyncClient, comment: str, user: str = "ada", item: str = "a"
) -> httpx.Response:
    return await api.delete(f"/items/{item}/comments/{comment}", headers=signed_in(user))


async def test_a_comment_is_shown_as_it_was_written_and_counts(
    api: httpx.AsyncClient, pool: Pool
) -> None:
    posted = await post(api, f"  {ODD}\n")
    assert posted["text"] == ODD
    assert posted["userId"] == "ada"
    assert (await page(api))["items"] == [posted]

    async def counted(expected: int) -> bool:
        stats = (await api.get("/analytics/stats/a")).json()
        return bool(stats["commentsToday"] == stats["commentsTotal"] == expected)

    await eventually(partial(counted, 1), within=5)
    for _ in range(2):
        assert (await delete(api, posted["id"])).status_code == 204
    assert (await page(api))["items"] == []
    await eventually(partial(counted, 0), within=5)
    assert await event_counts(pool) == {"comment": 1, "uncomment": 1}


async def test_an_id_is_one_comment_and_one_event_however_often_it_comes(
    api: httpx.AsyncClient, pool: Pool
) -> None:
    comment = str(uuid4())
    posted = await asyncio.gather(*(post(api, "hello there", id=comment) for _ in range(20)))
    assert posted == [posted[0]] * 20
    assert await event_counts(pool) == {"comment": 1}
    for body, user in (({"text": "other"}, "ada"), ({"text": "hello there"}, "bob")):
        said = await refused(api, 409, "comment-id-taken", {**body, "id": comment}, user)
        assert said == f"id: {comment} is that of another comment"
    elsewhere = await api.post(
        "/items/new/comments", json={"text": "hello there", "id": comment}, headers=signed_in("ada")
    )
    await problem(elsewhere, 409, "comment-id-taken")
    assert (await api.get("/items/new")).status_code == 404, "it is not registered by that"
    gone = await asyncio.gather(*(delete(api, comment) for _ in range(10)))
    assert {answer.status_code for answer in gone} == {204}
    assert await event_counts(pool) == {"comment": 1, "uncomment": 1}
    said = await refused(api, 409, "comment-id-taken", {"text": "hello there", "id": comment})
    assert "a deleted comment" in said
    assert await event_counts(pool) == {"comment": 1, "uncomment": 1}


async def test_pages_neither_repeat_nor_skip(api: httpx.AsyncClient, pool: Pool) -> None:
    posted = [(await post(api, f"number {number}"))["id"] for number in range(7)]
    async with pool.connection() as connection:
        # Of one moment: the id decides.
        await connection.execute("update core.comment set created_at = '2026-01-01'")
    first = await page(api, limit=3)
    shown = [one["id"] for one in first["items"]]
    assert (await delete(api, shown[2])).status_code == 204
    await post(api, "a new one")
    rest = await all_of(api, limit=2, cursor=first["nextCursor"])
    assert (
        shown + [one["id"] for one in rest] == sorted(posted, key=lambda id_: UUID(id_).int)[::-1]
    )
    assert (await page(api, limit=100))["nextCursor"] is None
    wrong = await api.get("/items/a/comments?cursor=nonsense")
    assert "cursor" in await problem(wrong, 400, "bad-request")
    await problem(await api.get("/items/nobody/comments"), 404, "unknown-item")


async def test_only_its_author_deletes_a_comment_and_whoever_has_the_admin_key(
    api: httpx.AsyncClient, pool: Pool
) -> None:
    mine, other = [(await post(api, "hello there", user))["id"] for user in ("ada", "bob")]
    for comment, user, item in ((mine, "bob", "a"), (mine, "ada", "b"), (str(uuid4()), "ada", "a")):
        await problem(await delete(api, comment, user, item), 404, "unknown-comment")
    path = f"/admin/comments/{other}"
    await problem(await api.delete(path), 401, "unauthorized")
    await problem(await api.delete(path, headers=signed_in("bob")), 401, "unauthorized")
    assert (await api.delete(path, headers=ADMIN)).status_code == 204
    unknown = await api.delete(f"/admin/comments/{uuid4()}", headers=ADMIN)
    await problem(unknown, 404, "unknown-comment")
    assert [one["id"] for one in (await page(api))["items"]] == [mine]
    assert await event_counts(pool) == {"comment": 2, "uncomment": 1}
    async with pool.connection() as connection:
        cursor = await connection.execute(
            "select action, parameters ->> 'id' from core.audit where error is null"
        )
        assert await cursor.fetchall() == [("delete comment", other)]


@pytest.mark.usefixtures("api")
async def test_bad_comments_are_named(api: httpx.AsyncClient, pool: Pool) -> None:
    for body, said in (
        ({"text": "x" * 2_001}, "text"),
        ({"text": " \u200b\u2066\n"}, "text: has nothing to be seen"),
        ({"text": "a\x1b[2J"}, "text: has the control character U+001B"),
        ({"text": "a\x00"}, "U+0000"),
        ({"text": 7}, "text"),
        ({}, "text: missing"),
        ({"text": "x", "id": "7"}, "id: expected a UUID"),
        ({"text": "x", "html": True}, "html: no such field"),
        (b'{"text": "\\ud800"}', "half a character"),
        (b"{", "JSON"),
    ):
        assert said in await refused(api, 400, "bad-request", body)
    await refused(api, 413, "too-large", b" " * 40_000)
    longest = "\U0001f600" * 2_000
    assert (await post(api, longest))["text"] == longest
    for language in ("e", "english", "../en", "en_", "e1"):
        answer = await api.get("/items/a/comments", params={"lang": language})
        assert "lang" in await problem(answer, 400, "bad-request")
    assert await event_counts(pool) == {"comment": 1}


async def test_who_is_nobody_writes_nothing(
    api: httpx.AsyncClient, translated: Settings, pool: Pool
) -> None:
    await problem(await api.post("/items/a/comments", json={"text": "x"}), 401, "not-signed-in")
    without = msgspec.structs.replace(translated, jwt_secret=None)
    async with api_of(without) as other:
        answer = await other.post("/items/a/comments", json={"text": "x"})
        await problem(answer, 403, "users-disabled")
    behind = msgspec.structs.replace(
        without, user_header="X-User", trusted_proxies="127.0.0.1", unknown_items="refuse"
    )
    async with api_of(behind) as other:
        as_ada = {"x-user": "ada", "sec-fetch-site": "cross-site"}
        answer = await other.post("/items/a/comments", json={"text": "x"}, headers=as_ada)
        await problem(answer, 403, "cross-site")
        answer = await other.post("/items/a/comments", json={"text": "x"}, headers={"x-user": "a"})
        await problem(answer, 404, "unknown-item")
    locked = msgspec.structs.replace(translated, require_keys="all")
    key = await make_key(pool, "read")
    async with api_of(locked) as other:
        await problem(await other.get("/items/a/comments"), 401, "unauthorized")
        answer = await other.post(
            "/items/a/comments",
            json={"text": "x"},
            headers={**signed_in("ada"), "x-api-key": key},
        )
        await problem(answer, 403, "forbidden")
    assert await event_counts(pool) == {}


async def test_one_user_writes_so_many_a_minute(
    translated: Settings,
    pool: Pool,
    clean: None,  # noqa: ARG001
) -> None:
    limited = msgspec.structs.replace(translated, comment_limit_per_minute=3)
    async with api_of(limited) as api:
        for _ in range(3):
            await post(api, "hello there")
        answer = await api.post("/items/a/comments", json={"text": "x"}, headers=signed_in("ada"))
        assert "3 events a minute" in await problem(answer, 429, "rate-limited")
        assert int(answer.headers["retry-after"]) <= 20
        await post(api, "hello there", "bob")
    assert await event_counts(pool) == {"comment": 4}


async def test_an_erased_user_or_item_leaves_no_comment(api: httpx.AsyncClient, pool: Pool) -> None:
    for user, item in (("ada", "a"), ("bob", "a"), ("bob", "b"), ("ada", "b")):
        await post(api, f"I am {user}", user, item)
    answer = await api.delete("/me", headers=signed_in("ada"))
    assert answer.json() == {
        "events": 2, "waiting": 0, "likes": 0, "comments": 2, "uploads": 0,
    }  # fmt: skip
    assert [one["userId"] for one in await all_of(api) + await all_of(api, "b")] == ["bob"] * 2
    assert await event_counts(pool) == {"comment": 4}, "what was counted stays"
    answer = await api.delete("/items/a", headers=ADMIN)
    assert answer.json()["comments"] == 1
    await problem(await api.get("/items/a/comments"), 404, "unknown-item")
    async with pool.connection() as connection:
        cursor = await connection.execute("select text from core.comment")
        assert await cursor.fetchall() == [("I am bob",)]
