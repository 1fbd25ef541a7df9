"""`GET /analytics/series`: buckets of any zone, filled with zeros, compared and summed up."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

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
