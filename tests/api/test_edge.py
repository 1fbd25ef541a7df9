"""What holds on all routes: parameters, ids, HEAD, compression, CORS, who may keep what."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from urllib.parse import quote

import httpx
import msgspec
import pytest
import zstandard
from litestar.handlers import HTTPRouteHandler

from app.dashboard.problem_pages import PROBLEMS
from app.main import create_app
from app.runtime.pool import Pool
from app.settings import Settings
from tests.api.conftest import ADMIN, Stage, problem
from tests.serving import api_of, bearer, make_key
from tests.together import together

pytestmark = pytest.mark.usefixtures("clean")

PAGE = "https://example.org"
STRANGE = [
    "a/b", "a%2Fb", "100%", "what?", "#1", "a;b=c", "two words", "😀", ".", "..", "a//b", "-",
    "liked", "+", "ä&ö=1", "\"'<>", "/" * 200, "%" * 200, "😀" * 200,
]  # fmt: skip


PARAMETERS = {
    "alert_id": "1", "comment_id": "00000000-0000-7000-8000-000000000001", "content_id": "x",
    "key_id": "1", "name": "trending_24h", "recompute_id": "1",
    "upload_id": "00000000-0000-7000-8000-000000000001",
}  # fmt: skip


def routes(settings: Settings) -> Iterator[tuple[str, str]]:
    """Every method and path of the API, with something in the place of each parameter."""
    for route in create_app(settings).app.routes:
        for handler in getattr(route, "route_handlers", ()):
            if isinstance(handler, HTTPRouteHandler) and handler.include_in_schema is not False:
                path = route.path_format
                for name, value in PARAMETERS.items():
                    path = path.replace(f"{{{name}}}", value)
                for method in handler.http_methods - {"OPTIONS"}:
                    yield method, path


async def test_every_route_refuses_what_it_does_not_know(
    admin_api: httpx.AsyncClient, settings: Settings
) -> None:
    seen = 0
    for method, path in routes(settings):
        if path.startswith("/health"):
            continue
        seen += 1
        answer = await admin_api.request(method, f"{path}?windw=7d", headers=ADMIN)
        assert "windw: no such parameter" in await problem(answer, 400, "bad-request"), path
    assert seen > 25


@together(
    ("query", "told"),
    [
        ("windw=7d", "windw: no such parameter; did you mean window?"),
        ("timeRange=7d", "timeRange: no such parameter; known are category, contentType, cursor"),
        ("tz=UTC", "tz: no such parameter"),
        ("creator=Ada", "creator: no such parameter"),
        ("limit=5&limit=6", "limit: came 2 times; send it once"),
        ("limit=5&limit=5", "limit: came 2 times; send it once"),
        ("limit=0", "limit: '0' is no whole number from 1 to 100"),
        ("limit=5.0", "limit: '5.0' is no whole number from 1 to 100"),
        ("limit=1e1", "limit: '1e1' is no whole number from 1 to 100"),
        ("limit=%D9%A3", "limit: '٣' is no whole number from 1 to 100"),
        ("limit=", "limit: '' is no whole number from 1 to 100"),
        ("window=2h", "window: '2h' is none of 1h, 24h, 7d, 30d, all"),
        ("category=", "category: use 1 to 200 characters"),
        ("category=%00", "category: has a character that no name can have"),
    ],
)
async def test_a_wrong_parameter_is_named(api: httpx.AsyncClient, query: str, told: str) -> None:
    answer = await api.get(f"/analytics/trending?{query}")
    assert told in await problem(answer, 400, "bad-request")


async def test_what_is_not_part_of_the_api_may_be_decorated(api: httpx.AsyncClient) -> None:
    for path in ("/", "/beacon.js", "/health/live"):
        assert (await api.get(f"{path}?utm_source=mail")).status_code == 200


@pytest.mark.parametrize("content_id", STRANGE)
async def test_every_id_that_can_be_recorded_can_be_read(
    admin_api: httpx.AsyncClient, content_id: str
) -> None:
    wait = {"wait": "true"}
    event = {"type": "view", "contentId": content_id}
    written = await admin_api.put("/items", json={"contentId": content_id})
    assert written.status_code == 200
    recorded = await admin_api.post("/analytics/events", params={"validate": "1"}, json=event)
    assert recorded.json() == {"accepted": 1, "rejected": []}, wait
    for path in ("/analytics/stats/{}", "/items/{}", "/admin/items/{}/exclusion"):
        beside = await admin_api.get(
            path.format("-"), params={"contentId": content_id}, headers=ADMIN
        )
        assert beside.status_code == 200, (path, beside.text)
        found = beside.json()
        assert (found.get("contentId") or found["items"][0]["contentId"]) == content_id
        # A client makes less of these before it sends them, and /items/liked is a list.
        if content_id.strip(".") and content_id != "liked":
            inside = await admin_api.get(path.format(quote(content_id, safe="")), headers=ADMIN)
            assert inside.status_code == 200, (path, inside.text)
            assert inside.json().keys() == found.keys()
    view = await admin_api.post("/analytics/view/-", params={"contentId": content_id})
    assert view.status_code == 202


async def test_an_id_stands_in_one_place(api: httpx.AsyncClient) -> None:
    answer = await api.get("/analytics/stats/a", params={"contentId": "b"})
    assert "contentId: stands in the path, too" in await problem(answer, 400, "bad-request")
    broken = await api.get("/analytics/stats/%ff")
    assert "contentId: is not UTF-8" in await problem(broken, 400, "bad-request")


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/analytics/totals?category=%FF", "category"),
        ("/analytics/series?contentId=a&contentId=%ED%A0%80", "contentId"),
        ("/analytics/breakdown?by=item&creator=a%C3", "creator"),
        ("/analytics/trending?category=%FF", "category"),
        ("/items?category=%C0%AF", "category"),
        ("/analytics/stats?ids=%FF", "ids"),
        ("/analytics/stats/-?contentId=%FF", "contentId"),
        ("/analytics/now?%FF=%FF", "\ufffd"),
    ],
)
async def test_bytes_that_are_no_text_are_no_name(
    api: httpx.AsyncClient, path: str, name: str
) -> None:
    """They would be asked for as U+FFFD, which an item may well be called."""
    assert await problem(await api.get(path), 400, "bad-request") == f"{name}: is not UTF-8"
    fine = await api.get("/analytics/totals?category=%EF%BF%BD&creator=a+b%20%C3%A4")
    assert fine.status_code == 200, fine.text


async def test_numbers_are_taken_for_ids(api: httpx.AsyncClient) -> None:
    body = [
        {"type": "view", "contentId": 42, "userId": 7, "sessionId": 9},
        {"type": "view", "contentId": True},
        {"type": "view", "contentId": 1.5},
    ]
    answer = await api.post("/analytics/events", json=body)
    assert answer.status_code == 202
    assert [fault["index"] for fault in answer.json()["rejected"]] == [1, 2]
    assert "contentId: expected text or a whole number" in answer.json()["rejected"][0]["reason"]


async def test_head_is_answered_as_get_is(stage: Stage, api: httpx.AsyncClient) -> None:
    item = await stage.world.item("a")
    await stage.world.happened(item, "view", 3)
    await stage.show()
    for path in (
        "/", "/analytics/trending", "/analytics/trending?category=x", "/analytics/rankings",
        "/analytics/stats/a", "/items", "/items/a", "/health/live", "/metrics",
        "/schema/openapi.json", "/analytics/stats/unknown",
    ):  # fmt: skip
        get, head = await api.get(path), await api.head(path)
        assert head.status_code == get.status_code, path
        assert head.content == b""
        assert head.headers.keys() == get.headers.keys(), path
        assert head.headers["content-type"] == get.headers["content-type"]


async def test_an_endless_answer_has_a_head(api: httpx.AsyncClient) -> None:
    head = await api.head("/alerts/stream")
    assert head.headers["content-type"].startswith("text/event-stream")
    assert head.content == b""


async def test_bodies_over_a_kilobyte_are_compressed(stage: Stage, api: httpx.AsyncClient) -> None:
    for number in range(30):
        item = await stage.world.item(f"item {number}")
        await stage.world.happened(item, "view", number + 1)
    await stage.show()
    for path in ("/analytics/trending?limit=50", "/analytics/rankings/trending_24h?limit=50"):
        plain = await api.get(path, headers={"accept-encoding": "identity"})
        assert "content-encoding" not in plain.headers
        assert "accept-encoding" in plain.headers["vary"]
        for accepted, coding in (("gzip", "gzip"), ("gzip, zstd", "zstd"), ("gzip;q=0", None)):
            headers = {"accept-encoding": accepted}
            async with api.stream("GET", path, headers=headers) as answer:
                raw = b"".join([part async for part in answer.aiter_raw()])
            assert answer.headers.get("content-encoding") == coding
            if coding == "gzip":
                assert gzip.decompress(raw) == plain.content
            elif coding == "zstd":
                assert zstandard.ZstdDecompressor().decompress(raw) == plain.content
            assert coding is None or len(raw) < len(plain.content) / 2
            assert int(answer.headers["content-length"]) == len(raw)
            again = await api.get(
                path, headers={**headers, "if-none-match": answer.headers["etag"]}
            )
            assert again.status_code == 304
    small = await api.get("/health/live", headers={"accept-encoding": "gzip"})
    assert "content-encoding" not in small.headers


async def test_a_compressed_answer_is_made_once_a_snapshot(
    stage: Stage, api: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(30):
        await stage.world.happened(await stage.world.item(f"i{number}"), "view", number + 1)
    await stage.show()
    made = 0

    def counted(body: bytes, _coding: str) -> bytes:
        nonlocal made
        made += 1
        return gzip.compress(body)

    monkeypatch.setattr("app.rankings.snapshots.compress", counted)
    for _ in range(5):
        await api.get("/analytics/trending?limit=30", headers={"accept-encoding": "gzip"})
    assert made == 1


async def test_who_needed_a_key_gets_what_nobody_else_may_be_given(
    settings: Settings, pool: Pool
) -> None:
    closed = msgspec.structs.replace(settings, require_keys="all")
    key = await make_key(pool, "read")
    async with api_of(closed) as api:
        for path in ("/analytics/rankings", "/items"):
            answer = await api.get(path, headers=bearer(key))
            assert answer.headers["cache-control"].startswith("private"), path
            assert {"authorization", "x-api-key"} <= set(answer.headers["vary"].split(", "))
    async with api_of(settings) as api:
        answer = await api.get("/analytics/rankings")
        assert answer.headers["cache-control"].startswith("public")
        assert "authorization" not in answer.headers.get("vary", "")


@pytest.mark.parametrize(
    "path", ["/analytics/trending", "/analytics/stats/a", "/items", "/alerts/stream"]
)
async def test_a_page_reads_as_it_records(settings: Settings, path: str) -> None:
    preflight = {"origin": PAGE, "access-control-request-method": "GET"}
    async with api_of(settings) as api:
        answer = await api.options(path, headers=preflight)
        assert answer.status_code == 204
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "GET" in answer.headers["access-control-allow-methods"]
        if path != "/alerts/stream":
            read = await api.get(path, headers={"origin": PAGE})
            assert read.headers["access-control-allow-origin"] == "*"
            assert "etag" in read.headers["access-control-expose-headers"]
    own = msgspec.structs.replace(settings, cors_origins=f"{PAGE}/, https://app.example")
    async with api_of(own) as api:
        for origin, allowed in ((PAGE, PAGE), ("https://app.example", "https://app.example"),
                                ("https://other.example", None)):  # fmt: skip
            answer = await api.options(path, headers={**preflight, "origin": origin})
            assert answer.headers.get("access-control-allow-origin") == allowed


async def test_a_public_key_with_read_is_for_pages(settings: Settings, pool: Pool) -> None:
    closed = msgspec.structs.replace(settings, require_keys="all")
    key = await make_key(pool, "read", "write", kind="public", origins=(PAGE,))
    records = await make_key(pool, kind="public")
    async with api_of(closed) as api:
        read = f"/analytics/rankings?key={key}"
        good = await api.get(read, headers={"origin": PAGE})
        assert good.status_code == 200
        assert good.headers["access-control-allow-origin"] == PAGE
        await problem(
            await api.get(read, headers={"origin": "https://x.example"}), 403, "forbidden"
        )
        await problem(
            await api.get(f"/analytics/rankings?key={records}", headers={"origin": PAGE}),
            403, "forbidden",
        )  # fmt: skip


async def test_admins_have_no_pages(admin_api: httpx.AsyncClient) -> None:
    answer = await admin_api.get("/admin/audit", headers={**ADMIN, "origin": PAGE})
    assert answer.status_code == 200
    assert "access-control-allow-origin" not in answer.headers


async def test_every_problem_has_a_page_that_says_what_to_do(api: httpx.AsyncClient) -> None:
    answer = await api.get("/analytics/trending?windw=1h")
    page = await api.get(answer.json()["type"])
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert "What to do" in page.text
    listed = (await api.get("/problems")).text
    for slug in PROBLEMS:
        assert f'href="/problems/{slug}"' in listed
        told = await api.get(f"/problems/{slug}", headers={"accept": "application/json"})
        assert told.json()["remedy"]
    await problem(await api.get("/problems/nonsense"), 404, "not-found")
