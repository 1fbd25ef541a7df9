"""`POST /analytics/events` and the single actions: outcomes, limits, and counting once."""

from __future__ import annotations

import asyncio
import gzip
import json
import time
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import httpx
import msgspec
import pytest
from redis.asyncio import Redis

from app.ingest.intake import Intake
from app.ingest.uuid7 import Uuid7Source
from app.runtime.pool import Pool
from app.settings import Settings
from tests.eventually import eventually
from tests.together import together
from tests.writing import Written, running_writer, waiting, written

pytestmark = pytest.mark.usefixtures("clean")

VIEW = {"type": "view", "contentId": "a"}


@pytest.fixture
async def writer(
    clean: None,  # noqa: ARG001 - before the writer sees what an earlier test left
    settings: Settings,
    pool: Pool,
    redis: Redis,
) -> AsyncIterator[None]:
    async with running_writer(settings, pool, redis):
        yield


async def post(api: httpx.AsyncClient, events: Any, query: str = "") -> httpx.Response:
    return await api.post(f"/analytics/events{query}", json=events)


async def test_each_event_has_its_outcome(api: httpx.AsyncClient, redis: Redis) -> None:
    answer = await post(api, [VIEW, {"type": "view"}, VIEW, {**VIEW, "count": -1}])
    assert answer.status_code == 202
    assert answer.json() == {
        "accepted": 2,
        "rejected": [
            {"index": 1, "reason": "contentId: missing"},
            {"index": 3, "reason": "count: expected a whole number >= 1"},
        ],
    }
    assert await waiting(redis) == 1


async def test_one_event_and_none(api: httpx.AsyncClient, redis: Redis) -> None:
    assert (await post(api, VIEW)).json() == {"accepted": 1, "rejected": []}
    empty = await post(api, [])
    assert (empty.status_code, empty.json()) == (202, {"accepted": 0, "rejected": []})
    assert await waiting(redis) == 1


async def test_a_request_without_any_good_event_is_a_problem(
    api: httpx.AsyncClient, redis: Redis
) -> None:
    answer = await post(api, [{"type": "view"}])
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "type": "/problems/nothing-accepted",
        "title": "None of the events can be accepted",
        "status": 422,
        "detail": "contentId: missing",
        "accepted": 0,
        "rejected": [{"index": 0, "reason": "contentId: missing"}],
        "instance": "/analytics/events",
    }
    assert await waiting(redis) == 0


@together(
    ("body", "headers", "status", "slug"),
    [
        (b"nope", {}, 400, "bad-request"),
        (b"", {}, 400, "bad-request"),
        (b"[]", {"content-encoding": "br"}, 400, "bad-request"),
        (b"[]", {"content-encoding": "gzip"}, 400, "bad-request"),
        (json.dumps([VIEW] * 2_001).encode(), {}, 413, "too-large"),
        (b"[" + b" " * 2_000_000 + b"]", {}, 413, "too-large"),
        (gzip.compress(b" " * 2_000_001), {"content-encoding": "gzip"}, 413, "too-large"),
    ],
)
async def test_what_cannot_be_read_is_a_problem(
    api: httpx.AsyncClient, body: bytes, headers: dict[str, str], status: int, slug: str
) -> None:
    answer = await api.post("/analytics/events", content=body, headers=headers)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == f"/problems/{slug}"


async def test_ndjson_and_gzip(api: httpx.AsyncClient, redis: Redis) -> None:
    lines = b"\n".join([json.dumps(VIEW).encode(), b"{", json.dumps(VIEW).encode(), b""])
    answer = await api.post(
        "/analytics/events",
        content=gzip.compress(lines),
        headers={"content-type": "application/x-ndjson", "content-encoding": "gzip"},
    )
    assert answer.status_code == 202
    assert answer.json()["accepted"] == 2
    assert [each["index"] for each in answer.json()["rejected"]] == [1]
    assert await waiting(redis) == 1


@pytest.mark.usefixtures("writer")
async def test_wait_answers_when_the_database_has_them(api: httpx.AsyncClient, pool: Pool) -> None:
    answer = await post(api, [VIEW, {}, VIEW], "?wait=true")
    assert answer.status_code == 200
    assert answer.json()["accepted"] == 2
    assert await written(pool) == Written(rows=2, ids=2, fed=2, views=2)


