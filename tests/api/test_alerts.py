"""`/alerts`: who may subscribe to what, and what a subscription says of itself."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import msgspec
import pytest

from app.runtime.pool import Pool
from app.settings import Settings
from tests.alerting import enters_top, passes_count
from tests.api.conftest import ADMIN, ADMIN_KEY, problem
from tests.eventually import eventually
from tests.serving import api_of, bearer, make_key
from tests.sql.world import World
from tests.together import together

WANTED: dict[str, Any] = {
    "name": "Top ten",
    "ranking": "trending_24h",
    "condition": enters_top(10),
    "url": "https://hooks.example.org/alerts",
    "cooldown": "PT1H",
}


@pytest.fixture
async def subscribed(world: World, admin_api: httpx.AsyncClient) -> dict[str, Any]:
    await world.item("a")
    return await subscribe(admin_api)


async def subscribe(
    api: httpx.AsyncClient, headers: dict[str, str] = ADMIN, **given: object
) -> dict[str, Any]:
    answer = await api.post("/alerts", json={**WANTED, **given}, headers=headers)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def test_a_subscription_is_made_and_its_secret_shown_once(
    subscribed: dict[str, Any], admin_api: httpx.AsyncClient
) -> None:
    assert subscribed.pop("secret").startswith("whsec_")
    assert subscribed == {
        "id": subscribed["id"], "name": "Top ten", "ranking": "trending_24h", "contentId": None,
        "contentType": None, "condition": {"type": "entersTop", "n": 10}, "cooldown": 3600.0,
        "url": "https://hooks.example.org/alerts", "status": "active", "disabledBecause": None,
        "owner": None, "createdAt": subscribed["createdAt"],
    }  # fmt: skip
    found = await admin_api.get(f"/alerts/{subscribed['id']}", headers=ADMIN)
    assert found.json() == subscribed
    assert found.headers["cache-control"] == "private, no-store"
    assert found.headers["vary"] == "authorization, x-api-key"
    listed = await admin_api.get("/alerts", headers=ADMIN)
    assert listed.json() == {"alerts": [subscribed], "nextCursor": None}


async def test_every_condition_is_told_as_it_was_given(
    subscribed: dict[str, Any], admin_api: httpx.AsyncClient
) -> None:
    del subscribed
    item: dict[str, Any] = {"contentId": "a", "ranking": None, "url": None}
    made = await subscribe(admin_api, condition=passes_count(10**15, "likes"), **item)
    assert (made["condition"], made["secret"]) == (passes_count(10**15, "likes"), None)
    assert (made["contentId"], made["contentType"]) == ("a", "video")
    made = await subscribe(admin_api, ranking="breakout", condition={"type": "breaksOut"})
    assert made["condition"] == {"type": "breaksOut", "score": 2.0}
    made = await subscribe(admin_api, ranking="top_creators", contentId="Ada")
    assert (made["contentId"], made["contentType"]) == ("Ada", "creator")


@together(
    ("given", "status", "slug", "said"),
    [
        ({"ranking": "nope"}, 404, "unknown-ranking", "ranking: none is called 'nope'"),
        ({"contentId": "x"}, 404, "unknown-item", "contentId: no video has the id 'x'"),
        ({"condition": enters_top(1001)}, 400, "bad-request", "condition.n: use 1 to 1000"),
        ({"condition": enters_top(0)}, 400, "bad-request", "condition.n: expected a whole number"),
        ({"condition": {"type": "entersTop"}}, 400, "bad-request", "condition.n: missing"),
        ({"condition": {"type": "claps"}}, 400, "bad-request", "condition.type: invalid value"),
        ({"condition": {"n": 3}}, 400, "bad-request", "condition.type: missing"),
        ({"condition": {**enters_top(3), "m": 1}}, 400, "bad-request", "condition.m: no such"),
        ({"clap": 1}, 400, "bad-request", "clap: no such field"),
        ({"cooldown": "P31D"}, 400, "bad-request", "cooldown: use 0 seconds to 30 days"),
        ({"cooldown": 1e300}, 400, "bad-request", "cooldown: use 0 seconds to 30 days"),
        ({"url": "http:///x"}, 400, "bad-request", "url: use http:// or https://, a host"),
        ({"url": "http://127.0.0.1/"}, 400, "bad-request", "url: 127.0.0.1 is no address of the"),
        ({"url": "http://[::ffff:10.0.0.1]/"}, 400, "bad-request", "is no address of the public"),
        ({"url": "http://x:y/"}, 400, "bad-request", "url: "),
        ({"url": "http://0x7f.1:8000/"}, 400, "bad-request", "is no address of the public"),
        ({"url": "HTTP://LocalHost./"}, 400, "bad-request", "is no address of the public"),
        ({"url": "HTTPS://you:me@example.org/"}, 400, "bad-request", "url: leave user names"),
        ({"url": "https://you@example.org/"}, 400, "bad-request", "url: leave user names"),
        ({"url": "http://example.org:0/"}, 400, "bad-request", "url: use http://"),
        ({"url": "HTTP://example.org:65536/"}, 400, "bad-request", "url: use http://"),
        ({"url": "http://i❤.ws/"}, 400, "bad-request", "url: "),
        ({"url": "ftp://example.org/"}, 400, "bad-request", "url: use http:// or https://"),
        ({"name": "a\0b"}, 400, "bad-request", "U+0000"),
        ({"name": "x" * 20_001}, 413, "too-large", "20000 bytes"),
    ],
)
@pytest.mark.usefixtures("clean")
async def test_nonsense_is_refused(
    admin_api: httpx.AsyncClient, given: dict[str, Any], status: int, slug: str, said: str
) -> None:
    answer = await admin_api.post("/alerts", json={**WANTED, **given}, headers=ADMIN)
    assert said in await problem(answer, status, slug)


async def test_it_is_paused_resumed_and_changed(
    subscribed: dict[str, Any], admin_api: httpx.AsyncClient
) -> None:
    path = f"/alerts/{subscribed['id']}"

    async def change(**given: object) -> dict[str, Any]:
        answer = await admin_api.patch(path, json=given, headers=ADMIN)
        assert answer.status_code == 200, answer.text
        changed: dict[str, Any] = answer.json()
        return changed

    same = {**subscribed, "secret": None}
    assert await change() == same
    assert await change(status="paused") == {**same, "status": "paused"}
    assert await change(status="active", name=None, cooldown=5) == {
        **same, "name": None, "cooldown": 5.0,
    }  # fmt: skip
    assert (await change(url="https://other.example.org/"))["secret"] is None
    assert (await change(url=None))["url"] is None
    again = await change(url="https://other.example.org/", name="Top ten")
    assert again["secret"] not in {None, subscribed["secret"]}
    assert await change(cooldown=None) == {**again, "secret": None}
    for bad in ({"status": "disabled"}, {"ranking": "hot"}, {"url": "x"}):
        await problem(await admin_api.patch(path, json=bad, headers=ADMIN), 400, "bad-request")


@pytest.mark.parametrize(
    "url", ["HTTPS://Hooks.Example.org/A", "https://xn--/", "http://xn--i-7iq.ws:8080?a=b"]
)
async def test_schemes_are_taken_in_any_case_and_names_however_odd(
    subscribed: dict[str, Any], world: World, admin_api: httpx.AsyncClient, url: str
) -> None:
    assert (await subscribe(admin_api, url=url))["url"] == url
    path = f"/alerts/{subscribed['id']}"
    changed = await admin_api.patch(path, json={"url": url}, headers=ADMIN)
    assert (changed.status_code, changed.json()["url"]) == (200, url)
    host = url.partition("://")[2].partition("/")[0].partition("?")[0].lower()
    assert await world.rows("select distinct receiver from core.alert_subscription") == [(host,)]


async def test_it_is_removed_with_all_that_belongs_to_it(
    subscribed: dict[str, Any], world: World, admin_api: httpx.AsyncClient
) -> None:
    path = f"/alerts/{subscribed['id']}"
    raised = (await admin_api.post(f"{path}/test", headers=ADMIN)).json()
    assert raised["alertId"].startswith("alert_")
    assert await world.value("select count(*) from core.alert_outbox") == 1
    assert (await admin_api.delete(path, headers=ADMIN)).status_code == 204
    assert await world.value("select count(*) from core.alert_outbox") == 0
    assert await world.value("select count(*) from core.alert") == 0
    for method, tail in (
        ("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/test"), ("POST", "/secret"),
        ("GET", "/deliveries"),
    ):  # fmt: skip
        for unknown in (path, "/alerts/0", "/alerts/99999999999999999999"):
            answer = await admin_api.request(method, unknown + tail, json={}, headers=ADMIN)
            await problem(answer, 404, "unknown-alert")


async def test_a_new_secret_replaces_the_one_before(
    subscribed: dict[str, Any], world: World, admin_api: httpx.AsyncClient
) -> None:
    path = f"/alerts/{subscribed['id']}/secret"
    made = (await admin_api.post(path, headers=ADMIN)).json()
    assert await world.rows("select secret, previous_secret from core.alert_subscription") == [
        (made["secret"], subscribed["secret"])
    ]
    silent = await subscribe(admin_api, url=None)
    answer = await admin_api.post(f"/alerts/{silent['id']}/secret", headers=ADMIN)
    assert "no url" in await problem(answer, 400, "bad-request")


async def test_a_number_is_an_id_as_its_decimal_text(
    world: World, admin_api: httpx.AsyncClient
) -> None:
    await world.item("7")
    made = await subscribe(admin_api, contentId=7)
    assert made["contentId"] == "7"
    answer = await admin_api.post("/alerts", json={**WANTED, "contentId": True}, headers=ADMIN)
    detail = await problem(answer, 400, "bad-request")
    assert detail == "contentId: expected text or a whole number"


async def test_pages_of_subscriptions_and_deliveries(
    subscribed: dict[str, Any], world: World, admin_api: httpx.AsyncClient
) -> None:
    ids = [subscribed["id"], *[(await subscribe(admin_api))["id"] for _ in range(4)]]
    path = f"/alerts/{ids[0]}"
    for attempt in (1, 2, 3):
        if attempt < 3:
            await admin_api.post(f"{path}/test", headers=ADMIN)
        await world.execute(
            "select api.record_delivery(alert_id, %s, %s, %s, '0.5 seconds', %s, %s, false, null) "
            "from core.alert",
            attempt, "2026-03-15 12:00Z", 500, "answered 500", "2026-03-15 12:01Z",
        )  # fmt: skip

    async def pages(path: str, field: str) -> list[list[dict[str, Any]]]:
        found: list[list[dict[str, Any]]] = []
        cursor: dict[str, str] = {}
        while True:
            answer = await admin_api.get(path, params={"limit": 2, **cursor}, headers=ADMIN)
            assert answer.status_code == 200, answer.text
            page = answer.json()
            found.append(page[field])
            if page["nextCursor"] is None:
                return found
            cursor = {"cursor": page["nextCursor"]}

    listed = await pages("/alerts", "alerts")
    assert [[one["id"] for one in page] for page in listed] == [ids[:2], ids[2:4], ids[4:]]
    log = await pages(f"{path}/deliveries", "deliveries")
    newest = int(log[0][0]["alertId"].removeprefix("alert_"))
    assert [(one["alertId"], one["attempt"]) for page in log for one in page] == [
        (f"alert_{newest}", 3), (f"alert_{newest}", 2),
        (f"alert_{newest - 1}", 3), (f"alert_{newest - 1}", 2), (f"alert_{newest - 1}", 1),
    ]  # fmt: skip
    assert log[0][0] | {"alertId": "", "attempt": 0} == {
        "alertId": "", "type": "alert.test", "attempt": 0, "attemptedAt": "2026-03-15T12:00:00Z",
        "status": 500, "duration": 0.5, "error": "answered 500",
        "nextAttemptAt": "2026-03-15T12:01:00Z", "outcome": "retrying",
    }  # fmt: skip
    for bad in ("1.2.3", "x", "-1", "9" * 30):
        for listing in ("/alerts", f"{path}/deliveries"):
            answer = await admin_api.get(listing, params={"cursor": bad}, headers=ADMIN)
            await problem(answer, 400, "bad-request")


@pytest.mark.usefixtures("clean")
async def test_a_key_has_its_own_subscriptions_and_the_admin_key_all(
    settings: Settings, pool: Pool
) -> None:
    mine, other = [bearer(await make_key(pool, "admin")) for _ in range(2)]
    async with api_of(msgspec.structs.replace(settings, admin_key=ADMIN_KEY)) as api:

        async def known() -> bool:
            return (await api.get("/alerts", headers=other)).status_code == 200

        await eventually(known)
        await check_owners(api, mine, other)


async def check_owners(
    admin_api: httpx.AsyncClient, mine: dict[str, str], other: dict[str, str]
) -> None:
    subscribed = await subscribe(admin_api)
    made = await subscribe(admin_api, mine)
    assert mine["authorization"].startswith(f"Bearer {made['owner']}_")
    path = f"/alerts/{made['id']}"

    async def seen(headers: dict[str, str]) -> list[int]:
        answer = await admin_api.get("/alerts", headers=headers)
        return [one["id"] for one in answer.json()["alerts"]]

    assert await seen(ADMIN) == [subscribed["id"], made["id"]]
    assert await seen(mine) == [made["id"]]
    assert await seen(other) == []
    for method, tail in (
        ("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/test"), ("POST", "/secret"),
        ("GET", "/deliveries"),
    ):  # fmt: skip
        answer = await admin_api.request(method, path + tail, json={}, headers=other)
        await problem(answer, 404, "unknown-alert")
    assert (await admin_api.get(path, headers=mine)).status_code == 200
    assert (await admin_api.delete(path, headers=ADMIN)).status_code == 204


@pytest.mark.usefixtures("clean")
async def test_only_an_admin_may(pool: Pool, admin_api: httpx.AsyncClient) -> None:
    reader = bearer(await make_key(pool, "read", "write"))

    async def known() -> bool:
        return (await admin_api.get("/alerts", headers=reader)).status_code == 403

    await eventually(known)
    for method, path in (
        ("POST", "/alerts"), ("GET", "/alerts"), ("GET", "/alerts/1"), ("PATCH", "/alerts/1"),
        ("DELETE", "/alerts/1"), ("POST", "/alerts/1/test"), ("POST", "/alerts/1/secret"),
        ("GET", "/alerts/1/deliveries"),
    ):  # fmt: skip
        await problem(await admin_api.request(method, path, json=WANTED), 401, "unauthorized")
        answer = await admin_api.request(method, path, json=WANTED, headers=reader)
        await problem(answer, 403, "forbidden")


async def test_however_many_ask_at_once_no_key_gets_too_many(
    world: World, admin_api: httpx.AsyncClient
) -> None:
    await world.execute("update core.alert_policy set max_subscriptions = 3")
    answers = await asyncio.gather(
        *(admin_api.post("/alerts", json=WANTED, headers=ADMIN) for _ in range(8))
    )
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [201] * 3 + [409] * 5
    refused = next(answer for answer in answers if answer.status_code == 409)
    await problem(refused, 409, "too-many-alerts")


async def test_without_the_database_it_says_so(settings: Settings) -> None:
    down = msgspec.structs.replace(
        settings, admin_key=ADMIN_KEY, database_timeout=0.2,
        database_url="postgresql://nobody@127.0.0.1:1/none",
    )  # fmt: skip
    async with api_of(down) as api:
        answer = await api.get("/alerts", headers=ADMIN)
        await problem(answer, 503, "unavailable")
        assert answer.headers["retry-after"] == "5"
