"""CloudEvents: one and many, in the JSON format's structured and batched modes."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis

from app.ingest.packing import CONFLICT
from app.runtime.pool import Pool
from app.settings import Settings
from tests.writing import running_writer, written

pytestmark = pytest.mark.usefixtures("clean")

ONE = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json; charset=UTF-8"


def cloud_event(**attributes: object) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": "1",
        "source": "/player",
        "type": "com.groundswell.view",
        "subject": "a",
        **attributes,
    }


async def send(api: httpx.AsyncClient, events: object, media_type: str) -> httpx.Response:
    return await api.post(
        "/analytics/events?wait=true",
        content=json.dumps(events),
        headers={"content-type": media_type},
    )


async def test_an_event_counts_once_by_its_source_and_id(
    settings: Settings, api: httpx.AsyncClient, pool: Pool, redis: Redis
) -> None:
    async with running_writer(settings, pool, redis):
        for duplicates in (0, 1):
            one = await send(api, cloud_event(), ONE)
            assert one.json() == {"accepted": 1, "rejected": [], "duplicates": duplicates}
        batch = [
            cloud_event(id="2", type="video.liked", data={"userId": "u", "player": {"v": 3}}),
            cloud_event(source="/other", time="2026-01-01T00:00:00Z"),
            cloud_event(type="video.paused"),
            cloud_event(),
            {**cloud_event(), "subject": None, "data": {"contentId": "b", "contentType": "film"}},
            {**cloud_event(), "subject": None, "data": {"contentId": "a"}},
        ]
        answer = (await send(api, batch, BATCH)).json()
    assert answer["accepted"] == 3
    assert answer["duplicates"] == 2
    assert [each["index"] for each in answer["rejected"]] == [1, 2, 4]
    assert answer["rejected"][2]["reason"] == CONFLICT
    assert (await written(pool)).rows == 2
    async with pool.connection() as connection:
        cursor = await connection.execute(
            "select user_id, metadata from core.event where event_type = 'like'"
        )
        assert await cursor.fetchall() == [("u", {"player": {"v": 3}})]


async def test_what_is_no_cloud_event_is_rejected_or_refused(api: httpx.AsyncClient) -> None:
    answer = await send(api, [{"type": "view", "contentId": "a"}, cloud_event(id="")], BATCH)
    assert answer.status_code == 422
    assert [each["reason"] for each in answer.json()["rejected"]] == [
        "specversion: missing",
        "id: expected text of length >= 1",
    ]
    assert (await send(api, "text", ONE)).status_code == 400


async def test_the_document_describes_them(api: httpx.AsyncClient) -> None:
    document = (await api.get("/schema/openapi.json")).json()
    content = document["paths"]["/analytics/events"]["post"]["requestBody"]["content"]
    schemas = document["components"]["schemas"]
    one = content[ONE]["schema"]
    assert one == {"$ref": "#/components/schemas/CloudEvent"}
    assert set(schemas["CloudEvent"]["required"]) == {"specversion", "id", "source", "type"}
    batch = content["application/cloudevents-batch+json"]["schema"]["$ref"].rpartition("/")[2]
    assert schemas[batch]["items"] == one