async def test_wait_without_a_writer_is_accepted_all_the_same(
    settings: Settings, pool: Pool, redis: Redis
) -> None:
    impatient = msgspec.structs.replace(settings, wait_seconds=0.05)
    assert await Intake(impatient, pool, redis).written("nobody") is None


async def test_validate_stores_nothing(api: httpx.AsyncClient, redis: Redis) -> None:
    answer = await post(api, [VIEW, {}], "?validate=true")
    assert answer.status_code == 200
    assert answer.json() == {"accepted": 1, "rejected": [{"index": 1, "reason": "type: missing"}]}
    assert await waiting(redis) == 0


@pytest.mark.usefixtures("writer")
@pytest.mark.parametrize("version", [4, 7])
async def test_an_id_counts_once_however_often_it_is_sent(
    api: httpx.AsyncClient, pool: Pool, redis: Redis, version: int
) -> None:
    new_id, now = Uuid7Source(), time.time_ns() // 1_000_000
    ids = [
        str(uuid4()) if version == 4 else str(UUID(bytes=new_id(now - 90_000_000)))
        for _ in range(20)
    ]
    events = [{**VIEW, "id": each} for each in ids]
    answers = await asyncio.gather(
        *(post(api, events[start : start + 10]) for start in (0, 5, 10, 0, 5, 10))
    )
    answers += [await post(api, event) for event in events[:3]]
    assert {answer.status_code for answer in answers} == {202}
    await eventually(lambda: _settled(redis))
    await post(api, events, "?wait=true")
    assert await written(pool) == Written(rows=20, ids=20, fed=20, views=20)


async def _settled(redis: Redis) -> bool:
    return await waiting(redis) == 0


@pytest.mark.parametrize("action", ["view", "like", "comment", "share"])
@pytest.mark.usefixtures("writer")
async def test_single_actions(api: httpx.AsyncClient, pool: Pool, action: str) -> None:
    for content in (b"", b'{"userId": "u", "contentType": "film"}'):
        answer = await api.post(f"/analytics/{action}/x1", content=content)
        assert (answer.status_code, answer.json()) == (202, {"accepted": 1, "rejected": []})
    identifier = str(uuid4())
    for _ in range(2):
        await api.post(f"/analytics/{action}/x1?contentType=film", json={"id": identifier})
    assert (await post(api, [VIEW], "?wait=true")).status_code == 200

    async def counted() -> bool:
        async with pool.connection() as connection:
            cursor = await connection.execute(
                """
                select item.content_type, count(*) from core.event join core.item using (item_id)
                where event_type::text = %s and external_id = 'x1' group by 1 order by 1
                """,
                [action],
            )
            return await cursor.fetchall() == [("film", 2), ("video", 1)]

    await eventually(counted)


async def test_a_view_takes_well_under_100_ms(api: httpx.AsyncClient) -> None:
    await api.post("/analytics/view/a")
    times = []
    for _ in range(20):
        began = time.perf_counter()
        assert (await api.post("/analytics/view/a")).status_code == 202
        times.append(time.perf_counter() - began)
    assert sorted(times)[10] < 0.1


@together(
    ("path", "body", "status"),
    [
        ("/analytics/view/a", b"{", 400),
        ("/analytics/view/a", b'{"userId": ""}', 422),
        ("/analytics/view/" + "a" * 201, b"", 400),
        ("/analytics/view/a?contentType=", b"", 400),
        ("/analytics/view/a%00", b"", 400),
    ],
)
async def test_a_wrong_action_is_a_problem(
    api: httpx.AsyncClient, path: str, body: bytes, status: int
) -> None:
    answer = await api.post(path, content=body)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


async def test_the_document_describes_the_bodies(api: httpx.AsyncClient) -> None:
    document = (await api.get("/schema/openapi.json")).json()
    body = document["paths"]["/analytics/events"]["post"]["requestBody"]
    schemas = document["components"]["schemas"]
    named = body["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    one, several = schemas[named]["oneOf"]
    assert one == {"$ref": "#/components/schemas/EventIn"}
    assert schemas["EventIn"]["required"] == ["type", "contentId"]
    assert several["items"] == one
    assert "application/x-ndjson" in body["content"]
    assert not document["paths"]["/analytics/view/{contentId}"]["post"]["requestBody"]["required"]
