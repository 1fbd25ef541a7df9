"""`GET /analytics/series`: buckets of any zone, filled with zeros, compared and summed up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.sql.oracle import Event
from tests.sql.test_dimension import declared, viewed
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
    assert lines.text.startswith("name,views")
    assert lines.text.splitlines()[1].startswith("ada,10")
    now = (await api.get("/analytics/now")).json()
    assert now["movers"] == []


async def test_event_types_are_counted_and_paged(api: httpx.AsyncClient, world: World) -> None:
    item = await world.item("a")
    for type_, count, ago in (
        ("view", 6, 0), ("like", 3, 0), ("unlike", 1, 0), ("share", 1, 0), ("view", 3, 24),
    ):  # fmt: skip
        await world.happened(item, type_, count, ago=timedelta(hours=ago))
    await world.happened(item, "watch_time", 1, seconds=30)
    asked: dict[str, Any] = {
        "from": "2026-03-15", "to": "2026-03-16", "by": "eventType", "compare": "previous",
    }  # fmt: skip
    whole = (await api.get("/analytics/breakdown", params=asked)).json()
    assert whole["total"] == 9
    told = [
        (part["name"], part["count"], part["share"], part.get("previous"), part.get("change"))
        for part in whole["parts"]
    ]
    assert told == [
        ("view", 6, 6 / 9, 3, 1),
        ("like", 2, 2 / 9, 0, None),
        ("share", 1, 1 / 9, 0, None),
        ("comment", 0, 0, 0, None),
        ("watch_time", None, None, None, None),
    ]
    assert whole["parts"][-1]["watchSeconds"] == 30
    paged: list[Any] = []
    cursor = None
    while len(paged) < 9:
        page = {**asked, "limit": 2} | ({"cursor": cursor} if cursor else {})
        answer = await api.get("/analytics/breakdown", params=page)
        assert answer.status_code == 200, answer.text
        paged += answer.json()["parts"]
        if (cursor := answer.json()["nextCursor"]) is None:
            break
    assert paged == whole["parts"]


async def test_a_value_of_the_metadata_is_a_filter(api: httpx.AsyncClient, world: World) -> None:
    """Of series, totals and breakdowns, with what each of them has beside it."""
    a, b = await world.item("a", category="Music"), await world.item("b")
    async with declared(world, "device", "phone", "tv"):
        for item, device, count in ((a, "phone", 1), (a, "tv", 2), (b, "phone", 4), (b, "x", 8)):
            await viewed(world, item, count, {"device": device})
        asked = {"from": "2026-03-15", "to": "2026-03-16", "metadata": ["device:phone"]}
        one = await series_of(api, **asked, contentId="a")
        assert [bucket["views"] for bucket in one["series"][0]["buckets"]] == [1]
        answer = await api.get("/analytics/totals", params={**asked, "metadata": "!device:phone"})
        assert answer.json()["views"] == 10
        for by, expected in (
            ("item", [4, 1]), ("category", [4, 1]), ("metadata.device", [5]), ("eventType", [5]),
        ):  # fmt: skip
            answer = await api.get(
                "/analytics/breakdown", params={**asked, "by": by, "compare": "previous"}
            )
            found = [part["views"] for part in answer.json()["parts"]]
            assert found[: len(expected)] == expected, by
            assert answer.json()["total"] == 5


async def test_the_present(api: httpx.AsyncClient, world: World) -> None:
    """Counted up to this moment: events of the last ten minutes of the clock."""
    a, b = [await world.item(name) for name in "ab"]
    now = datetime.now(UTC)
    for item, ago, count, viewer in (
        (a, 2, 6, 1), (a, 3, 1, 1), (a, 100, 2, 2), (b, 100, 1, None),
        (b, 400, 50, 3), (a, 400, 3, None), (a, 700, 99, None),
    ):  # fmt: skip
        await world.execute(
            """
            insert into core.event
                (event_id, occurred_at, received_at, item_id, event_type, count, viewer)
            values (gen_random_uuid(), %s, %s, %s, 'view', %s, %s)
            """,
            now - timedelta(seconds=ago), now - timedelta(seconds=ago), item, count, viewer,
        )  # fmt: skip
    found = (await api.get("/analytics/now")).json()
    assert found["eventsPerSecond"] == pytest.approx(7 / 60)
    assert found["viewers"] == 2
    assert found["movers"] == [
        {"contentType": "video", "contentId": "a", "title": None, "views": 9, "previous": 3}
    ]


async def test_stats_series_and_totals_agree(api: httpx.AsyncClient, world: World) -> None:
    """At the same moment: with late events, unlikes, and some that are not refreshed or scored."""
    item = await world.item("a", category="Music")
    now = datetime.now(UTC)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    minutes = int((now - midnight).total_seconds() // 60)
    for part in range(4):
        for number in range(10):
            at = now - timedelta(minutes=minutes * number / 12, seconds=1)
            await world.insert(
                [
                    Event(item=item, type=type_, occurred_at=at, received_at=now, count=count)
                    for type_, count in (("view", 7 + number), ("like", 3), ("unlike", 1 + number))
                ]
            )
        if part == 1:
            await world.execute("call api.refresh_aggregates(%s, true)", now)
        if part == 2:
            await world.run(now)
    stats = (await api.get("/analytics/stats/a")).json()
    today = {"from": midnight.date().isoformat(), "to": (midnight + timedelta(days=1)).isoformat()}
    filters: list[dict[str, str]] = [{"contentId": "a"}, {"category": "Music"}, {}]
    for asked in filters:
        totals = (await api.get("/analytics/totals", params={**today, **asked})).json()
        buckets = (await series_of(api, **today, **asked, bucket="1h"))["series"][0]["buckets"]
        for metric in ("views", "likes"):
            assert totals[metric] == stats[f"{metric}Today"], (asked, metric)
            assert sum(bucket[metric] for bucket in buckets) == totals[metric]
