"""`GET /items`: every order, filter and page equals a sort of the whole catalogue in Python."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from itertools import product

import httpx
import pytest

from tests.api.conftest import Stage, problem
from tests.sql.world import AS_OF, World
from tests.together import together

pytestmark = pytest.mark.usefixtures("clean")

SORTS = ("hot", "new", "views", "likes")
CATEGORIES = (None, "ape", "none")
TYPES = (None, "video")


async def populate(world: World) -> None:
    """40 items: a third without a category, some of one age, half with events in 24 hours, a
    quarter with older ones; few different counts, some of likes below zero."""
    chance = random.Random(7)  # noqa: S311  # no secret
    for number in range(40):
        item = await world.item(
            f"i{number}",
            content_type=chance.choice(["video", "book"]),
            category=chance.choice(["ape", "bee", None]),
            published_at=AS_OF - timedelta(hours=chance.randrange(12)),
        )
        if number % 4:
            ago = timedelta(days=3 if number % 4 == 1 else 0)
            await world.happened(item, "view", chance.randrange(1, 5), ago=ago)
            await world.happened(item, chance.choice(["like", "unlike"]), ago=ago)


async def expected(world: World, sort: str, category: object, content_type: object) -> list[str]:
    """Names in order, of a recount: (value or none, age, id), the greatest first; none for zero."""
    views: dict[int, int] = {}
    likes: dict[int, int] = {}
    for event in world.events:
        views[event.item] = views.get(event.item, 0) + event.count * (event.type == "view")
        sign = {"like": 1, "unlike": -1}.get(event.type, 0)
        likes[event.item] = likes.get(event.item, 0) + event.count * sign
    hot = {
        item: -rank
        for item, rank in await world.rows("select item_id, hot_rank from core.item_hot")
    }
    counts = {"new": {}, "views": views, "likes": likes}.get(sort, {})
    values = hot if sort == "hot" else {item: count for item, count in counts.items() if count > 0}
    excluded = {item for (item,) in await world.rows("select item_id from core.item_exclusion")}
    items = [
        item
        for item in world.items
        if category in {None, item.category}
        and content_type in {None, item.content_type}
        and item.item_id not in excluded
    ]

    def place(item_id: int, published_at: datetime) -> tuple[bool, float, int]:
        if item_id in values:
            return True, values[item_id], item_id
        return False, published_at.timestamp(), item_id

    items.sort(key=lambda item: place(item.item_id, item.published_at), reverse=True)
    return [f"i{item.item_id - 1}" for item in items]


async def pages(stage: Stage, limit: int, **parameters: str) -> list[str]:
    """Walk through all pages: the first with parameters, the others by cursor alone."""
    found: list[str] = []
    page = await stage.get("/items", limit=limit, **parameters)
    while True:
        found += [item["contentId"] for item in page["items"]]
        if page["nextCursor"] is None:
            return found
        assert len(page["items"]) == limit
        page = await stage.get("/items", limit=limit, cursor=page["nextCursor"])


async def test_every_list_and_all_its_pages(stage: Stage) -> None:
    await populate(stage.world)
    await stage.show()
    await stage.world.execute(
        """
        insert into core.item_exclusion (item_id, reason, excluded_by, excluded_at)
        select item_id, 'r', 'w', created_at from core.item where item_id % 7 = 0
        """
    )
    for sort, category, content_type in product(SORTS, CATEGORIES, TYPES):
        given = {"sort": sort, "category": category, "contentType": content_type}
        parameters = {name: text for name, text in given.items() if text is not None}
        wanted = await expected(stage.world, sort, category, content_type)
        assert await pages(stage, 9, **parameters) == wanted, given


async def test_an_item_of_a_list_is_the_item(stage: Stage) -> None:
    await populate(stage.world)
    await stage.show()
    page = await stage.get("/items", limit=3)
    assert (page["sort"], page["category"], page["contentType"]) == ("hot", None, None)
    for item in page["items"]:
        alone = await stage.get(f"/items/{item['contentId']}", contentType=item["contentType"])
        assert alone["items"] == [item]
    assert [item["hotRank"] for item in page["items"]] == [1, 2, 3]


async def test_what_comes_in_meanwhile_neither_repeats_nor_skips_the_others(stage: Stage) -> None:
    await populate(stage.world)
    await stage.show()
    before = await pages(stage, 100, sort="views")
    first = await stage.get("/items", sort="views", limit=10)

    new = await stage.world.item("brand-new")
    await stage.world.happened(new, "view", 1_000)
    await stage.show(AS_OF + timedelta(minutes=1))

    rest = await stage.get("/items", limit=100, cursor=first["nextCursor"])
    assert [item["contentId"] for item in rest["items"]] == before[10:]


async def test_the_newest_are_by_publication_or_else_by_their_first_event(stage: Stage) -> None:
    future = datetime.now(UTC) + timedelta(days=1)
    await stage.api.put("/items", json=[
        {"contentId": "old", "publishedAt": "0001-01-01T00:00:00Z"},
        {"contentId": "heard"},
        {"contentId": "coming", "publishedAt": future.isoformat()},
        {"contentId": "last", "publishedAt": "9999-12-31T23:59:59.999999Z"},
    ])  # fmt: skip
    wanted = ["last", "coming", "heard", "old"]
    assert await pages(stage, 1, sort="new") == wanted
    assert await pages(stage, 1, sort="views") == wanted
    assert await pages(stage, 1, sort="hot") == wanted


async def test_an_empty_catalogue_has_an_empty_list(api: httpx.AsyncClient) -> None:
    answer = await api.get("/items")
    assert answer.json() == {
        "sort": "hot", "category": None, "contentType": None, "items": [], "nextCursor": None,
    }  # fmt: skip


@together(
    ("query", "detail"),
    [
        ("sort=best", "sort: 'best' is none of hot, new, views, likes"),
        ("limit=0", "limit: '0' is no whole number from 1 to 100"),
        ("limit=101", "limit: '101' is no whole number from 1 to 100"),
        ("category=", "category: use 1 to 200 characters"),
        ("contentType=" + "x" * 201, "contentType: use 1 to 200 characters"),
        ("category=%00", "category: has a character that no name can have"),
        ("cursor=", "cursor: is none that this service has given out"),
        ("cursor=abc", "cursor: is none that this service has given out"),
    ],
)
async def test_wrong_parameters_are_a_problem(
    api: httpx.AsyncClient, query: str, detail: str
) -> None:
    assert await problem(await api.get(f"/items?{query}"), 400, "bad-request") == detail


async def test_a_cursor_belongs_to_its_list(stage: Stage) -> None:
    for name in "abc":
        await stage.world.item(name)
    page = await stage.get("/items", sort="new", contentType="video", limit=1)
    cursor = page["nextCursor"]
    same = await stage.get("/items", sort="new", contentType="video", limit=1, cursor=cursor)
    assert await stage.get("/items", limit=1, cursor=cursor) == same
    for other in ("sort=hot", "sort=new", "category=ape"):
        answer = await stage.api.get(f"/items?{other}&cursor={cursor}")
        assert "belongs to another list" in await problem(answer, 400, "bad-request")
    trending = await stage.api.get(f"/analytics/trending?cursor={cursor}")
    await problem(trending, 400, "bad-request")


async def test_names_as_long_as_can_be_are_paged(stage: Stage) -> None:
    category, content_type = "\N{FIRE}" * 200, "\N{WATER WAVE}" * 200
    for name in "abc":
        given = {"contentId": name, "contentType": content_type, "category": category}
        await stage.api.put("/items", json=given)
    found = await pages(stage, 1, category=category, contentType=content_type)
    assert sorted(found) == ["a", "b", "c"]
