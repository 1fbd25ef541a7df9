"""What callers write before and in their bodies, and what all routes make of it alike."""

from __future__ import annotations

import codecs
import gzip
import json
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis

from app.ingest import keys
from app.ingest.stream import from_fields
from app.runtime.pool import Pool
from tests.api.conftest import ADMIN

pytestmark = pytest.mark.usefixtures("clean")

VIEW = {"type": "view", "contentId": "a"}
CLOUD_EVENT = {"specversion": "1.0", "id": "1", "source": "s", "type": "viewed", "subject": "a"}
ALERT = {"condition": {"type": "passesCount", "metric": "views", "count": 9}}
LINES = b"\n".join([json.dumps(VIEW).encode()] * 2)
NDJSON, CLOUD = "application/x-ndjson", "application/cloudevents+json"


REQUESTS: tuple[tuple[str, str, Any, str], ...] = (
    ("POST", "/analytics/events", VIEW, "application/json"),
    ("POST", "/analytics/events", [VIEW, VIEW], "text/plain"),
    ("POST", "/analytics/events", LINES, NDJSON),
    ("POST", "/analytics/events", CLOUD_EVENT, CLOUD),
    ("POST", "/analytics/events", [CLOUD_EVENT], "application/cloudevents-batch+json"),
    ("POST", "/analytics/view/a", {"userId": "u"}, "application/json"),
    ("POST", "/analytics/view/a", b"", "application/json"),
    ("PUT", "/items", {"contentId": "a"}, "application/json"),
    ("PUT", "/items", [{"contentId": "a"}], "application/json"),
    ("POST", "/alerts", ALERT, "application/json"),
    ("POST", "/admin/rankings/hot/preview", {"size": 9}, "application/json"),
    ("PUT", "/admin/items/a/exclusion", {"reason": "r"}, "application/json"),
)


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
async def test_a_byte_order_mark_is_skipped(admin_api: httpx.AsyncClient, encoding: str) -> None:
    for method, path, body, media_type in REQUESTS:
        text = codecs.BOM_UTF8 + (body if isinstance(body, bytes) else json.dumps(body).encode())
        answer = await admin_api.request(
            method,
            path,
            content=gzip.compress(text) if encoding == "gzip" else text,
            headers={**ADMIN, "content-type": media_type, "content-encoding": encoding},
        )
        assert answer.status_code < 300, answer.text


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-16-le", "utf-32"])
async def test_text_that_is_no_utf_8_is_told(admin_api: httpx.AsyncClient, encoding: str) -> None:
    """As some shells write it; its letters are not even quoted as JSON."""
    for method, path, body, media_type in REQUESTS:
        text = (body if isinstance(body, bytes) else json.dumps(body).encode()).decode()
        if not text:
            continue
        headers = {**ADMIN, "content-type": media_type}
        content = text.encode(encoding)
        answer = await admin_api.request(method, path, content=content, headers=headers)
        assert answer.status_code == 400, path
        assert answer.json()["detail"] == "the body is UTF-16 or UTF-32: send it as UTF-8", path


async def test_a_number_is_an_id_in_every_body(api: httpx.AsyncClient, redis: Redis) -> None:
    post = "/analytics/events"
    for content, media_type in (
        ({**VIEW, "contentId": 7, "userId": 8, "sessionId": 9}, "application/json"),
        ([{**VIEW, "contentId": 7.0, "userId": 8e0, "sessionId": 9.0}], "text/plain"),
        ({**VIEW, "contentId": 7, "userId": 8, "sessionId": 9}, NDJSON),
        ({**CLOUD_EVENT, "subject": 7, "data": {"userId": 8, "sessionId": 9}}, CLOUD),
        (
            [{**CLOUD_EVENT, "subject": 7.0, "data": {"userId": 8, "sessionId": 9.0}}],
            "application/cloudevents-batch+json",
        ),
    ):
        body, headers = json.dumps(content), {"content-type": media_type}
        answer = await api.post(post, content=body, headers=headers)
        assert (answer.status_code, answer.json()["rejected"]) == (202, []), answer.text
    acted = await api.post("/analytics/view/7", json={"userId": 8, "sessionId": 9})
    assert acted.status_code == 202
    entries: Any = await redis.xrange(keys.EVENT_STREAM)
    events = [event for _, fields in entries for event in from_fields(fields).events]
    assert [(e.content_id, e.user_id, e.session_id) for e in events] == [("7", "8", "9")] * 6


async def test_a_number_is_the_same_item_in_the_catalogue(
    admin_api: httpx.AsyncClient, pool: Pool
) -> None:
    for given in (7, 7.0, "7"):
        answer = await admin_api.put("/items", json={"contentId": given, "title": "t"})
        assert answer.json() == {"written": 1}
    alert = await admin_api.post("/alerts", json={**ALERT, "contentId": 7}, headers=ADMIN)
    assert alert.status_code == 201, alert.text
    assert alert.json()["contentId"] == "7"
    async with pool.connection() as connection:
        cursor = await connection.execute("select external_id from core.item")
        assert await cursor.fetchall() == [("7",)]


async def test_what_is_too_much_for_one_body_is_told(api: httpx.AsyncClient) -> None:
    answer = await api.post("/analytics/events", content=b"[" * 50_001)
    assert answer.status_code == 413
    assert "50000 arrays and objects" in answer.json()["detail"]
    answer = await api.post("/analytics/view/a", json={"metadata": {"a": "a" * 32_768}})
    assert answer.status_code == 413
    assert "larger than 32768 bytes" in answer.json()["detail"]
    deep: Any = 1
    for _ in range(40):
        deep = {"a": deep}
    answer = await api.put("/items", json={"contentId": "a", "attributes": deep})
    assert answer.status_code == 400
    assert answer.json()["detail"] == "attributes: nested more than 32 deep"
