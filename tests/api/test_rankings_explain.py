"""`GET /analytics/rankings/{name}/items/{id}`: why an item stands where it does."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest

from tests.api.conftest import Stage, problem
from tests.sql.world import AS_OF
from tests.together import together

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = "/analytics/rankings/trending_24h/items"


async def tell(stage: Stage) -> None:
    """Item a: 10 views 8 h ago, 2 likes and 30 minutes watched now. Item b: 30 views now."""
    world = stage.world
    a, b = await world.item("a"), await world.item("b")
    await world.happened(a, "view", 10, ago=8 * HOUR)
    await world.happened(a, "like", 2)
    await world.happened(a, "watch_time", 1, seconds=1_800)
    await world.happened(b, "view", 30)
    await stage.show()


@pytest.fixture
async def told(stage: Stage) -> Stage:
    await stage.world.only("trending_24h", "top_creators")
    await tell(stage)
    return stage


async def test_the_components_are_the_score(told: Stage) -> None:
    found = await told.get(f"{DAY}/a")
    points = {part["component"]: part["points"] for part in found["components"]}
    # One half-life of 8 h is over for the views, four of the recent term's 2 h.
    assert points == pytest.approx(
        {
            "views": 5,
            "likes": 10,
            "comments": 0,
            "shares": 0,
            "watchMinutes": 3,
            "recentViews": 0.625,
            "recentLikes": 10,
            "recentComments": 0,
            "recentShares": 0,
            "recentWatchMinutes": 3,
        }
    )
    assert found["score"] == pytest.approx(31.625)
    assert sum(points.values()) == pytest.approx(found["score"])


async def test_each_component_names_its_weight_half_life_and_last_hour(told: Stage) -> None:
    components = (await told.get(f"{DAY}/a"))["components"]
    parts = {part.pop("component"): part for part in components}
    assert parts["views"] == {
        "points": pytest.approx(5), "weight": 1, "halfLifeSeconds": 28_800, "lastHour": 0,
    }  # fmt: skip
    assert parts["recentLikes"] == {
        "points": pytest.approx(10),
        "weight": 5,
        "halfLifeSeconds": 7_200,
        "lastHour": pytest.approx(10),
    }


async def test_the_last_hour_ages_to_the_second(told: Stage) -> None:
    """All of b is of this hour: of its 30 views, 50 seconds old, as much as its whole score; an
    unlike and a view that are not scored yet are not in it, nor is a view of 61 minutes ago."""
    second = timedelta(seconds=1)
    await told.world.happened(2, "like", 3, ago=37 * second)
    await told.world.happened(1, "view", 2, ago=61 * MINUTE)
    await told.world.happened(1, "share", 1, ago=59 * MINUTE)
    await told.show(AS_OF + 50 * second)
    await told.world.happened(2, "unlike")
    found = await told.get(f"{DAY}/b")
    for part in found["components"]:
        assert part["lastHour"] == pytest.approx(part["points"], rel=1e-12), part["component"]
    parts = {p["component"]: p for p in (await told.get(f"{DAY}/a"))["components"]}
    assert parts["views"]["lastHour"] == 0
    assert parts["shares"]["lastHour"] == pytest.approx(4 * 2 ** -(3_590 / 28_800))


async def test_the_parts_add_up_to_the_last_bit(told: Stage) -> None:
    for number in range(40):
        await told.world.happened(1, "view", number + 1, ago=timedelta(seconds=7 * number + 1))
        await told.world.happened(1, "watch_time", 1, ago=MINUTE, seconds=number / 7)
    for step in range(1, 6):
        await told.show(AS_OF + step * MINUTE)
        found = await told.get(f"{DAY}/a")
        added = 0.0
        for part in found["components"]:
            added += part["points"]
        assert added == found["score"]


async def test_it_says_where_the_item_stands_and_how_it_is_scored(told: Stage) -> None:
    found = await told.get(f"{DAY}/a")
    del found["components"]
    assert "halve every half-life" in found.pop("description")
    (only,) = found.pop("history")
    assert isinstance(only.pop("runId"), int)
    assert only == {"asOf": "2026-03-15T12:00:00Z", "rank": 2, "score": pytest.approx(31.625)}
    assert found == {
        "ranking": "trending_24h",
        "contentId": "a",
        "contentType": "video",
        "rank": 2,
        "previousRank": None,
        "rankWithoutRules": 2,
        "edit": None,
        "score": pytest.approx(31.625),
        "asOf": "2026-03-15T12:00:00Z",
        "formula": "weighted_decay",
        "discounts": [],
    }


async def test_the_history_shows_every_kept_run_oldest_first(told: Stage) -> None:
    await told.world.happened(1, "share", 20, ago=-10 * MINUTE)
    await told.show(AS_OF + 10 * MINUTE)
    found = await told.get(f"{DAY}/a")
    assert (found["rank"], found["previousRank"]) == (1, 2)
    assert [(past["asOf"][11:16], past["rank"]) for past in found["history"]] == [
        ("12:00", 2), ("12:10", 1),
    ]  # fmt: skip
    recent = await told.get(f"{DAY}/a", since="9m")
    assert [past["rank"] for past in recent["history"]] == [1]


@pytest.mark.parametrize(
    "ranking", ["trending_1h", "trending_all", "hot", "best_rated", "top_viewed"]
)
async def test_every_formula_is_explained(stage: Stage, ranking: str) -> None:
    await stage.world.only(ranking)
    await tell(stage)
    found = await stage.get(f"/analytics/rankings/{ranking}/items/a")
    assert found["components"]
    listed = await stage.get(f"/analytics/rankings/{ranking}")
    (item,) = (item for item in listed["items"] if item["contentId"] == "a")
    assert found["score"] == pytest.approx(item["score"])
    assert found["rank"] == item["rank"]


async def test_an_item_below_the_end_of_the_list_has_a_score_but_no_rank(told: Stage) -> None:
    await told.world.execute("update core.ranking set size = 1 where name = 'trending_24h'")
    await told.show(AS_OF + MINUTE)
    found = await told.get(f"{DAY}/a")
    assert (found["rank"], found["previousRank"]) == (None, None)
    assert found["score"] > 30


async def test_what_cannot_be_explained_is_not_found(told: Stage) -> None:
    await told.world.item("idle")
    for path, slug in (
        (f"{DAY}/nobody", "unknown-item"),
        (f"{DAY}/a?contentType=movie", "unknown-item"),
        (f"{DAY}/idle", "unranked-item"),
        ("/analytics/rankings/top_creators/items/a", "unranked-item"),
    ):
        await problem(await told.api.get(path), 404, slug)


@together(
    ("query", "name"),
    [
        ("since=1s", "since"),
        ("since=91d", "since"),
        ("since=", "since"),
        ("since=0h", "since"),
        ("contentType=", "contentType"),
    ],
)
@pytest.mark.usefixtures("clean")
async def test_a_wrong_parameter_is_named(api: httpx.AsyncClient, query: str, name: str) -> None:
    answer = await api.get(f"{DAY}/a?{query}")
    assert (await problem(answer, 400, "bad-request")).startswith(f"{name}:")


async def test_what_is_left_out_is_told_with_its_reason(told: Stage) -> None:
    world = told.world
    item = await world.item("c")
    for number in range(3):
        await world.happened(item, "view", viewer=7, ago=number * MINUTE)
    await world.happened(await world.item("d"), "view", 5, viewer=8)
    label = (
        "insert into core.actor_label"
        " (viewer, kind, reason, since, until, labelled_by, labelled_at)"
        " values (8, 'user', 'sells views', %s, 'infinity', 'a test', %s)"
    )
    await world.execute(label, AS_OF.date(), AS_OF)
    await told.show()
    found = await told.get(f"{DAY}/c")
    nothing = {"likes": 0, "comments": 0, "shares": 0, "watchSeconds": 0}
    # The second counts half and the third a quarter.
    assert found["discounts"] == [
        {"reason": "repeated", "actors": 1, "views": pytest.approx(1.25), **nothing}
    ]
    assert (await told.get(f"{DAY}/a"))["discounts"] == []
    answer = await told.api.get(f"{DAY}/d")
    assert "discounted: sells views" in await problem(answer, 404, "unranked-item")
