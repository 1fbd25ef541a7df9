"""`/admin/items/{id}/exclusion`: who excluded what, why, and what the API shows of it."""

from __future__ import annotations

from datetime import UTC, datetime

import httpx
import pytest
import redis.asyncio

from app.runtime.pool import Pool
from app.settings import Settings
from tests.api.conftest import ADMIN, Stage, problem
from tests.api.top_stage import TopStage
from tests.eventually import eventually
from tests.serving import api_of, bearer, make_key
from tests.sql.oracle import Event
from tests.sql.world import World

pytestmark = pytest.mark.usefixtures("clean")

NOW = datetime.now(UTC)
PATH = "/admin/items/a/exclusion"


async def test_an_item_is_excluded_and_included_by_name(
    admin_api: httpx.AsyncClient, pool: Pool
) -> None:
    await admin_api.put("/items", json={"contentId": "a", "contentType": "movie"})
    why = {"reason": "spam", "contentType": "movie"}
    first = await admin_api.put(PATH, json=why, headers=ADMIN)
    assert first.status_code == 200
    assert (await admin_api.put(PATH, json=why, headers=ADMIN)).json() == first.json()
    assert first.json()["excluded"] is True
    (line,) = first.json()["exclusions"]
    assert line.pop("excludedAt").endswith("Z")
    assert line == {"reason": "spam", "excludedBy": "admin key", "liftedBy": None, "liftedAt": None}

    key = bearer(await make_key(pool, "admin"))

    async def lifted_by_key() -> httpx.Response | None:
        """A new key is looked up within a second."""
        answer = await admin_api.delete(f"{PATH}?contentType=movie", headers=key)
        return answer if answer.status_code == 200 else None

    lifted = await eventually(lifted_by_key)
    assert lifted is not None
    assert lifted.json()["excluded"] is False
    assert lifted.json()["exclusions"][0]["liftedBy"] == "a test's"
    again = await admin_api.get(f"{PATH}?contentType=movie", headers=ADMIN)
    assert again.json() == lifted.json()
    assert (await admin_api.delete(f"{PATH}?contentType=movie", headers=key)).json() == again.json()


async def test_an_excluded_item_says_so_and_leaves_the_lists(stage: Stage) -> None:
    for name in "ab":
        await stage.world.happened(await stage.world.item(name), "view", 3)
    await stage.show()
    assert await stage.ids("/analytics/trending") == ["a", "b"]
    (item,) = (await stage.get("/items/a"))["items"]
    assert (item["excluded"], item["hotRank"], item["isHot"]) == (None, 1, True)

    # By SQL: the route runs the rankings as of now, where the events are of another time.
    await stage.world.execute("select api.exclude_item('video', 'a', 'spam', 'me', now())")
    await stage.show()

    assert await stage.ids("/analytics/trending") == ["b"]
    (item,) = (await stage.get("/items/a"))["items"]
    assert item["excluded"].pop("since").endswith("Z")
    assert item["excluded"] == {"reason": "spam"}
    assert (item["views"], item["hotScore"], item["hotRank"], item["isHot"]) == (
        3, None, None, False,
    )  # fmt: skip
    answer = await stage.api.get("/analytics/rankings/trending_24h/items/a")
    assert "is excluded: spam" in await problem(answer, 404, "unranked-item")


async def test_live_counts_leave_an_excluded_item_out_of_its_creators(
    world: World, api: httpx.AsyncClient, pool: Pool, redis: redis.asyncio.Redis
) -> None:
    """What the writers add meanwhile, and what the publisher counts anew."""
    await world.only("top_creators")
    stage = TopStage(world, api, pool, redis)
    await stage.items("x", "x", "y")
    await stage.write([like(item, number) for item, number in ((1, 5), (2, 1), (3, 2))])
    await world.run(NOW, forced=True)
    await stage.publish()
    assert await stage.shown("top_creators") == [("x", 6), ("y", 2)]

    await world.execute("select api.exclude_item('video', 'a', 'spam', 'me', now())")
    await world.run(NOW, forced=True)
    await stage.publish()
    assert await stage.shown("top_creators") == [("y", 2), ("x", 1)]
    await stage.write([like(1, 100), like(2, 3)])
    await stage.flush()
    assert await stage.shown("top_creators") == [("x", 4), ("y", 2)]
    stage.now += 3_600
    await stage.publish()
    assert await stage.shown("top_creators") == [("x", 4), ("y", 2)]


def like(item: int, count: int) -> Event:
    return Event(item=item, type="like", occurred_at=NOW, received_at=NOW, count=count)


async def test_only_an_admin_excludes(settings: Settings, pool: Pool) -> None:
    key = bearer(await make_key(pool, "read", "write"))
    async with api_of(settings) as api:
        for method in ("put", "delete", "get"):
            answer = await api.request(method, PATH, content=b'{"reason": "r"}', headers=key)
            await problem(answer, 403, "forbidden")
            await problem(await api.request(method, PATH), 403, "admin-disabled")


async def test_an_unknown_item_is_not_found(admin_api: httpx.AsyncClient) -> None:
    for method in ("put", "delete", "get"):
        answer = await admin_api.request(method, PATH, content=b'{"reason": "r"}', headers=ADMIN)
        assert await problem(answer, 404, "unknown-item") == "no video has the id 'a'"


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"", "the JSON ends too early"),
        (b"{}", "reason: missing"),
        (b'{"reason": ""}', "reason: expected text"),
        (b'{"reason": "r", "by": "me"}', "by: no such field"),
        (rb'{"reason": "\u0000"}', "U+0000"),
    ],
)
async def test_a_wrong_body_is_a_problem(
    admin_api: httpx.AsyncClient, body: bytes, detail: str
) -> None:
    answer = await admin_api.put(PATH, content=body, headers=ADMIN)
    assert detail in await problem(answer, 400, "bad-request")


async def test_a_wrong_name_is_a_problem(admin_api: httpx.AsyncClient) -> None:
    for path in (f"/admin/items/{'x' * 201}/exclusion", f"{PATH}?contentType="):
        answer = await admin_api.get(path, headers=ADMIN)
        assert "1 to 200 characters" in await problem(answer, 400, "bad-request")
