"""What all lists of rooms have in common: cursors, limits, and who may keep their answers."""

from __future__ import annotations

import httpx
import pytest

from app.alerts.cursor import DELIVERIES
from tests.api.conftest import ADMIN, problem
from tests.sql.world import World
from tests.tokens import signed_in

LISTS = ("/items", "/items/liked", "/admin/audit", "/alerts", "/alerts/{one}/deliveries")

pytestmark = pytest.mark.usefixtures("clean")

WANTED = {
    "condition": {"type": "passesCount", "metric": "views", "count": 5},
    "url": "https://hooks.example.org/alerts",
}


async def cursors(api: httpx.AsyncClient, world: World) -> tuple[list[int], dict[str, str]]:
    """Fill all lists, and return two alerts' ids and how each list goes on after its first."""
    made = []
    for name in "ab":
        await api.put(f"/items/{name}/like", headers=signed_in("ada"))
        await world.value("select api.begin_audit(%s, 'test', '{}', now())", name)
        answer = await api.post("/alerts", json=WANTED, headers=ADMIN)
        made.append(answer.json()["id"])
        await api.post(f"/alerts/{made[0]}/test", headers=ADMIN)
    await world.execute(
        "select api.record_delivery(alert_id, 1, now(), 500, '1 second', 'no', null, false, null) "
        "from core.alert"
    )
    found = {}
    for path in LISTS:
        answer = await api.get(path.format(one=made[0]), params={"limit": 1}, headers=headers(path))
        assert answer.status_code == 200, answer.text
        found[path] = answer.json()["nextCursor"]
    return made, found


def headers(path: str) -> dict[str, str]:
    return signed_in("ada") if path == "/items/liked" else ADMIN


async def test_a_cursor_of_another_list_is_refused(
    world: World, admin_api: httpx.AsyncClient
) -> None:
    made, found = await cursors(admin_api, world)
    assert len(set(found.values())) == len(LISTS)
    for path in LISTS:
        for owner, cursor in found.items():
            answer = await admin_api.get(
                path.format(one=made[0]), params={"cursor": cursor}, headers=headers(path)
            )
            if path == owner:
                assert answer.status_code == 200, answer.text
            else:
                assert "none that this" in await problem(answer, 400, "bad-request")


async def test_the_log_of_another_alert_is_another_list(
    world: World, admin_api: httpx.AsyncClient
) -> None:
    made, found = await cursors(admin_api, world)
    cursor = found["/alerts/{one}/deliveries"]
    assert DELIVERIES.decode(cursor).subscription_id == made[0]
    answer = await admin_api.get(
        f"/alerts/{made[1]}/deliveries", params={"cursor": cursor}, headers=ADMIN
    )
    assert "belongs to another list" in await problem(answer, 400, "bad-request")


async def test_a_limit_is_a_whole_number_everywhere(admin_api: httpx.AsyncClient) -> None:
    for path in LISTS:
        most = 1_000 if path == "/admin/audit" else 100
        for limit in ("0", str(most + 1), "x", "1.5", "-1", ""):
            answer = await admin_api.get(
                path.format(one=1), params={"limit": limit}, headers=headers(path)
            )
            wanted = f"limit: {limit!r} is no whole number from 1 to {most}"
            assert await problem(answer, 400, "bad-request") == wanted


async def test_what_needed_a_key_or_a_user_is_kept_by_nobody(admin_api: httpx.AsyncClient) -> None:
    await admin_api.put("/items", json={"contentId": "a"})
    for path, needed in (
        ("/items/liked", "authorization"),
        ("/items/a/like", "authorization"),
        ("/admin/audit", "authorization, x-api-key"),
        ("/alerts", "authorization, x-api-key, accept"),
        ("/admin/items/a/exclusion", "authorization, x-api-key"),
    ):
        shown = ADMIN if "key" in needed else signed_in("ada")
        answer = await admin_api.get(path, headers=shown)
        assert answer.status_code == 200, answer.text
        assert answer.headers["cache-control"] == "private, no-store"
        assert answer.headers["vary"] == needed
