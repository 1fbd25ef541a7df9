"""`PUT /items` and `GET /items/{id}`."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.api.conftest import Stage

pytestmark = pytest.mark.usefixtures("clean")

DUNE = {
    "contentId": "dune",
    "contentType": "movie",
    "title": "Dune",
    "category": "sci-fi",
    "creator": "Villeneuve",
    "publishedAt": "2021-09-15T10:00:00Z",
    "attributes": {"minutes": 155},
}
STANDING = {
    "views": 0,
    "likes": 0,
    "comments": 0,
    "shares": 0,
    "hotScore": None,
    "hotRank": None,
    "isHot": False,
    "likesCount": 0,
    "excluded": None,
}
"""How an item stands that nothing has happened to."""


async def read(api: httpx.AsyncClient, path: str) -> list[dict[str, Any]]:
    answer = await api.get(path)
    assert answer.status_code == 200
    items: list[dict[str, Any]] = answer.json()["items"]
    for item in items:
        assert item.pop("createdAt")
        for field, nothing in STANDING.items():
            assert item.pop(field) == nothing
    return items


async def test_what_is_written_is_read(api: httpx.AsyncClient) -> None:
    answer = await api.put("/items", json=DUNE)
    assert (answer.status_code, answer.json()) == (200, {"written": 1})
    assert await read(api, "/items/dune") == [DUNE]


async def test_what_is_absent_stays_and_attributes_are_merged(api: httpx.AsyncClient) -> None:
    await api.put("/items", json=DUNE)
    change = {"contentId": "dune", "contentType": "movie", "attributes": {"seen": True}}
    both = await api.put("/items", json=[{**change, "title": "Dune 1"}, {"contentId": "dune"}])
    assert both.json() == {"written": 2}
    assert await read(api, "/items/dune?contentType=movie") == [
        {**DUNE, "title": "Dune 1", "attributes": {"minutes": 155, "seen": True}}
    ]
    assert [item["contentType"] for item in await read(api, "/items/dune")] == ["movie", "video"]


async def test_any_offset_of_rfc_3339_is_understood(api: httpx.AsyncClient) -> None:
    answer = await api.put(
        "/items", json={"contentId": "far", "publishedAt": "2021-09-15T10:00:00-22:10"}
    )
    assert answer.status_code == 200
    (item,) = await read(api, "/items/far")
    assert item["publishedAt"] == "2021-09-16T08:10:00Z"


async def test_an_item_tells_its_counts_and_how_hot_it_is(stage: Stage) -> None:
    """b has all the views and the last event: it scores 0.60 + 0.15 of 1, a is not hot."""
    a, b = [await stage.world.item(name) for name in "ab"]
    await stage.world.happened(a)
    await stage.world.happened(a, "comment", 4, ago=timedelta(days=100))
    await stage.world.happened(a, "like", 2, ago=timedelta(days=40))
    await stage.world.happened(a, "unlike", ago=timedelta(days=39))
    await stage.world.happened(b, "view", 2)
    await stage.show()
    (found,) = (await stage.get("/items/a"))["items"]
    assert {field: found[field] for field in STANDING} == {
        **STANDING, "views": 1, "likes": 1, "comments": 4, "hotScore": 0.15, "hotRank": 2,
    }  # fmt: skip
    (found,) = (await stage.get("/items/b"))["items"]
    assert (found["hotScore"], found["hotRank"], found["isHot"]) == (0.75, 1, True)


async def test_a_number_is_an_id_as_its_decimal_text(api: httpx.AsyncClient) -> None:
    answer = await api.put("/items", json=[{"contentId": 7, "title": "Seven"}, {"contentId": "8"}])
    assert answer.json() == {"written": 2}
    (item,) = await read(api, "/items/7")
    assert (item["contentId"], item["title"]) == ("7", "Seven")
    assert (await api.put("/items", json={"contentId": "7"})).json() == {"written": 1}
    assert len(await read(api, "/items/7")) == 1


async def test_it_is_asked_for_anew_each_time(api: httpx.AsyncClient) -> None:
    await api.put("/items", json=DUNE)
    for path in ("/items", "/items/dune"):
        assert (await api.get(path)).headers["cache-control"] == "public, no-cache"


async def test_an_id_that_no_path_can_hold_is_read_by_parameter(api: httpx.AsyncClient) -> None:
    for content_id in ("a/b?c#d", "..", "-"):
        await api.put("/items", json={"contentId": content_id})
        answer = await api.get("/items/-", params={"contentId": content_id})
        assert [item["contentId"] for item in answer.json()["items"]] == [content_id]


async def test_unknown_items_are_not_found(api: httpx.AsyncClient) -> None:
    answer = await api.get("/items/nobody")
    assert answer.status_code == 404
    assert answer.json()["type"] == "/problems/unknown-item"


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"", "the JSON ends too early or has half a character"),
        (b"[{}]", "contentId: missing"),
        (b'{"contentId":true}', "contentId: expected text or a whole number"),
        (b'[{"contentId":1.5}]', "contentId: expected text or a whole number"),
        (b'{"contentId":"a","name":"b"}', "name: no such field"),
        (
            rb'{"contentId":"a","title":"\u0000"}',
            "the body contains U+0000, which cannot be stored",
        ),
        (
            b'{"contentId":"a","publishedAt":"0001-01-01T00:00:00+01:00"}',
            "publishedAt: outside the years 1 to 9999",
        ),
    ],
)
async def test_wrong_items_are_a_problem(api: httpx.AsyncClient, body: bytes, detail: str) -> None:
    answer = await api.put("/items", content=body)
    assert answer.status_code == 400
    assert detail in answer.json()["detail"]
