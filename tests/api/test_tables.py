"""Lists as CSV and NDJSON: the lines of the JSON answer, and the next page in a header."""

from __future__ import annotations

import csv
import io
import json

import httpx

from app.http.tables import LINES
from tests.api.conftest import Stage
from tests.sql.world import AS_OF, World

LISTS = {
    "/analytics/breakdown?by=item&from=2026-03-15&to=2026-03-16": "parts",
    "/analytics/top/viewed?period=7d": "items",
    "/analytics/rankings/trending_24h?limit=9": "items",
    "/analytics/trending?window=24h": "items",
    "/items?sort=views": "items",
}


async def test_a_table_has_the_lines_of_the_json(stage: Stage) -> None:
    world, api = stage.world, stage.api
    await world.only("trending_24h", "hot", "top_viewed")
    for name in ("a", 'b,"', "=c"):
        await world.happened(await world.item(name, attributes={"tags": ["x"]}), "view", 3)
    await stage.show()
    for path, field in LISTS.items():
        lines = (await api.get(path)).json()[field]
        assert len(lines) == 3, path
        spread = await api.get(f"{path}&format=ndjson")
        assert [json.loads(line) for line in spread.text.splitlines()] == lines, path
        table = await api.get(f"{path}&format=csv")
        rows = list(csv.DictReader(io.StringIO(table.text)))
        assert [row["contentId"] for row in rows] == [line["contentId"] for line in lines]
        assert set(rows[0]) == set(lines[0])


async def test_what_a_caller_likes_best_is_sent(api: httpx.AsyncClient, world: World) -> None:
    await world.item("a", attributes={"tags": ["x"]}, published_at=AS_OF)
    for accept, kind in (
        ("text/csv", "text/csv"),
        ("application/json, text/csv", "application/json"),
        ("application/json;q=0.5, text/csv;q=0.9", "text/csv"),
        ("application/x-ndjson", "application/x-ndjson"),
        ("text/html,*/*;q=0.8", "application/json"),
        ("text/csv;q=x", "application/json"),
    ):
        answer = await api.get("/items", headers={"accept": accept})
        assert answer.headers["content-type"].partition(";")[0] == kind, accept
        assert "accept" in answer.headers["vary"]
    table = await api.get("/items?format=csv", headers={"accept": "application/json"})
    [row] = csv.DictReader(io.StringIO(table.text))
    assert row["attributes"] == '{"tags":["x"]}'
    assert (row["isHot"], row["hotRank"]) == ("false", "")


async def test_a_long_table_comes_in_parts_and_whole(api: httpx.AsyncClient, world: World) -> None:
    await world.item("a")
    asked = {"bucket": "15m", "from": "2026-03-01", "to": "2026-03-11", "contentId": "a"}
    for kind in ("csv", "ndjson"):
        table = await api.get("/analytics/series", params={**asked, "format": kind})
        assert len(table.text.splitlines()) == 960 + (kind == "csv") > LINES
        assert "content-length" not in table.headers
    compared = {**asked, "format": "csv", "compare": "previous", "metrics": "views"}
    table = await api.get("/analytics/series", params=compared)
    assert table.text.splitlines()[0] == (
        "contentType,contentId,from,to,partial,views,previousViews,previousFrom,previousTo"
    )
