"""`/analytics/stats`: what is told of one item and of several, and to whom."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import redis.asyncio

from tests.api.conftest import Stage, problem
from tests.api.stats_stage import STATS, Queries, committed, stats_of
from tests.sql.oracle import Event, calendar_start
from tests.sql.world import World
from tests.together import together
from tests.tokens import signed_in

COUNTS = ("views", "likes", "comments", "shares", "watchSeconds")
WINDOWS = ("Today", "Week", "Month", "Total", "1h", "24h", "7d", "30d")


async def test_counts_of_today_this_month_and_ever(world: World, api: httpx.AsyncClient) -> None:
    item = await world.item("é ü %", content_type="movie")
    now = datetime.now(UTC)
    for type_, count in (
        ("view", 7), ("like", 3), ("unlike", 1), ("comment", 2), ("share", 4), ("watch_time", 3),
    ):  # fmt: skip
        event = Event(
            item=item, type=type_, occurred_at=now, received_at=now, count=count, seconds=0.1
        )
        await world.insert([event])
    answer = await api.get(f"{STATS}/%C3%A9%20%C3%BC%20%25", params={"contentType": "movie"})
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert (found.pop("contentId"), found.pop("contentType")) == ("é ü %", "movie")
    assert datetime.fromisoformat(found.pop("asOf")).tzinfo == UTC
    assert not found.pop("stale")
    assert found.pop("zone") == "UTC"
    assert datetime.fromisoformat(found.pop("windowsAsOf")).tzinfo == UTC
    assert (found.pop("isHot"), found.pop("hotScore"), found.pop("hotRank")) == (False, None, None)
    assert found.pop("trendingRanks") == {}
    # Three times 0.1 is 0.3, not 0.30000000000000004.
    expected = dict(zip(COUNTS, (7, 2, 2, 4, 0.3), strict=True)) | {
        # Nobody is known of them.
        "uniqueViewers": 0,
        "averageWatchSeconds": round(0.3 / 7, 6),
    }
    assert found == {
        f"{name}{window}": count for name, count in expected.items() for window in WINDOWS
    }
    assert answer.headers["cache-control"] == "public, no-cache"


async def test_a_colon_in_a_name_makes_no_other_item(world: World, api: httpx.AsyncClient) -> None:
    one = await world.item("abc:def")
    other = await world.item("def", content_type="video:abc")
    await world.happened(one, "view", 3)
    await world.happened(other, "view", 5)
    assert (await stats_of(api, "abc:def"))["viewsTotal"] == 3
    answer = await api.get(f"{STATS}/def", params={"contentType": "video:abc"})
    assert answer.json()["viewsTotal"] == 5


async def test_counts_have_64_bits(world: World, api: httpx.AsyncClient) -> None:
    item = await world.item("a")
    for _ in range(5):
        await world.happened(item, "view", 1_000_000_000)
    assert (await stats_of(api))["viewsTotal"] == 5_000_000_000


@together(
    ("path", "name"),
    [
        ("a%00", "contentId"),
        ("x" * 201, "contentId"),
        ("a?contentType=", "contentType"),
        ("a?contentType=%00", "contentType"),
        ("a?contentType=" + "x" * 201, "contentType"),
    ],
)
async def test_a_wrong_parameter_is_named(api: httpx.AsyncClient, path: str, name: str) -> None:
    answer = await api.get(f"{STATS}/{path}")
    assert (await problem(answer, 400, "bad-request")).startswith(f"{name}:")


async def test_whether_the_caller_likes_it(world: World, admin_api: httpx.AsyncClient) -> None:
    await world.item("a")
    await world.item("b")
    plain = await admin_api.get(f"{STATS}/a")
    assert "hasLiked" not in plain.json()
    assert plain.headers["cache-control"] == "public, no-cache"
    await admin_api.put("/items/a/like", headers=signed_in("ada"))
    for user, liked in (("ada", True), ("bob", False)):
        answer = await admin_api.get(f"{STATS}/a", headers=signed_in(user))
        assert (answer.json()["hasLiked"], answer.json()["likesTotal"]) == (liked, 1)
        assert answer.headers["cache-control"] == "private, no-store"
        assert answer.headers["vary"].startswith("authorization")
    answer = await admin_api.get(
        STATS, params={"ids": "b,a,c", "fields": "hasLiked"}, headers=signed_in("ada")
    )
    found = {each["contentId"]: each["stats"] for each in answer.json()["items"]}
    assert (found["a"]["hasLiked"], found["b"]["hasLiked"], found["c"]) == (True, False, None)
    bad = await admin_api.get(f"{STATS}/a", headers={"authorization": "Bearer a.b.c"})
    assert "token" in await problem(bad, 401, "not-signed-in")


async def test_several_items_with_an_outcome_each(
    world: World, api: httpx.AsyncClient, queries: Queries
) -> None:
    for number, name in enumerate("abc", start=1):
        await world.happened(await world.item(name), "view", number)
    await world.happened(await world.item("x,y", content_type="movie"), "view", 9)
    first = await api.get(STATS, params={"ids": "b"})
    assert queries.statements == 1
    answer = await api.get(STATS, params={"ids": "c,nobody,a,b,a"})
    assert answer.status_code == 200, answer.text
    shown = [
        (each["contentId"], each["outcome"], each["stats"] and each["stats"]["viewsTotal"])
        for each in answer.json()["items"]
    ]
    assert shown == [
        ("c", "found", 3), ("nobody", "unknown", None), ("a", "found", 1), ("b", "found", 2),
        ("a", "found", 1),
    ]  # fmt: skip
    # One statement for all that was not there, and what was there as it was.
    assert (queries.statements, queries.of["b"]) == (2, 1)
    assert first.json()["items"][0] == answer.json()["items"][3]
    assert answer.json()["items"][2]["stats"] == await stats_of(api, "a")
    body = [{"contentId": "x,y", "contentType": "movie"}, {"contentId": 7}]
    posted = await api.post(STATS, json=body)
    assert posted.status_code == 200, posted.text
    movie, seven = posted.json()["items"]
    assert (movie["outcome"], movie["stats"]["viewsTotal"]) == ("found", 9)
    assert seven == {
        "contentId": "7", "contentType": "video", "outcome": "unknown", "stats": None
    }  # fmt: skip
    one = await api.post(STATS, json=body[0])
    assert one.json()["items"] == [movie]


@together(
    ("parameters", "detail"),
    [
        ({}, "ids: name 1 to 500 ids"),
        ({"ids": ""}, "ids: name 1 to 500 ids"),
        ({"ids": "a,,b"}, "ids: number 2 has 0 characters"),
        ({"ids": "x" * 201}, "ids: number 1 has 201 characters"),
        ({"ids": ",".join(["a"] * 501)}, "ids: 501 ids; at most 500"),
        ({"ids": "a", "fields": "viewTotal"}, "fields: 'viewTotal' is no field of stats; did you"),
        ({"ids": "a", "tz": "Mars/Olympus"}, "tz: 'Mars/Olympus' is no IANA time zone"),
        ({"ids": "a", "tz": "right/UTC"}, "tz: 'right/UTC' is no IANA time zone"),
        ({"ids": "a", "tz": "localtime"}, "tz: 'localtime' is no IANA time zone"),
        ({"ids": "a", "id": "b"}, "id: no such parameter; did you mean ids?"),
    ],
)
async def test_what_is_wrong_with_a_batch_is_named(
    api: httpx.AsyncClient, parameters: dict[str, str], detail: str
) -> None:
    answer = await api.get(STATS, params=parameters)
    assert (await problem(answer, 400, "bad-request")).startswith(detail)


@together(
    ("body", "status", "slug", "detail"),
    [
        ([], 400, "bad-request", "the body names no item"),
        ([{"contentId": "a"}] * 501, 413, "too-large", "501 items; at most 500"),
        ([{"contentType": "video"}], 400, "bad-request", "contentId: missing"),
        ([{"contentId": "a", "type": "video"}], 400, "bad-request", "type"),
        ([{"contentId": ""}], 400, "bad-request", "contentId"),
    ],
)
async def test_what_is_wrong_with_a_body_is_named(
    api: httpx.AsyncClient, body: Any, status: int, slug: str, detail: str
) -> None:
    answer = await api.post(STATS, json=body)
    assert detail in await problem(answer, status, slug)


async def test_fewer_fields(world: World, api: httpx.AsyncClient) -> None:
    await world.item("a")
    answer = await api.get(f"{STATS}/a", params={"fields": "views1h, likesTotal"})
    assert set(answer.json()) == {
        "contentId", "contentType", "views1h", "likesTotal", "asOf", "zone", "stale"
    }  # fmt: skip


async def test_today_in_another_zone(
    world: World, api: httpx.AsyncClient, redis: redis.asyncio.Redis
) -> None:
    """An event of each of the last 50 hours: today in a zone are those since its midnight."""
    a = await world.item("a")
    now = datetime.now(UTC)
    moments = [now - timedelta(hours=hours) for hours in range(50)]
    await world.insert(
        [Event(item=a, type="view", occurred_at=at, received_at=at) for at in moments]
    )
    for zone in ("Asia/Kolkata", "Pacific/Kiritimati", "America/Havana", "UTC"):
        answer = await api.get(f"{STATS}/a", params={"tz": zone})
        assert answer.status_code == 200, answer.text
        found = answer.json()
        as_of = datetime.fromisoformat(found["asOf"])
        begins = calendar_start("today", as_of, ZoneInfo(zone))
        assert (found["zone"], found["viewsTotal"]) == (zone, 50)
        assert found["viewsToday"] == sum(at >= begins for at in moments), zone
    # From Redis, until something happens.
    havana = {"tz": "America/Havana"}
    found = (await api.get(f"{STATS}/a", params=havana)).json()
    await world.insert([Event(item=a, type="view", occurred_at=now, received_at=now)])
    assert (await api.get(f"{STATS}/a", params=havana)).json() == found
    await committed(redis)
    fresh = (await api.get(f"{STATS}/a", params=havana)).json()
    assert fresh["viewsToday"] == found["viewsToday"] + 1


async def test_ranks_and_hot_score(stage: Stage, redis: redis.asyncio.Redis) -> None:
    world = stage.world
    for number, name in enumerate("abc", start=1):
        await world.happened(await world.item(name), "view", 10 * number)
    await stage.show()
    # What was warmed while the lists came one by one is half a minute old at most, too.
    await committed(redis, "abc")
    ranks = [(await stage.get(f"{STATS}/{name}"))["trendingRanks"] for name in "cba"]
    assert ranks == [dict.fromkeys(("1h", "24h", "7d", "30d", "all"), rank) for rank in (1, 2, 3)]
    best = await stage.get(f"{STATS}/c")
    assert (best["isHot"], best["hotRank"]) == (True, 1)
    assert best["hotScore"] > 0
    assert best["windowsAsOf"] == "2026-03-15T12:00:00Z"
