"""`GET /analytics/series`: buckets of any zone, filled with zeros, compared and summed up."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx

from tests.sql.world import AS_OF, World

SERIES = "/analytics/series"


async def series_of(api: httpx.AsyncClient, **parameters: Any) -> dict[str, Any]:
    answer = await api.get(SERIES, params=parameters)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_an_item_and_the_site(api: httpx.AsyncClient, world: World) -> None:
    a, b = [await world.item(name) for name in "ab"]
    await world.happened(a, "view", 3, ago=timedelta(days=2))
    await world.happened(a, "like", 1)
    await world.happened(b, "view", 5)
    await world.happened(a, "watch_time", 2, seconds=45)
    await world.execute("call api.refresh_aggregates(%s, true)", AS_OF)
    await world.happened(a, "view", 4, ago=timedelta(days=1))
    period = {"from": "2026-03-13", "to": "2026-03-16"}

    found = await series_of(api, contentId="a", **period)
    assert found["from"] == "2026-03-13T00:00:00Z"
    assert found["zone"] == "UTC"
    [one] = found["series"]
    assert one["contentId"] == "a"
    assert [bucket["views"] for bucket in one["buckets"]] == [3, 4, 0]
    assert [bucket["likes"] for bucket in one["buckets"]] == [0, 0, 1]
    assert [bucket["watchSeconds"] for bucket in one["buckets"]] == [0, 0, 90]

    site = await series_of(api, **period, metrics="views", cumulative=1)
    assert [bucket["views"] for bucket in site["series"][0]["buckets"]] == [3, 7, 12]
    assert "likes" not in site["series"][0]["buckets"][0]


async def test_totals_and_breakdowns(api: httpx.AsyncClient, world: World) -> None:
    for name, category, views in (("a", "Music", 6), ("b", "News", 3), ("c", None, 1)):
        item = await world.item(name, category=category, creator="ada")
        await world.happened(item, "view", views)
        await world.happened(item, "view", 2 * views, ago=timedelta(days=1))
    period = {"from": "2026-03-15", "to": "2026-03-16", "compare": "previous"}

    totals = (await api.get("/analytics/totals", params=period)).json()
    assert totals["views"] == 10
    assert totals["previous"]["views"] == 20
    assert totals["change"]["views"] == -0.5

    answer = await api.get("/analytics/breakdown", params={**period, "by": "category", "limit": 2})
    found = answer.json()
    assert [(part["name"], part["views"], part["share"]) for part in found["parts"]] == [
        ("Music", 6, 0.6),
        ("News", 3, 0.3),
    ]
    assert found["total"] == 10
    after = {**period, "by": "category", "limit": 2, "cursor": found["nextCursor"]}
    rest = (await api.get("/analytics/breakdown", params=after)).json()
    assert [(part["name"], part["previous"]) for part in rest["parts"]] == [(None, 2)]
    assert rest["nextCursor"] is None
    items = (await api.get("/analytics/breakdown", params={**period, "by": "item"})).json()
    assert [part["contentId"] for part in items["parts"]] == ["a", "b", "c"]
    types = (await api.get("/analytics/breakdown", params={**period, "by": "eventType"})).json()
    assert types["parts"][0]["name"] == "view"
    lines = await api.get(
        "/analytics/breakdown", params={**period, "by": "creator", "format": "csv"}
    )
    assert lines.text.splitlines()[0].startswith("name,views")
    assert lines.text.splitlines()[1].startswith("ada,10")
    now = (await api.get("/analytics/now")).json()
    assert now["movers"] == []
