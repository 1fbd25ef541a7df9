"""Rebuilding stats through the API, and the audit trail."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import msgspec
import psycopg
import pytest

from app.access.api_key import new_key
from app.settings import Settings
from tests.api.conftest import ADMIN, ADMIN_KEY, problem
from tests.eventually import eventually
from tests.serving import api_of
from tests.sql.world import World, events
from tests.together import together

RECOMPUTE = "/admin/stats/recompute"
AUDIT = "/admin/audit"
DAY = timedelta(days=1)

pytestmark = pytest.mark.usefixtures("clean")


@pytest.fixture
async def yesterday(world: World) -> datetime:
    """Two items viewed at noon of yesterday, aggregated; one of them is lost at every level."""
    noon = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) - DAY
    for name in "ab":
        await world.insert(list(events(await world.item(name), noon, view=5)))
    await world.execute("call api.refresh_aggregates(forced => true)")
    await world.run(datetime.now(UTC))
    for level in ("engagement_1m", "engagement_15m", "engagement_1d"):
        table = await world.value(
            """
            select format('%%I.%%I', materialization_hypertable_schema,
                materialization_hypertable_name)
            from timescaledb_information.continuous_aggregates
            where view_schema = 'agg' and view_name = %s
            """,
            level,
        )
        await world.execute(f"delete from {table} where item_id = 1")  # noqa: S608
    return noon


async def post(api: httpx.AsyncClient, body: object, **query: str) -> httpx.Response:
    return await api.post(RECOMPUTE, json=body, params=query, headers=ADMIN)


async def test_it_answers_when_the_job_has_done_it(
    world: World, yesterday: datetime, admin_api: httpx.AsyncClient
) -> None:
    day = yesterday.date()
    asked = asyncio.create_task(post(admin_api, {"period": "daily", "date": day.isoformat()}))

    async def waits() -> bool:
        return bool(await world.value("select count(*) from core.recompute"))

    await eventually(waits)
    await world.execute("call api.refresh_aggregates()")
    answer = await asked
    assert answer.status_code == 200, answer.text
    done = answer.json()
    assert {done.pop(name) is not None for name in ("requestedAt", "finishedAt")} == {True}
    assert done == {
        "recomputeId": 1,
        "period": "daily",
        "zone": "UTC",
        "from": f"{day}T00:00:00Z",
        "to": f"{day + DAY}T00:00:00Z",
        "status": "done",
        "itemsTouched": 2,
        "itemsMended": 1,
        "error": None,
    }
    found = await world.rows("select item_id, views from agg.engagement_1d order by item_id")
    assert found == [(1, 5), (2, 5)]


async def test_who_will_not_wait_is_told_where_to_look(
    world: World, yesterday: datetime, admin_api: httpx.AsyncClient
) -> None:
    body = {"period": "monthly", "date": f"{yesterday:%Y-%m}", "zone": "Europe/Berlin"}
    answer = await post(admin_api, body, wait="false")
    assert answer.status_code == 202
    assert answer.json()["status"] == "waiting"
    where = answer.headers["location"]
    second = await post(admin_api, body)
    await problem(second, 409, "already-running")
    assert int(second.headers["retry-after"]) > 0

    async def is_done() -> bool:
        # Each run of the job works for some seconds, and leaves the rest to the next.
        await world.execute("call api.refresh_aggregates()")
        found = (await admin_api.get(where, headers=ADMIN)).json()
        assert (found["status"], found["itemsTouched"], found["itemsMended"]) == ("done", 2, 1)
        return True

    await eventually(is_done)
    again = await post(admin_api, body, wait="false")
    assert again.status_code == 202


async def test_a_month_is_put_in_line_at_once(world: World, settings: Settings) -> None:
    patient = msgspec.structs.replace(settings, admin_key=ADMIN_KEY, admin_seconds=3_600)
    async with api_of(patient) as client:
        answer = await asyncio.wait_for(post(client, {"period": "monthly"}), 30)
    assert (answer.status_code, answer.json()["status"]) == (202, "waiting")
    number = await world.value("select recompute_id from core.recompute")
    assert answer.headers["location"] == f"{RECOMPUTE}/{number}"


async def test_a_look_that_fails_is_looked_again(world: World, settings: Settings) -> None:
    """Whatever hinders the looks, the caller learns the number."""
    hasty = msgspec.structs.replace(settings, admin_key=ADMIN_KEY, admin_seconds=1.0)
    async with api_of(hasty) as client:
        asked = asyncio.create_task(post(client, {"period": "daily"}))

        async def waits() -> bool:
            return bool(await world.value("select count(*) from core.recompute"))

        await eventually(waits)
        await world.execute("alter table core.recompute rename to hidden")
        try:
            answer = await asked
        finally:
            await world.execute("alter table core.hidden rename to recompute")
    assert answer.status_code == 202, answer.text
    number = await world.value("select recompute_id from core.recompute")
    assert answer.headers["location"] == f"{RECOMPUTE}/{number}"


async def test_whether_to_wait_may_be_a_number(world: World, settings: Settings) -> None:
    patient = msgspec.structs.replace(settings, admin_key=ADMIN_KEY, admin_seconds=3_600)
    async with api_of(patient) as client:
        answer = await asyncio.wait_for(post(client, {"period": "daily"}, wait="0"), 30)
        assert answer.status_code == 202
    assert await world.value("select count(*) from core.recompute") == 1


async def test_waiting_ends_in_time(world: World, settings: Settings) -> None:
    hasty = msgspec.structs.replace(settings, admin_key=ADMIN_KEY, admin_seconds=0.3)
    async with api_of(hasty) as client:
        assert (await post(client, {"period": "daily"})).status_code == 202
    assert await world.value("select count(*) from core.recompute") == 1


async def test_where_raw_events_are_gone_it_is_refused(
    world: World, admin_api: httpx.AsyncClient
) -> None:
    border = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - 10 * DAY
    await world.execute(
        "insert into core.known_chunk values ('event', 'gone', now(), %s, %s, %s, true)",
        border - DAY,
        border,
        border,
    )
    before, on = (border - DAY).date().isoformat(), border.date().isoformat()
    answer = await post(admin_api, {"period": "daily", "date": before})
    assert f"raw events before {on}" in await problem(answer, 409, "raw-events-gone")
    answer = await post(admin_api, {"period": "daily", "date": on}, wait="false")
    assert answer.status_code == 202


@together(
    ("body", "detail"),
    [
        ({}, "period"),
        ({"period": "yearly"}, "period: expected one of daily, monthly"),
        ({"period": "daily", "day": "2026-03-14"}, "day: no such field"),
        ({"period": "daily", "date": "2026-03"}, "date: '2026-03' is no daily date"),
        ({"period": "daily", "date": "20260314"}, "date: '20260314' is no daily date"),
        ({"period": "monthly", "date": "2026-03-14"}, "is no monthly date such as 2026-03"),
        ({"period": "daily", "date": "2026-02-30"}, "date: '2026-02-30'"),
        ({"period": "daily", "date": "2999-01-01"}, "date: 2999-01-01 has not begun"),
        ({"period": "daily", "zone": "Berlin"}, "zone: 'Berlin' is no IANA time zone"),
        ({"period": "daily", "zone": "localtime"}, "zone: 'localtime' is no IANA time zone"),
        ([], "expected an object"),
    ],
    ids=str,
)
async def test_nonsense_is_refused_in_words_that_help(
    admin_api: httpx.AsyncClient, body: object, detail: str
) -> None:
    answer = await post(admin_api, body, wait="false")
    assert detail in await problem(answer, 400, "bad-request")


async def test_a_wrong_wait_or_number_is_named(admin_api: httpx.AsyncClient) -> None:
    answer = await post(admin_api, {"period": "daily"}, wait="perhaps")
    assert "wait: 'perhaps' is neither true nor false" in await problem(answer, 400, "bad-request")
    for number in ("7", "x", "9" * 40):
        answer = await admin_api.get(f"{RECOMPUTE}/{number}", headers=ADMIN)
        await problem(answer, 404, "unknown-recompute")


async def test_without_the_key_nothing_is_done_or_shown(admin_api: httpx.AsyncClient) -> None:
    for method, path in (("POST", RECOMPUTE), ("GET", f"{RECOMPUTE}/1"), ("GET", AUDIT)):
        answer = await admin_api.request(method, path)
        await problem(answer, 401, "unauthorized")


async def test_the_trail_is_paged_newest_first(world: World, admin_api: httpx.AsyncClient) -> None:
    for number in range(5):
        await world.value(
            "select api.begin_audit('me', 'test', jsonb_build_object('n', %s::integer), now())",
            number,
        )
    seen: list[Any] = []
    cursor = ""
    while True:
        query = {"limit": "2"} | ({"cursor": cursor} if cursor else {})
        answer = await admin_api.get(AUDIT, params=query, headers=ADMIN)
        page = answer.json()
        seen += page["entries"]
        # What comes meanwhile is on nobody's later page.
        await world.value("select api.begin_audit('you', 'test', '{}', now())")
        if page["nextCursor"] is None:
            break
        cursor = page["nextCursor"]
    assert [entry["parameters"]["n"] for entry in seen] == [4, 3, 2, 1, 0]
    assert seen[0]["endedAt"] is seen[0]["outcome"] is None
    for cursor in ("x", "-1", "9" * 30):
        answer = await admin_api.get(AUDIT, params={"cursor": cursor}, headers=ADMIN)
        assert "cursor: " in await problem(answer, 400, "bad-request")


async def test_an_api_key_is_named_in_the_trail(world: World, admin_api: httpx.AsyncClient) -> None:
    key = new_key("secret")
    await world.execute(
        "insert into core.api_key (name, kind, prefix, key_hash, scopes, created_at) "
        "values ('the night shift', 'secret', %s, %s, '{admin}', now())",
        key.prefix, key.digest,
    )  # fmt: skip
    headers = {"authorization": f"Bearer {key.text}"}

    async def known() -> bool:
        # A process that has just read the keys takes a moment to read them again.
        return (await admin_api.get(AUDIT, headers=headers)).status_code == 200

    await eventually(known)
    answer = await admin_api.post(
        RECOMPUTE, json={"period": "daily"}, params={"wait": "false"}, headers=headers
    )
    assert answer.status_code == 202, answer.text
    (entry,) = (await admin_api.get(AUDIT, headers=headers)).json()["entries"]
    assert (entry["who"], entry["action"]) == ("the night shift", "stats.recompute")


async def test_the_service_s_role_is_enough(world: World) -> None:
    """The API asks with no rights on the aggregates; only the job's owner may refresh them."""
    await world.execute("set role groundswell_service")
    try:
        assert await world.value("select api.request_recompute('daily', null, 'UTC', 'me', now())")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await world.execute("call api.recompute_stats(now())")
    finally:
        await world.execute("reset role")
        # The connection goes back to the pool: what the procedure had locked must not.
        await world.execute("select pg_advisory_unlock_all()")
