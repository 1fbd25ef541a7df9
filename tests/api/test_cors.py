"""Pages of other origins: preflights, what they may read, and the form a beacon has."""

from __future__ import annotations

import json

import msgspec
import pytest
from redis.asyncio import Redis

from app.runtime.pool import Pool
from app.settings import Settings
from tests.serving import api_of, bearer, make_key
from tests.writing import waiting

pytestmark = pytest.mark.usefixtures("clean")

PAGE = "https://example.org"
OTHER = "https://other.example"
VIEW = {"type": "view", "contentId": "a"}


@pytest.fixture
def closed(settings: Settings) -> Settings:
    return msgspec.structs.replace(settings, require_keys="write")


@pytest.mark.parametrize("path", ["/analytics/events", "/analytics/view/a", "/analytics/share/a"])
async def test_a_preflight_asks_for_the_key_in_the_address_or_for_any(
    closed: Settings, pool: Pool, path: str
) -> None:
    key = await make_key(pool, kind="public", origins=(PAGE,))
    async with api_of(closed) as api:
        await api.post(path, headers=bearer(key))  # now the keys are loaded
        for query in (f"?key={key}", ""):
            for origin, allowed in ((PAGE, PAGE), (OTHER, None)):
                answer = await api.options(
                    path + query,
                    headers={"origin": origin, "access-control-request-method": "POST"},
                )
                assert answer.status_code == 204
                assert answer.headers.get("access-control-allow-origin") == allowed
                assert ("access-control-allow-methods" in answer.headers) == bool(allowed)
                assert answer.headers["vary"].lower() == "origin"


async def test_an_answer_and_a_problem_may_be_read_by_the_keys_pages(
    closed: Settings, pool: Pool
) -> None:
    key = await make_key(pool, kind="public", origins=(PAGE,))
    async with api_of(closed) as api:
        for origin, allowed, status in ((PAGE, PAGE, 202), (OTHER, None, 403)):
            headers = {**bearer(key), "origin": origin}
            answer = await api.post("/analytics/events", json=VIEW, headers=headers)
            assert answer.status_code == status
            assert answer.headers.get("access-control-allow-origin") == allowed
        bad = await api.post(f"/analytics/events?key={key}", json={}, headers={"origin": PAGE})
        assert bad.status_code == 422
        assert bad.headers["access-control-allow-origin"] == PAGE
        assert "ratelimit" in bad.headers["access-control-expose-headers"]


async def test_where_everybody_may_write_every_page_may(settings: Settings) -> None:
    async with api_of(settings) as api:
        answer = await api.post("/analytics/events", json=VIEW, headers={"origin": OTHER})
        assert answer.headers["access-control-allow-origin"] == "*"
        without = await api.post("/analytics/events", json=VIEW)
        assert "access-control-allow-origin" not in without.headers


async def test_a_beacon_is_json_as_text(settings: Settings, redis: Redis) -> None:
    async with api_of(settings) as api:
        answer = await api.post(
            "/analytics/events",
            content=json.dumps([VIEW, VIEW]),
            headers={"content-type": "text/plain;charset=UTF-8", "origin": PAGE},
        )
        assert (answer.status_code, answer.json()["accepted"]) == (202, 2)
        assert await waiting(redis) == 1


async def test_the_script_is_small_and_comes_with_an_etag(settings: Settings) -> None:
    async with api_of(settings) as api:
        script = await api.get("/beacon.js")
        assert script.headers["content-type"].startswith("text/javascript")
        assert int(script.headers["content-length"]) < 4_096, "as it comes, compressed"
        again = await api.get("/beacon.js", headers={"if-none-match": script.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
