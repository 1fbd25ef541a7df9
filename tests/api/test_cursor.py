"""Paging: whatever is ranked meanwhile, each item of the snapshot comes once."""

from __future__ import annotations

import random
from datetime import timedelta

import httpx
import pytest

from app.rankings import keys
from app.rankings.cursor import Cursor, encode_cursor
from tests.api.conftest import Json, Stage, problem
from tests.sql.oracle import Event
from tests.sql.world import AS_OF
from tests.together import together

MINUTE = timedelta(minutes=1)
COUNT = 47
TRENDING = "/analytics/trending"


@pytest.fixture
async def crowd(stage: Stage) -> Stage:
    """47 items, half of them movies, in three categories, each with more views than the next."""
    await stage.world.only("trending_24h", "trending_7d")
    for number in range(COUNT):
        item = await stage.world.item(
            f"i{number:02}",
            content_type="movie" if number % 2 else "video",
            category=f"c{number % 3}",
        )
        await stage.world.happened(item, "view", 1_000 - number)
    await stage.show()
    return stage


async def shuffle(stage: Stage, seed: int) -> None:
    """Let a new run put everything in another order."""
    rng = random.Random(seed)  # noqa: S311 - not a secret
    at = AS_OF + seed * MINUTE
    await stage.world.insert(
        [
            Event(
                item=item,
                type="view",
                occurred_at=at,
                received_at=at,
                count=rng.randrange(1, 10_000),
            )
            for item in range(1, COUNT + 1)
        ]
    )
    await stage.show(at)


async def pages(stage: Stage, path: str, **parameters: str | int) -> list[Json]:
    """Read a list page by page; every page after the first stands on its cursor alone."""
    found = [await stage.get(path, **parameters)]
    while cursor := found[-1]["nextCursor"]:
        found.append(await stage.get(path, cursor=cursor, limit=parameters["limit"]))
    return found


async def test_paging_while_new_runs_are_published_repeats_and_skips_nothing(crowd: Stage) -> None:
    before = await crowd.ids(TRENDING, limit=100)
    assert len(before) == COUNT
    page = await crowd.get(TRENDING, limit=5)
    run_id, found, seed = page["runId"], [page], 0
    while cursor := found[-1]["nextCursor"]:
        seed += 1
        await shuffle(crowd, seed)
        found.append(await crowd.get(TRENDING, limit=5, cursor=cursor, window="24h"))
    assert seed == 9
    items = [item for page in found for item in page["items"]]
    assert [item["contentId"] for item in items] == before
    assert [item["rank"] for item in items] == list(range(1, COUNT + 1))
    assert {page["runId"] for page in found} == {run_id}
    assert await crowd.ids(TRENDING, limit=100) != before


@pytest.mark.parametrize("limit", [1, 7, 16, 47, 48])
async def test_any_page_size_gives_the_whole_list(crowd: Stage, limit: int) -> None:
    whole = await crowd.ids(TRENDING, limit=100)
    found = await pages(crowd, TRENDING, limit=limit)
    assert [item["contentId"] for page in found for item in page["items"]] == whole
    assert [len(page["items"]) for page in found[:-1]] == [limit] * (len(found) - 1)
    assert found[-1]["items"]


@pytest.mark.parametrize(
    "filters",
    [{"category": "c1"}, {"contentType": "movie"}, {"category": "c1", "contentType": "movie"}],
)
async def test_filtered_lists_are_paged_too(crowd: Stage, filters: dict[str, str]) -> None:
    whole = await crowd.ids(TRENDING, limit=100, **filters)
    found = await pages(crowd, TRENDING, limit=3, **filters)
    assert len(found) > 2
    assert [item["contentId"] for page in found for item in page["items"]] == whole


async def test_category_and_type_together_keep_the_ranks_of_the_category(crowd: Stage) -> None:
    both = await crowd.get(TRENDING, category="c1", contentType="movie", limit=100)
    category = await crowd.get(TRENDING, category="c1", limit=100)
    assert both["items"] == [i for i in category["items"] if i["contentType"] == "movie"]
    assert both["items"]


async def test_other_rankings_and_their_parts_are_paged_the_same_way(crowd: Stage) -> None:
    path = "/analytics/rankings/trending_7d"
    whole = await crowd.ids(path, segment="contentType:video", limit=100)
    found = await pages(crowd, path, segment="contentType:video", limit=4)
    assert [item["contentId"] for page in found for item in page["items"]] == whole


