"""`GET /analytics/items/{id}/places`: where an item stands in all rankings at once (E2)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.api.conftest import ADMIN, Stage, problem
from tests.sql.world import AS_OF

HOUR = timedelta(hours=1)
LISTS = ("best_rated", "top_creators", "trending_1h", "trending_24h")


@pytest.fixture
async def staged(stage: Stage) -> Stage:
    """Item a leads with 30 views; b has 20, most of them of before; movie m has likes."""
    world = stage.world
    await world.only(*LISTS)
    a, b = await world.item("a"), await world.item("b")
    movie = await world.item("m", content_type="movie")
    await world.happened(b, "view", 20, ago=3 * HOUR)
    await stage.show(AS_OF - 2 * HOUR)
    await world.happened(a, "view", 30)
    await world.happened(movie, "like", 1)
    await stage.show()
    return stage


async def places(stage: Stage, item: str, **parameters: str) -> dict[str, Any]:
    found = await stage.get(f"/analytics/items/{item}/places", **parameters)
    assert found["contentId"] == item
    return {place["ranking"]: place for place in found["places"]}


async def test_places_are_those_of_the_lists(staged: Stage) -> None:
    for item, kind in (("a", "video"), ("b", "video"), ("m", "movie")):
        found = await places(staged, item, contentType=kind)
        # Creators are none of its rankings.
        assert sorted(found) == sorted(set(LISTS) - {"top_creators"})
        for name, place in found.items():
            listed = await staged.get(f"/analytics/rankings/{name}")
            [*own] = [each for each in listed["items"] if each["contentId"] == item]
            assert place["of"] == len(listed["items"])
            assert place["asOf"] == listed["asOf"]
            assert place["history"] == []
            if own:
                names = ("rank", "previousRank", "score")
                assert {key: place[key] for key in names} == {key: own[0][key] for key in names}
            else:
                assert (place["rank"], place["previousRank"], place["score"]) == (None,) * 3
    assert (await places(staged, "b"))["trending_24h"]["previousRank"] == 1
    assert (await places(staged, "b"))["trending_1h"]["rank"] is None


async def test_the_past_is_told_an_hour_apart(staged: Stage) -> None:
    await staged.world.happened(1, "view", 1)
    await staged.show(AS_OF + timedelta(minutes=2))
    found = (await places(staged, "b", since="90d"))["trending_24h"]["history"]
    # AS_OF is a whole hour: of the two runs in it, the last.
    moments = [AS_OF - 2 * HOUR, AS_OF + timedelta(minutes=2)]
    assert [place["rank"] for place in found] == [1, 2]
    assert [place["asOf"] for place in found] == [
        moment.strftime("%Y-%m-%dT%H:%M:%SZ") for moment in moments
    ]
    history = (await places(staged, "a", since="90d"))["trending_24h"]["history"]
    assert [place["rank"] for place in history] == [None, 1]


async def test_a_ranking_of_a_type_is_no_place_of_others(staged: Stage) -> None:
    await staged.world.execute(
        "update core.ranking set content_type = 'movie' where name = 'trending_24h'"
    )
    assert "trending_24h" not in await places(staged, "a")
    assert "trending_24h" in await places(staged, "m", contentType="movie")
    await staged.world.execute("update core.ranking set enabled = false")
    assert await places(staged, "a") == {}


async def test_before_the_first_run_it_has_no_place(stage: Stage) -> None:
    await stage.world.only("trending_24h")
    await stage.world.item("new")
    [place] = (await places(stage, "new")).values()
    assert place == {
        "ranking": "trending_24h", "rank": None, "of": 0, "previousRank": None, "score": None,
        "asOf": None, "history": [],
    }  # fmt: skip


async def test_an_excluded_item_has_none(staged: Stage) -> None:
    await staged.world.execute(
        "insert into core.item_exclusion (item_id, reason, excluded_by, excluded_at)"
        " values (1, 'bought views', 'a test', now())"
    )
    assert {place["rank"] for place in (await places(staged, "a")).values()} == {None}
    assert (await places(staged, "b"))["trending_24h"]["rank"] == 2


async def test_what_cannot_be_told_is_refused_by_name(staged: Stage) -> None:
    get = staged.api.get
    path = "/analytics/items/{}/places"
    await problem(await get(path.format("nobody")), 404, "unknown-item")
    await problem(await get(path.format("a"), params={"contentType": "movie"}), 404, "unknown-item")
    for since in ("1y", "91d", "0m", "-1h", ""):
        answer = await get(path.format("a"), params={"since": since})
        assert (await problem(answer, 400, "bad-request")).startswith("since: ")
    assert "asof" in await problem(
        await get(path.format("a"), params={"asof": "now"}), 400, "bad-request"
    )
    odd = await get(path.format("-"), params={"contentId": "a"})
    assert odd.json()["contentId"] == "a"


async def test_who_has_it_is_sent_nothing(staged: Stage) -> None:
    first = await staged.api.get("/analytics/items/a/places")
    again = await staged.api.get(
        "/analytics/items/a/places", headers={"if-none-match": first.headers["etag"]}
    )
    assert (again.status_code, again.content) == (304, b"")


async def test_a_key_is_needed_where_reading_needs_one(admin_api: httpx.AsyncClient) -> None:
    answer = await admin_api.get("/analytics/items/nobody/places", headers={"x-api-key": "wrong"})
    assert answer.status_code == 401
    answer = await admin_api.get("/analytics/items/nobody/places", headers=ADMIN)
    assert answer.status_code == 404
