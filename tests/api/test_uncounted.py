"""Repeated views and bots: kept with the reason, counted nowhere, and taken back by SQL."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest
from redis.asyncio import Redis

from app.ingest.repeats import Repeats
from app.ingest.rows import ReceivedEvent
from app.ingest.uuid7 import Uuid7Source
from app.runtime.pool import Pool
from app.runtime.redis_client import open_redis
from app.settings import Settings
from tests.serving import api_of, bearer, make_key
from tests.writing import packed, running_writer

pytestmark = pytest.mark.usefixtures("clean")

HOUR = 3_600_000_000
BOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
PERSON = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
PAGE = {"origin": "https://example.org", "user-agent": PERSON}


@pytest.fixture
async def own(settings: Settings) -> Settings:
    return msgspec.structs.replace(settings, view_dedupe_seconds=86_400, batch_seconds=0.02)


@pytest.fixture
async def api(own: Settings, pool: Pool, redis: Redis) -> AsyncIterator[httpx.AsyncClient]:
    async with running_writer(own, pool, redis), api_of(own) as client:
        yield client


def view(content_id: str = "a", **fields: object) -> dict[str, Any]:
    return {"type": "view", "contentId": content_id, **fields}


async def send(api: httpx.AsyncClient, *events: dict[str, Any], **headers: str) -> dict[str, Any]:
    """Record events one request each, in order."""
    for event in events:
        answer = await api.post("/analytics/events?wait=true", json=event, headers=headers)
        assert answer.status_code == 200, answer.text
    answered: dict[str, Any] = answer.json()
    return answered


async def reasons(pool: Pool) -> list[str | None]:
    """Return why each event does not count, in order of arrival; None for those that do."""
    async with pool.connection() as connection:
        cursor = await connection.execute(
            """
            select counted, uncounted_because, (select count(*) from core.score_feed)
            from core.event order by received_at, event_id
            """
        )
        rows = await cursor.fetchall()
    assert all(counted == (because is None) for counted, because, _ in rows)
    assert all(fed == sum(counted for counted, _, _ in rows) for _, _, fed in rows)
    return [because for _, because, _ in rows]


async def test_a_viewers_second_view_of_an_item_is_kept_but_not_counted(
    api: httpx.AsyncClient, pool: Pool
) -> None:
    await send(
        api,
        view(userId="u"),
        view(userId="u", sessionId="other"),
        view("b", userId="u"),
        view(userId="v"),
        view(sessionId="u"),
        view(sessionId="u"),
        {**view(userId="u"), "type": "like"},
        view(userId="u", contentType="film"),
        view(userId="u", count=5),
        view(),
        view(),
    )
    repeat = "repeat"
    assert await reasons(pool) == [None, repeat, None, None, None, repeat, *[None] * 5]


async def test_sending_again_changes_nothing(api: httpx.AsyncClient, pool: Pool) -> None:
    new_id = Uuid7Source()
    first, second = (
        view(userId="u", id=str(UUID(bytes=new_id(time.time_ns() // 1_000_000)))) for _ in range(2)
    )
    assert (await send(api, first))["duplicates"] == 0
    assert (await send(api, second))["duplicates"] == 0
    assert (await send(api, second, first, first, second))["duplicates"] == 1
    assert await reasons(pool) == [None, "repeat"]


async def test_an_unknown_viewer_is_a_hash_of_a_pages_client_that_is_stored_nowhere(
    api: httpx.AsyncClient, pool: Pool, redis: Redis
) -> None:
    await send(api, view(), view(), **PAGE)
    await send(api, view(), **{**PAGE, "user-agent": PERSON + "x"})
    await send(api, view(), view())
    assert await reasons(pool) == [None, "repeat", None, None, None]
    salts = [key for key in await redis.keys() if b"salt" in key]
    assert salts == [f"gs:{{access}}:salt:{datetime.now(UTC).date()}".encode()]
    assert 0 < await redis.ttl(salts[0]) <= 25 * 3_600


async def test_the_period_is_of_the_time_of_events(redis: Redis) -> None:
    repeats = Repeats(redis, period_seconds=24 * 3_600)
    events = {
        hours: ReceivedEvent(packed(user_id="u", occurred_at=10**15 + hours * HOUR), 10**15)
        for hours in (0, 1, 23, 24, 30, 49)
    }
    marked = await repeats.mark(list(events.values()))
    counted = [hours for hours, each in zip(events, marked, strict=True) if _counts(each)]
    assert counted == [0, 24, 49]


def _counts(received: ReceivedEvent) -> bool:
    return received.event.uncounted_because is None


async def test_two_writers_count_one_of_two_views(redis: Redis) -> None:
    writers = [Repeats(redis, period_seconds=60) for _ in range(2)]
    batches = [
        [ReceivedEvent(packed(f"item-{n}", user_id="u"), 0) for n in range(50)] for _ in writers
    ]
    marked = await asyncio.gather(
        *(each.mark(batch) for each, batch in zip(writers, batches, strict=True))
    )
    counts = [[_counts(received) for received in batch] for batch in marked]
    assert [one + other for one, other in zip(*counts, strict=True)] == [1] * 50


async def test_bots_are_known_by_a_pages_agent_or_the_events(
    api: httpx.AsyncClient, pool: Pool
) -> None:
    await send(api, view(), **{**PAGE, "user-agent": BOT})
    await send(api, view(userAgent=BOT), view(userAgent=PERSON), **{"user-agent": BOT})
    await send(api, view(), **{"user-agent": "python-requests/2.32"})
    assert await reasons(pool) == ["bot: Googlebot/", "bot: Googlebot/", None, None]


async def test_a_public_key_is_a_page_and_a_secret_one_a_server(own: Settings, pool: Pool) -> None:
    public, secret = await make_key(pool, kind="public"), await make_key(pool)
    async with api_of(own) as api:
        for key in (public, secret):
            answer = await api.post("/analytics/view/a", headers={**bearer(key), "user-agent": BOT})
            assert answer.status_code == 202
        async with open_redis(own) as redis, running_writer(own, pool, redis):
            await send(api, view("last"))
    assert await reasons(pool) == ["bot: Googlebot/", None, None]


@pytest.mark.parametrize("library", ["okhttp/4.12.0", "axios/1.7.2", "Go-http-client/2.0"])
async def test_a_library_with_a_key_is_no_crawler(own: Settings, pool: Pool, library: str) -> None:
    public, secret = await make_key(pool, kind="public"), await make_key(pool)
    async with api_of(own) as api:
        for headers in (bearer(public), bearer(secret), {**bearer(secret), **PAGE}):
            for path in ("/analytics/view/a", "/analytics/events?validate=true"):
                answer = await api.post(
                    path,
                    json={} if "view" in path else view(),
                    headers={**headers, "user-agent": library},
                )
                assert answer.json() == {"accepted": 1, "rejected": []}
        for key in (public, secret):
            answer = await api.post(
                "/analytics/events",
                json=[view(userAgent=library), view(userAgent=BOT)],
                headers={**bearer(key), "user-agent": PERSON},
            )
            assert [each["index"] for each in answer.json()["uncounted"]] == [1]
        # Nobody has vouched for it.
        answer = await api.post("/analytics/events", json=[view(userAgent=library)])
        assert answer.json()["uncounted"][0]["reason"].startswith("bot: ")
        answer = await api.post("/analytics/view/a", headers={**PAGE, "user-agent": library})
        reason = f"bot: {library.partition('/')[0]}"
        assert answer.json()["uncounted"] == [{"index": 0, "reason": reason}]


@pytest.mark.parametrize("query", ["", "?wait=true", "?validate=true"])
async def test_an_outcome_says_what_will_not_count(api: httpx.AsyncClient, query: str) -> None:
    events = [view(), {}, view(userAgent=BOT), view(userAgent=PERSON), view(userAgent=BOT)]
    answer = (await api.post(f"/analytics/events{query}", json=events)).json()
    assert (answer["accepted"], [each["index"] for each in answer["rejected"]]) == (4, [1])
    reason = "bot: Googlebot/"
    assert answer["uncounted"] == [{"index": index, "reason": reason} for index in (2, 4)]


async def test_a_dba_counts_them_after_all(api: httpx.AsyncClient, pool: Pool) -> None:
    at = (datetime.now(UTC) - timedelta(minutes=3)).isoformat()
    await send(api, view(occurredAt=at), view(occurredAt=at, userAgent=BOT))

    async def views() -> tuple[int, float]:
        async with pool.connection() as connection:
            for call in ("refresh_aggregates(forced => true)", "run_rankings()", "reconcile()"):
                await connection.execute(f"call api.{call}")
            cursor = await connection.execute(
                """
                select
                    (select sum(views)::bigint from agg.engagement_1d),
                    (select sum(views)::bigint from core.item_window where "window" = '1h')
                """
            )
            row = await cursor.fetchone()
            assert row is not None
            return row

    assert await views() == (1, 1)
    async with pool.connection() as connection:
        await connection.execute(
            "update core.event set counted = true where uncounted_because like 'bot%'"
        )
    assert await views() == (2, 2)


async def test_what_creators_do_with_their_own_items_does_not_count_where_it_is_to_be_ignored(
    own: Settings, pool: Pool, redis: Redis
) -> None:
    """By whatever way events come; those of before the setting, and of others, count."""
    ignoring = msgspec.structs.replace(own, own_actions="ignore", view_dedupe_seconds=0)
    new_id = UUID(bytes=Uuid7Source()(time.time_ns() // 1_000_000))
    again = view(userId="ada", id=str(new_id))
    async with running_writer(ignoring, pool, redis), api_of(ignoring) as api:
        await api.put("/items", json={"contentId": "a", "creator": "ada"})
        await send(
            api,
            view(userId="ada"),
            {**view(userId="ada"), "type": "like"},
            view(userId="bob"),
            view(sessionId="ada"),
            view("b", userId="ada"),
            view(userId="ada", contentType="film"),
        )
        assert await reasons(pool) == ["owner", "owner", None, None, None, None]
        await send(api, again, again)
        assert (await reasons(pool))[6:] == ["owner"]