async def test_a_list_of_then_is_paged_to_its_end(crowd: Stage) -> None:
    then = await crowd.ids(TRENDING, limit=100)
    await shuffle(crowd, 1)
    path = "/analytics/rankings/trending_24h"
    page = await crowd.get(path, asOf=AS_OF.isoformat(), limit=40)
    rest = await crowd.get(path, cursor=page["nextCursor"], limit=40)
    assert [item["contentId"] for item in page["items"] + rest["items"]] == then


async def test_a_cursor_outlives_redis(crowd: Stage) -> None:
    page = await crowd.get(TRENDING, limit=40)
    await shuffle(crowd, 1)
    key = keys.trending_snapshot("trending_24h", page["runId"])
    assert await crowd.publisher.redis.delete(key) == 1
    rest = await crowd.get(TRENDING, cursor=page["nextCursor"])
    assert [item["rank"] for item in rest["items"]] == list(range(41, COUNT + 1))


async def test_a_cursor_of_a_run_that_is_gone_is_expired(crowd: Stage) -> None:
    page = await crowd.get(TRENDING, limit=40)
    await shuffle(crowd, 1)
    await crowd.publisher.redis.delete(keys.trending_snapshot("trending_24h", page["runId"]))
    await crowd.world.execute("delete from core.ranking_run where run_id = %s", page["runId"])
    for path in (TRENDING, "/analytics/rankings/trending_24h"):
        answer = await crowd.api.get(path, params={"cursor": page["nextCursor"]})
        assert "begin again" in await problem(answer, 410, "cursor-expired")


async def test_a_forged_cursor_shows_no_other_rankings_run(crowd: Stage) -> None:
    other = (await crowd.get("/analytics/rankings/trending_7d"))["runId"]
    forged = encode_cursor(
        Cursor(ranking="trending_24h", run_id=other, segment="", content_type=None, rank=1)
    )
    answer = await crowd.api.get(TRENDING, params={"cursor": forged})
    await problem(answer, 410, "cursor-expired")


@pytest.mark.parametrize("beside", [{"window": "7d"}, {"category": "c1"}, {"contentType": "movie"}])
async def test_a_cursor_beside_other_filters_is_refused(
    crowd: Stage, beside: dict[str, str]
) -> None:
    cursor = (await crowd.get(TRENDING, limit=1))["nextCursor"]
    answer = await crowd.api.get(TRENDING, params={"cursor": cursor, **beside})
    assert "another list" in await problem(answer, 400, "bad-request")


async def test_a_cursor_of_another_ranking_is_refused(crowd: Stage) -> None:
    cursor = (await crowd.get(TRENDING, limit=1))["nextCursor"]
    answer = await crowd.api.get("/analytics/rankings/trending_7d", params={"cursor": cursor})
    assert "another list" in await problem(answer, 400, "bad-request")
    answer = await crowd.api.get(
        "/analytics/rankings/trending_24h", params={"cursor": cursor, "asOf": AS_OF.isoformat()}
    )
    assert (await problem(answer, 400, "bad-request")).startswith("asOf:")


@together(
    ("query", "name"),
    [
        ("window=2h", "window"),
        ("limit=0", "limit"),
        ("category=", "category"),
        ("category=" + "x" * 201, "category"),
        ("contentType=%00", "contentType"),
        ("cursor=abc", "cursor"),
        ("category=c1&limit=101", "limit"),
    ],
)
@pytest.mark.usefixtures("clean")
async def test_a_wrong_parameter_is_named(api: httpx.AsyncClient, query: str, name: str) -> None:
    answer = await api.get(f"{TRENDING}?{query}")
    assert (await problem(answer, 400, "bad-request")).startswith(f"{name}:")


async def test_hot_items_have_a_badge(crowd: Stage) -> None:
    await crowd.world.execute(
        "insert into core.ranking (name, formula, \"window\") values ('hot', 'minmax_hot', '24h')"
    )
    # A first run finds out what is hot, the next one shows it.
    await crowd.world.run(AS_OF + MINUTE, forced=True)
    await shuffle(crowd, 2)
    items = (await crowd.get(TRENDING, limit=100))["items"]
    hot = {
        name
        for (name,) in await crowd.world.rows(
            "select external_id from core.item inner join core.item_hot using (item_id) "
            "where is_hot"
        )
    }
    assert {item["contentId"] for item in items if item["isHot"]} == hot
    assert len(hot) == 10
