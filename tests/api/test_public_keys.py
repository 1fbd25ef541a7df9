"""What an attacker tries with the key that everybody can read in the page."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import msgspec
import pytest
from redis.asyncio import Redis

from app.access.bounds import PUBLIC
from app.ingest.uuid7 import Uuid7Source, millisecond_of, within
from app.ingest.viewer_bounds import NOT_OWN, TOO_LONG
from app.runtime.moments import unix_microseconds
from app.runtime.pool import Pool
from app.settings import Settings
from tests.serving import api_of, bearer, make_key
from tests.writing import running_writer

pytestmark = pytest.mark.usefixtures("clean")

PERSON = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
OTHER = PERSON.replace("128", "129")


class Caller:
    """Sends events with a key, and waits until they are written."""

    def __init__(self, api: httpx.AsyncClient, key: str) -> None:
        self._api = api
        self._headers = bearer(key)

    async def __call__(self, *events: dict[str, Any], agent: str = PERSON) -> list[str | None]:
        """Return why each of `events` of the item `a` was rejected; None where it was not."""
        answer = await self._api.post(
            "/analytics/events?wait=true",
            json=[{"contentId": "a", **event} for event in events],
            headers={**self._headers, "user-agent": agent},
        )
        assert answer.status_code in {200, 422}, answer.text
        reasons = {each["index"]: each["reason"] for each in answer.json()["rejected"]}
        return [reasons.get(index) for index in range(len(events))]


@pytest.fixture
def own(settings: Settings) -> Settings:
    return msgspec.structs.replace(settings, view_dedupe_seconds=86_400, batch_seconds=0.02)


@pytest.fixture
async def api(own: Settings, pool: Pool, redis: Redis) -> AsyncIterator[httpx.AsyncClient]:
    async with running_writer(own, pool, redis), api_of(own) as client:
        yield client


@pytest.fixture
async def page(api: httpx.AsyncClient, pool: Pool) -> Caller:
    return Caller(api, await make_key(pool, kind="public"))


@pytest.fixture
async def server(api: httpx.AsyncClient, pool: Pool) -> Caller:
    return Caller(api, await make_key(pool))


async def counts(pool: Pool) -> dict[str, float]:
    """Return the sums of what counts, by type; of watch_time the seconds."""
    async with pool.connection() as connection:
        cursor = await connection.execute(
            "select event_type::text, sum(count * coalesce(seconds, 1))::float8"
            " from core.event where counted group by event_type"
        )
        return dict(await cursor.fetchall())


def ago(**span: float) -> str:
    return (datetime.now(UTC) - timedelta(**span)).isoformat()


async def test_one_event_is_one(page: Caller, server: Caller, pool: Pool) -> None:
    many = {"type": "view", "count": 1_000_000_000}
    assert await page(many, {"type": "view"}) == ["count: at most 1 is allowed to this key", None]
    assert await server(many) == [None]
    assert await counts(pool) == {"view": 1_000_000_001}


async def test_only_what_the_viewer_gave_is_taken_back(page: Caller, pool: Pool) -> None:
    like, unlike = {"type": "like"}, {"type": "unlike"}
    assert await page(like) == [None]
    assert await page(unlike, agent=OTHER) == [NOT_OWN]
    assert await page({**unlike, "contentId": "b"}, {"type": "uncomment"}) == [NOT_OWN] * 2
    assert await page(unlike, unlike) == [None, NOT_OWN]
    assert await page(like, unlike, unlike, like) == [None, None, NOT_OWN, None]
    assert await counts(pool) == {"like": 3, "unlike": 2}


async def test_sending_a_like_again_gives_nothing_more_to_take_back(
    page: Caller, pool: Pool
) -> None:
    like = {"type": "like", "id": str(uuid4())}
    for agent in (PERSON, PERSON, OTHER):
        assert await page(like, agent=agent) == [None]
    taken = [{"type": "unlike", "id": str(uuid4())} for _ in range(2)]
    assert await page(taken[0], agent=OTHER) == [NOT_OWN]
    assert await page(*taken) == [None, NOT_OWN]
    assert await page(taken[0]) == [None], "sent again, it is what it was"
    assert await counts(pool) == {"like": 1, "unlike": 1}


async def test_a_like_that_is_not_recorded_gives_nothing_to_take_back(
    own: Settings, pool: Pool, redis: Redis, api: httpx.AsyncClient
) -> None:
    key = await make_key(pool, kind="public", rate_limit=2)
    like, unlike = ({"type": kind, "contentId": "a"} for kind in ("like", "unlike"))

    async def status(event: dict[str, Any], api: httpx.AsyncClient = api) -> int:
        headers = {**bearer(key), "user-agent": PERSON}
        return (await api.post("/analytics/events", json=event, headers=headers)).status_code

    assert [await status(event) for event in (unlike, like, like, unlike)] == [422, 202, 429, 429]
    async with pool.connection() as connection:
        await connection.execute("update core.api_key set rate_limit = 1000")
    # What was used of the lower limit is a minute of the higher one.
    async for spent in redis.scan_iter(match="*rate*"):
        await redis.unlink(spent)
    async with api_of(own) as later:
        assert [await status(event, later) for event in (unlike, unlike)] == [202, 422]


async def test_times_are_close_to_now_and_a_wrong_clock_is_no_loss(
    page: Caller, pool: Pool
) -> None:
    reasons = await page(
        {"type": "view", "occurredAt": ago(hours=2)},
        {"type": "view", "occurredAt": ago(hours=-0.5)},
        {"type": "view", "occurredAt": ago(minutes=59), "sessionId": "s"},
        {"type": "like", "id": str(UUID(bytes=Uuid7Source()(1_000_000)))},
    )
    assert reasons == [
        "occurredAt is 2 h ago; at most 1 h is allowed to this key",
        "occurredAt is 30 min in the future; at most 5 min is allowed to this key",
        None,
        None,
    ]
    async with pool.connection() as connection:
        cursor = await connection.execute(
            "select received_at = occurred_at from core.event where event_type = 'like'"
        )
        assert await cursor.fetchall() == [(True,)]


async def test_nobody_can_watch_longer_than_time_passes(page: Caller, pool: Pool) -> None:
    def watched(seconds: float, **fields: object) -> dict[str, Any]:
        return {"type": "watch_time", "seconds": seconds, **fields}

    assert await page(watched(86_400)) == ["seconds: at most 3600 at once is allowed to this key"]
    again = watched(3_000, id=str(uuid4()))
    assert await page(again, watched(3_000), watched(500)) == [None, TOO_LONG, None]
    assert await page(again, watched(3_000, sessionId=str(uuid4()))) == [None, TOO_LONG]
    assert await page(watched(200, contentId="b"), watched(200)) == [None, TOO_LONG]
    assert await page(watched(200), agent=OTHER) == [None]
    assert await counts(pool) == {"watch_time": 3_900}


async def test_random_sessions_and_users_are_one_viewer(page: Caller, pool: Pool) -> None:
    for name in ("sessionId", "userId"):
        await page(*({"type": "view", name: str(uuid4())} for _ in range(5)))
    await page({"type": "view", "userId": "u"}, agent=OTHER)
    await page({"type": "view", "userId": "u"}, agent=OTHER + "0")
    assert await counts(pool) == {"view": 2}


async def test_an_id_of_a_page_is_not_the_servers(page: Caller, server: Caller, pool: Pool) -> None:
    for identifier in (str(uuid4()), str(UUID(bytes=Uuid7Source()(unix_microseconds() // 1_000)))):
        squatted = {"type": "like", "id": identifier, "contentId": "own"}
        assert await page(squatted) == [None]
        genuine = {"type": "like", "id": identifier}
        for caller, agent in ((server, PERSON), (server, PERSON), (page, OTHER)):
            assert await caller(genuine if caller is server else squatted, agent=agent) == [None]
    assert await counts(pool) == {"like": 4}


def test_an_id_in_a_namespace_keeps_its_time_and_form() -> None:
    for identifier in (uuid4(), UUID(bytes=Uuid7Source()(1_700_000_000_000)), UUID(int=1)):
        mine, others = (UUID(bytes=within(name, identifier)) for name in (b"1", b"2"))
        assert len({identifier, mine, others}) == 3
        assert mine.bytes == within(b"1", identifier)
        assert millisecond_of(mine) == millisecond_of(identifier)
        assert mine.variant == "specified in RFC 4122"
        assert mine.version == (7 if identifier.version == 7 else 8)


async def test_a_key_may_be_given_other_bounds(api: httpx.AsyncClient, pool: Pool) -> None:
    changes: dict[str, Any] = {
        "max_count": 5,
        "max_age_seconds": None,
        "takes_back": "anything",
        "max_watch_seconds": None,
        "own_ids": False,
        "derives_viewer": False,
    }
    bounds = msgspec.structs.replace(PUBLIC, **changes)
    page = Caller(api, await make_key(pool, kind="public", bounds=bounds))
    strict = msgspec.structs.replace(PUBLIC, takes_back="nothing")
    taker = Caller(api, await make_key(pool, kind="public", bounds=strict))
    reasons = await page(
        {"type": "view", "count": 5, "occurredAt": ago(days=2)},
        {"type": "view", "count": 6},
        {"type": "unlike"},
        {"type": "watch_time", "seconds": 86_400},
        {"type": "view", "sessionId": "s"},
        {"type": "view", "sessionId": "t"},
    )
    assert reasons == [None, "count: at most 5 is allowed to this key", *[None] * 4]
    assert await counts(pool) == {"view": 7, "unlike": 1, "watch_time": 86_400}
    assert await taker({"type": "like"}, {"type": "unlike"}) == [
        None,
        "type: this key takes nothing back",
    ]


@pytest.mark.parametrize("query", ["", "?wait=true", "?validate=true"])
async def test_a_count_costs_as_many_events_of_the_limit(
    api: httpx.AsyncClient, pool: Pool, query: str
) -> None:
    """A count that is refused is one event, and so is any of a key that is not bounded."""
    bounds = msgspec.structs.replace(PUBLIC, max_count=5)
    page = await make_key(pool, kind="public", bounds=bounds, rate_limit=10)
    server = await make_key(pool, rate_limit=10)
    view = {"type": "view", "contentId": "a"}
    events = [{**view, "count": 5}, view, {**view, "count": 6}, {}]
    for key, left in ((page, "2"), (server, "6")):
        answer = await api.post(f"/analytics/events{query}", json=events, headers=bearer(key))
        assert answer.headers["ratelimit-remaining"] == left
    again = await api.post(f"/analytics/events{query}", json=events[:1], headers=bearer(page))
    assert again.status_code == 429


async def test_many_at_once_take_back_no_more_than_was_given(page: Caller, pool: Pool) -> None:
    await page({"type": "like"}, {"type": "like"})
    answers = await asyncio.gather(*(page({"type": "unlike"}) for _ in range(8)))
    assert sum(answer == [None] for answer in answers) == 2
    assert await counts(pool) == {"like": 2, "unlike": 2}
