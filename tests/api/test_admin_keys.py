"""`/admin/keys`: making, bounding and revoking API keys (F7)."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from app.access.bounds import PUBLIC
from app.alerts.feed import AlertFeed
from app.runtime.pool import Pool
from tests.api.conftest import ADMIN, hot_path_of, problem
from tests.eventually import eventually
from tests.serving import bearer, make_key

pytestmark = pytest.mark.usefixtures("clean")

URL = "/admin/keys"
USUAL: dict[str, object] = {
    "allowedOrigins": [], "rateLimit": None, "maxCount": None, "maxAgeSeconds": None,
    "takesBack": "anything", "maxWatchSeconds": None, "ownIds": False, "derivesViewer": False,
}  # fmt: skip


async def made(api: httpx.AsyncClient, **given: object) -> Any:
    answer = await api.post(URL, json={"name": "importer", **given}, headers=ADMIN)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def listed(api: httpx.AsyncClient, query: str = "") -> list[Any]:
    answer = await api.get(URL + query, headers=ADMIN)
    assert answer.status_code == 200, answer.text
    assert "no-store" in answer.headers["cache-control"]
    keys: list[Any] = answer.json()["keys"]
    return keys


async def trail(api: httpx.AsyncClient) -> Any:
    return (await api.get("/admin/audit?limit=1", headers=ADMIN)).json()["entries"][0]


async def test_a_key_is_shown_once_and_works_at_once(admin_api: httpx.AsyncClient) -> None:
    key = await made(admin_api, scopes=["read", "backfill"])
    text = key.pop("apiKey")
    assert text.startswith(f"{key['prefix']}_")
    assert {name: key[name] for name in USUAL} == USUAL
    assert (key["kind"], sorted(key["scopes"]), key["isOwn"]) == (
        "secret", ["backfill", "read"], False,
    )  # fmt: skip
    assert await listed(admin_api) == [key]
    assert (await admin_api.get("/analytics/rankings", headers=bearer(text))).status_code == 200
    await problem(await admin_api.get(URL, headers=bearer(text)), 403, "forbidden")
    # Neither the key nor its hash is in the trail.
    entry = await trail(admin_api)
    assert (entry["action"], entry["who"]) == ("keys.create", "admin key")
    assert entry["parameters"] == {
        "name": "importer", "kind": "secret", "scopes": ["backfill", "read"],
    }  # fmt: skip
    assert entry["outcome"] == {"key": key["id"], "prefix": key["prefix"]}


async def test_a_public_key_has_the_bounds_of_one_unless_told_otherwise(
    admin_api: httpx.AsyncClient,
) -> None:
    key = await made(
        admin_api, kind="public", allowedOrigins=["https://example.org"], maxCount=5, ownIds=False
    )
    assert key["apiKey"].startswith("gpk_")
    assert key["scopes"] == ["write"]
    assert (key["maxCount"], key["ownIds"]) == (5, False)
    assert (key["takesBack"], key["maxAgeSeconds"]) == (PUBLIC.takes_back, PUBLIC.max_age_seconds)


async def test_bounds_change_one_by_one_and_null_takes_them_away(
    admin_api: httpx.AsyncClient,
) -> None:
    key = await made(admin_api, rateLimit=600, maxCount=3)
    url = f"{URL}/{key['id']}"
    answer = await admin_api.patch(url, json={"rateLimit": None, "takesBack": "own"}, headers=ADMIN)
    assert answer.status_code == 200, answer.text
    changed = answer.json()
    expected = {**USUAL, "maxCount": 3, "takesBack": "own"}
    assert {name: changed[name] for name in USUAL} == expected
    assert (await trail(admin_api))["outcome"] == {
        "prefix": key["prefix"], "before": {"rateLimit": 600, "takesBack": "anything"},
    }  # fmt: skip
    # Two who change different bounds at once: both hold.
    one, other = {"maxCount": 9}, {"maxAgeSeconds": 60}
    await asyncio.gather(*(admin_api.patch(url, json=each, headers=ADMIN) for each in (one, other)))
    [found] = await listed(admin_api)
    assert (found["maxCount"], found["maxAgeSeconds"]) == (9, 60)


async def test_a_revoked_key_is_refused_at_once_and_stays_listed(
    admin_api: httpx.AsyncClient,
) -> None:
    key, kept = await made(admin_api, scopes=["admin"]), await made(admin_api, name="kept")
    url = f"{URL}/{key['id']}"
    assert (await admin_api.delete(url, headers=ADMIN)).status_code == 204
    await problem(await admin_api.get(URL, headers=bearer(key["apiKey"])), 401, "unauthorized")
    assert [each["id"] for each in await listed(admin_api)] == [kept["id"]]
    [gone, _] = await listed(admin_api, "?revoked=true")
    assert gone["revokedAt"] is not None
    await problem(await admin_api.delete(url, headers=ADMIN), 404, "unknown-key")
    await problem(
        await admin_api.patch(url, json={"maxCount": 1}, headers=ADMIN), 404, "unknown-key"
    )


async def test_nobody_is_locked_out_by_accident(admin_api: httpx.AsyncClient, pool: Pool) -> None:
    own = bearer(await make_key(pool, "admin"))
    [key] = (await admin_api.get(URL, headers=own)).json()["keys"]
    assert key["isOwn"]
    url = f"{URL}/{key['id']}"
    detail = await problem(await admin_api.delete(url, headers=own), 409, "own-key")
    assert "own=true" in detail
    assert (await admin_api.get(URL, headers=own)).status_code == 200
    assert (await admin_api.delete(f"{url}?own=true", headers=own)).status_code == 204
    await problem(await admin_api.get(URL, headers=own), 401, "unauthorized")


async def test_a_stream_ends_with_its_key(
    admin_api: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(AlertFeed.follow.__kwdefaults__ or {}, "heartbeat", 0.05)
    key = await made(admin_api, scopes=["read"])
    feed: AlertFeed = hot_path_of(admin_api).app.state.services.alert_feed
    stream = asyncio.create_task(
        admin_api.get("/alerts/stream", headers={"x-api-key": key["apiKey"]})
    )

    async def is_held() -> bool:
        return feed._streams == 1

    await eventually(is_held)
    await admin_api.delete(f"{URL}/{key['id']}", headers=ADMIN)
    async with asyncio.timeout(10):
        assert (await stream).status_code == 200
    assert feed._streams == 0


async def test_keys_are_paged_oldest_first(admin_api: httpx.AsyncClient) -> None:
    names = [(await made(admin_api, name=f"key {number}"))["name"] for number in range(3)]
    first = (await admin_api.get(f"{URL}?limit=2", headers=ADMIN)).json()
    rest = (
        await admin_api.get(f"{URL}?limit=2&cursor={first['nextCursor']}", headers=ADMIN)
    ).json()
    assert [key["name"] for key in first["keys"] + rest["keys"]] == names
    assert rest["nextCursor"] is None
    await problem(await admin_api.get(f"{URL}?cursor=x", headers=ADMIN), 400, "bad-request")


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": "a", "scopes": []}, "scopes"),
        ({"name": "a", "scopes": ["root"]}, "scopes"),
        ({"name": "a", "kind": "public", "scopes": ["admin"]}, "scopes: everybody can see"),
        ({"name": "a", "allowedOrigins": ["https://a.org"]}, "allowedOrigins: belong to public"),
        ({"name": "a", "kind": "public", "allowedOrigins": ["a.org"]}, "allowedOrigins: 'a.org'"),
        ({"name": "a", "maxCount": 0}, "maxCount"),
        ({"name": "a", "rateLimit": 2**31}, "rateLimit"),
        ({"name": "a", "takesBack": "all"}, "takesBack"),
        ({"name": "a", "secret": "mine"}, "secret: no such field"),
    ],
)
async def test_nonsense_makes_no_key(
    admin_api: httpx.AsyncClient, body: dict[str, object], detail: str
) -> None:
    answer = await admin_api.post(URL, json=body, headers=ADMIN)
    assert detail in await problem(answer, 400, "bad-request")
    assert await listed(admin_api) == []


async def test_nonsense_changes_no_key(admin_api: httpx.AsyncClient) -> None:
    key = await made(admin_api)
    for body in (
        {"maxCount": -1}, {"allowedOrigins": ["https://a.org"]}, {"scopes": ["admin"]},
        {"name": "other"},
    ):  # fmt: skip
        answer = await admin_api.patch(f"{URL}/{key['id']}", json=body, headers=ADMIN)
        await problem(answer, 400, "bad-request")
    [found] = await listed(admin_api)
    assert {name: found[name] for name in USUAL} == USUAL


async def test_only_an_admin_sees_keys(admin_api: httpx.AsyncClient) -> None:
    assert (await admin_api.get(URL)).status_code == 401
    assert (await admin_api.post(URL, json={"name": "mine"})).status_code == 401
    for number in (0, 4711, 2**70):
        await problem(await admin_api.delete(f"{URL}/{number}", headers=ADMIN), 404, "unknown-key")
