"""What a signed-in user reads and erases of itself, and the deletion of an item (D, A13)."""

from __future__ import annotations

import json
import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest
from redis.asyncio import Redis

from app.runtime.pool import Pool
from app.runtime.sql import FILES
from app.settings import Settings
from tests.api.conftest import problem
from tests.eventually import eventually
from tests.serving import api_of
from tests.tokens import SECRET, signed_in
from tests.writing import packed, put, running_writer, waiting

pytestmark = pytest.mark.usefixtures("clean")

ADMIN = "b" * 40
NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
async def api(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    own = msgspec.structs.replace(settings, jwt_secret=SECRET, admin_key=ADMIN)
    async with api_of(own) as client:
        yield client


async def visit(api: httpx.AsyncClient, *events: dict[str, Any]) -> None:
    sent = [{"type": "view", "contentId": "a", **event} for event in events]
    answer = await api.post("/analytics/events?wait=true", json=sent)
    assert answer.json()["accepted"] == len(events), answer.text


async def history(
    api: httpx.AsyncClient, user: str = "ada", **query: str
) -> tuple[list[dict[str, Any]], str | None]:
    answer = await api.get("/me/history", headers=signed_in(user), params=query)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "private, no-store"
    return answer.json()["items"], answer.json()["nextCursor"]


@pytest.mark.usefixtures("worker")
async def test_what_a_user_viewed_and_watched_comes_newest_first(api: httpx.AsyncClient) -> None:
    title = {"contentId": "tides", "contentType": "movie", "title": "Tides", "creator": "Grace"}
    assert (await api.put("/items", json=title)).status_code == 200
    film = {"contentId": "tides", "contentType": "movie", "userId": "ada"}
    await visit(
        api,
        {**film, "occurredAt": (NOW - timedelta(days=3)).isoformat()},
        {"userId": "ada", "occurredAt": (NOW - timedelta(minutes=2)).isoformat()},
        {**film, "type": "watch_time", "seconds": 0.1, "count": 2},
        {"userId": "ada", "type": "like"},
        {"userId": "bob"},
        {"sessionId": "ada"},
    )
    items, more = await history(api)
    assert more is None
    assert [(one["type"], one["contentId"], one["title"], one["count"]) for one in items] == [
        ("watch_time", "tides", "Tides", 2),
        ("view", "a", None, 1),
        ("view", "tides", "Tides", 1),
    ]
    assert items[0]["seconds"] == 0.1
    assert items[1]["seconds"] is None
    assert items[1]["occurredAt"] == (NOW - timedelta(minutes=2)).isoformat().replace("+00:00", "Z")
    assert (await history(api, "eve"))[0] == []


async def test_pages_neither_repeat_nor_skip(
    api: httpx.AsyncClient, settings: Settings, pool: Pool, redis: Redis
) -> None:
    """Also of events of the same moment, in compressed chunks, and while new ones come."""
    chance = random.Random(5)  # noqa: S311 - an order, not a secret
    start = int(NOW.timestamp() * 1e6)
    sent = [
        packed("a", user_id="ada", occurred_at=start - chance.randrange(6) * 40_000_000_000)
        for _ in range(60)
    ]
    await _write(settings, pool, redis, sent)
    async with pool.connection() as connection:
        await connection.execute(
            "select compress_chunk(chunk) from show_chunks('core.event', older_than => now()"
            " - interval '1 day') as chunk"
        )
    met: list[str] = []
    cursor: str | None = None
    while True:
        place = {} if cursor is None else {"cursor": cursor}
        items, cursor = await history(api, limit="7", **place)
        met += [one["id"] for one in items]
        if cursor is None:
            break
        await _write(settings, pool, redis, [packed("new", user_id="ada")])
    expected = sorted(
        ((event.occurred_at, UUID(bytes=event.event_id)) for event in sent), reverse=True
    )
    assert met == [str(event_id) for _, event_id in expected]


async def test_reading_a_history_looks_at_one_user_only(
    settings: Settings, pool: Pool, redis: Redis
) -> None:
    await _write(settings, pool, redis, [packed("a", user_id=f"u{n}") for n in range(2_000)])
    text = FILES["user_history"].read_text("utf-8").replace("%(most)s", "20")
    async with pool.connection() as connection:
        await connection.execute("analyze core.event")
        cursor = await connection.execute(
            "explain (format json) " + text,
            {"user_id": "u7", "before": NOW + timedelta(days=1), "before_event": UUID(int=1)},
        )
        row = await cursor.fetchone()
    assert row is not None
    assert "event_by_user" in json.dumps(row[0])


async def test_a_user_erases_itself_and_counts_stay(
    api: httpx.AsyncClient, settings: Settings, pool: Pool, redis: Redis
) -> None:
    assert (await api.put("/items/a/like", headers=signed_in("ada"))).status_code == 200
    await _write(settings, pool, redis, [packed("a", user_id="ada"), packed("a", user_id="bob")])
    before = (await api.get("/analytics/stats/a")).json()
    assert (before["viewsTotal"], before["likesTotal"]) == (2, 1)
    answer = await api.delete("/me", headers=signed_in("ada"))
    assert answer.status_code == 200, answer.text
    assert answer.json() == {"events": 2, "waiting": 0, "likes": 1, "comments": 0, "uploads": 0}
    assert (await history(api))[0] == []
    assert len((await history(api, "bob"))[0]) == 1
    async with pool.connection() as connection:
        cursor = await connection.execute(
            "select count(*) filter (where user_id = 'ada'), sum(count)::int from core.event"
        )
        assert await cursor.fetchone() == (0, 3)
        cursor = await connection.execute("select action, parameters from core.audit")
        ((action, parameters),) = await cursor.fetchall()
    assert (action, parameters["kind"], "ada" in str(parameters)) == ("erase", "user", False)
    like = await api.get("/items/a/like", headers=signed_in("bob"))
    assert like.json() == {"hasLiked": False, "likesCount": 1}
    again = await api.delete("/me", headers=signed_in("ada"))
    assert again.json() == {"events": 0, "waiting": 0, "likes": 0, "comments": 0, "uploads": 0}


@pytest.mark.parametrize(("method", "path"), [("GET", "/me/history"), ("DELETE", "/me")])
async def test_nobody_else_can(api: httpx.AsyncClient, method: str, path: str) -> None:
    answer = await api.request(method, path)
    await problem(answer, 401, "not-signed-in")


@pytest.mark.parametrize(
    ("query", "told"),
    [("limit=0", "limit"), ("limit=101", "limit"), ("cursor=x", "cursor"), ("userId=b", "userId")],
)
async def test_a_wrong_parameter_is_named(api: httpx.AsyncClient, query: str, told: str) -> None:
    answer = await api.get(f"/me/history?{query}", headers=signed_in("ada"))
    assert told in await problem(answer, 400, "bad-request")


@pytest.mark.parametrize("purge", [False, True])
async def test_a_deleted_item_leaves_all_lists_at_once(
    api: httpx.AsyncClient, settings: Settings, pool: Pool, redis: Redis, *, purge: bool
) -> None:
    events = [packed("a", count=5), packed("a", user_id="ada"), packed("b")]
    await _write(settings, pool, redis, events)
    async with pool.connection() as connection:
        await connection.execute("call api.run_rankings(forced => true)")
    assert await _listed(pool) == {"a", "b"}
    path = f"/items/a?purge={str(purge).lower()}"
    assert (await api.delete(path)).status_code == 401
    key = {"authorization": f"Bearer {ADMIN}"}
    answer = await api.delete(path, headers=key)
    assert answer.status_code == 200, answer.text
    assert answer.json()["events"] == 2
    assert await _listed(pool) == {"b"}
    assert (await api.get("/analytics/stats/a")).status_code == 404
    assert (await api.get("/items/a")).status_code == 404
    assert (await history(api))[0] == []
    async with pool.connection() as connection:
        await connection.execute("call api.refresh_aggregates(forced => true)")
        cursor = await connection.execute("select sum(views)::int from agg.engagement_1d")
        assert await cursor.fetchone() == (1 if purge else 7,)
    again = await api.delete(path, headers=key)
    assert "'a'" in await problem(again, 404, "unknown-item")


async def test_an_excluded_item_leaves_all_lists_at_once(
    api: httpx.AsyncClient, settings: Settings, pool: Pool, redis: Redis
) -> None:
    await _write(settings, pool, redis, [packed("a"), packed("b")])
    async with pool.connection() as connection:
        await connection.execute("call api.run_rankings(forced => true)")
    answer = await api.put(
        "/admin/items/a/exclusion",
        json={"reason": "bought views"},
        headers={"authorization": f"Bearer {ADMIN}"},
    )
    assert answer.status_code == 200, answer.text
    assert await _listed(pool) == {"b"}


async def _write(settings: Settings, pool: Pool, redis: Redis, events: list[Any]) -> None:
    async def is_empty() -> bool:
        return await waiting(redis) == 0

    quick = msgspec.structs.replace(settings, batch_seconds=0.02)
    async with running_writer(quick, pool, redis):
        await put(redis, events)
        await eventually(is_empty)


async def _listed(pool: Pool) -> set[str]:
    """Return the items of the newest lists of all rankings."""
    async with pool.connection() as connection:
        cursor = await connection.execute(
            """
            select item.external_id
            from api.newest_run as run
            inner join api.ranking_entry as entry using (run_id)
            inner join core.item as item on item.item_id = entry.item_id
            """
        )
        return {name for (name,) in await cursor.fetchall()}
