"""`GET /analytics/rankings` and the lists in it: the newest, parts of it, past ones."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest

from tests.api.conftest import Stage, problem
from tests.sql.world import AS_OF, World
from tests.together import together

MINUTE = timedelta(minutes=1)


@pytest.fixture
async def shown(stage: Stage) -> Stage:
    """Five items: b leads, then a, d, c, e; c and e are movies, d has no category."""
    world = stage.world
    await world.only("trending_24h", "hot", "top_viewed", "top_creators")
    for name, content_type, category, views in (
        ("a", "video", "Music", 40),
        ("b", "video", "News", 50),
        ("c", "movie", "Music", 20),
        ("d", "video", None, 30),
        ("e", "movie", "News", 10),
    ):
        item = await world.item(name, content_type=content_type, category=category, creator="Ada")
        await world.happened(item, "view", views)
    await stage.show()
    return stage


async def test_every_ranking_is_listed_with_its_settings_and_newest_run(shown: Stage) -> None:
    listed = (await shown.get("/analytics/rankings"))["rankings"]
    assert [ranking["name"] for ranking in listed] == sorted(
        name for (name,) in await shown.world.rows("select name from core.ranking")
    )
    day = next(ranking for ranking in listed if ranking["name"] == "trending_24h")
    assert isinstance(day.pop("runId"), int)
    assert "halve every half-life" in day.pop("description")
    assert day == {
        "name": "trending_24h",
        "formula": "weighted_decay",
        "window": "24h",
        "subject": "item",
        "contentType": None,
        "segments": ["category", "contentType"],
        "size": 1000,
        "schedule": "* * * * *",
        "zone": "UTC",
        "enabled": True,
        "asOf": "2026-03-15T12:00:00Z",
        "confirmedAt": "2026-03-15T12:00:00Z",
        "keptSince": "2026-03-15T12:00:00Z",
    }


async def test_a_run_that_finds_nothing_new_moves_only_confirmed_at(shown: Stage) -> None:
    await shown.world.run(AS_OF + MINUTE)
    listed = (await shown.get("/analytics/rankings"))["rankings"]
    day = next(ranking for ranking in listed if ranking["name"] == "trending_24h")
    assert (day["asOf"], day["confirmedAt"]) == ("2026-03-15T12:00:00Z", "2026-03-15T12:01:00Z")


async def test_a_list_has_the_best_first(shown: Stage) -> None:
    page = await shown.get("/analytics/rankings/top_viewed")
    assert [(item["rank"], item["contentId"], item["views"]) for item in page["items"]] == [
        (1, "b", 50), (2, "a", 40), (3, "d", 30), (4, "c", 20), (5, "e", 10),
    ]  # fmt: skip
    assert (page["window"], page["segment"], page["nextCursor"]) == ("7d", None, None)


@pytest.mark.parametrize(
    ("segment", "expected"),
    [
        ("category:Music", ["a", "c"]),
        ("category:News", ["b", "e"]),
        ("contentType:movie", ["c", "e"]),
        ("category:Nothing", []),
    ],
)
async def test_a_segment_is_ranked_by_itself(
    shown: Stage, segment: str, expected: list[str]
) -> None:
    page = await shown.get("/analytics/rankings/trending_24h", segment=segment)
    assert [item["contentId"] for item in page["items"]] == expected
    assert [item["rank"] for item in page["items"]] == list(range(1, len(expected) + 1))
    assert page["segment"] == segment


async def test_categories_and_creators_are_ranked_too(shown: Stage) -> None:
    await shown.world.happened(1, "like", 3)
    await shown.show(AS_OF + MINUTE)
    (item,) = (await shown.get("/analytics/rankings/top_creators"))["items"]
    assert item["contentType"] == "creator"
    assert (item["contentId"], item["score"], item["isHot"]) == ("Ada", 3, None)


async def test_as_of_shows_the_list_of_then(shown: Stage) -> None:
    await shown.world.happened(5, "view", 100)
    await shown.show(AS_OF + 5 * MINUTE)
    path = "/analytics/rankings/trending_24h"
    assert (await shown.ids(path))[0] == "e"
    assert (await shown.ids(path, asOf="2026-03-15T12:04:59Z"))[0] == "b"
    assert (await shown.ids(path, asOf="2026-03-15T13:05:00+01:00"))[0] == "e"
    then = await shown.get(path, asOf="2026-03-15T12:04:59Z", segment="category:News")
    assert [item["contentId"] for item in then["items"]] == ["b", "e"]
    assert (then["asOf"], then["stale"]) == ("2026-03-15T12:00:00Z", False)
    now = await shown.get(path)
    assert [(item["rank"], item["previousRank"]) for item in now["items"]] == [
        (1, 5), (2, 1), (3, 2), (4, 3), (5, 4),
    ]  # fmt: skip


async def test_as_of_a_time_before_the_first_run_is_not_found(shown: Stage) -> None:
    answer = await shown.api.get(
        "/analytics/rankings/trending_24h", params={"asOf": "2026-03-15T11:59:59Z"}
    )
    assert "2026-03-15T11:59:59" in await problem(answer, 404, "no-snapshot")


async def test_a_lost_plus_of_the_zone_is_understood(shown: Stage) -> None:
    page = await shown.api.get("/analytics/rankings/hot?asOf=2026-03-15T13:05:00+01:00")
    assert page.status_code == 200


async def test_a_disabled_ranking_keeps_its_last_list(shown: Stage) -> None:
    await shown.world.execute("update core.ranking set enabled = false where name = 'hot'")
    await shown.publisher.publish()
    assert len(await shown.ids("/analytics/rankings/hot")) == 5


async def test_before_the_first_run_a_list_is_empty(world: World, api: httpx.AsyncClient) -> None:
    await world.ranking("quiet", formula="top_count", window="7d")
    answer = await api.get("/analytics/rankings/quiet")
    assert answer.json() == {
        "ranking": "quiet",
        "window": "7d",
        "segment": None,
        "runId": None,
        "asOf": None,
        "stale": True,
        "items": [],
        "nextCursor": None,
    }


@pytest.mark.usefixtures("clean")
async def test_an_unknown_ranking_is_not_found(api: httpx.AsyncClient) -> None:
    for path in ("nobody", "nobody?asOf=2026-03-15T12:00:00Z", "nobody/items/a"):
        answer = await api.get(f"/analytics/rankings/{path}")
        assert "'nobody'" in await problem(answer, 404, "unknown-ranking")


@together(
    ("query", "name"),
    [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=ten", "limit"),
        ("limit=", "limit"),
        ("segment=Music", "segment"),
        ("segment=category:", "segment"),
        ("segment=content_type:movie", "segment"),
        ("segment=colour:red", "segment"),
        ("segment=category:%00", "segment"),
        ("asOf=yesterday", "asOf"),
        ("asOf=2026-03-15T12:00:00", "asOf"),
        ("asOf=", "asOf"),
        ("asOf=9999-12-31T23:59:59-10:00", "asOf"),
        ("cursor=", "cursor"),
        ("cursor=nonsense", "cursor"),
    ],
)
@pytest.mark.usefixtures("clean")
async def test_a_wrong_parameter_is_named(api: httpx.AsyncClient, query: str, name: str) -> None:
    answer = await api.get(f"/analytics/rankings/trending_24h?{query}")
    assert (await problem(answer, 400, "bad-request")).startswith(f"{name}:")


async def test_a_segment_that_the_ranking_does_not_keep_is_named(shown: Stage) -> None:
    answer = await shown.api.get("/analytics/rankings/trending_24h?segment=creator:Ada")
    assert (await problem(answer, 400, "bad-request")).startswith("segment:")


async def test_an_answer_has_a_tag_that_says_when_nothing_has_changed(shown: Stage) -> None:
    path = "/analytics/rankings/trending_24h?segment=category:Music"
    first = await shown.api.get(path)
    again = await shown.api.get(path, headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = await shown.api.get(path + "&limit=1", headers={"if-none-match": first.headers["etag"]})
    assert other.status_code == 200


async def test_lists_come_from_the_database_when_redis_has_lost_them(shown: Stage) -> None:
    path = "/analytics/rankings/trending_24h"
    before = await shown.get(path, segment="contentType:movie")
    await shown.publisher.redis.flushall()
    assert await shown.get(path, segment="contentType:movie") == before
