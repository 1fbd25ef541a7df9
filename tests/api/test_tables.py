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


async def test_stats_of_several_items_are_a_table(api: httpx.AsyncClient, world: World) -> None:
    """By GET and by POST; of an unknown item the fields are empty."""
    await world.happened(await world.item("a"), "view", 3)
    path = "/analytics/stats?fields=viewsTotal,trendingRanks"
    table = await api.get(f"{path}&ids=none,a,a&format=csv")
    assert table.headers["content-type"].partition(";")[0] == "text/csv"
    assert "accept" in table.headers["vary"]
    rows = list(csv.DictReader(io.StringIO(table.text)))
    assert [
        (row["contentId"], row["outcome"], row["viewsTotal"], row["trendingRanks"]) for row in rows
    ] == [("none", "unknown", "", ""), ("a", "found", "3", "{}"), ("a", "found", "3", "{}")]
    body = [{"contentId": "none"}, {"contentId": "a"}]
    for more in ({"params": {"format": "ndjson"}}, {"headers": {"accept": "application/jsonl"}}):
        spread = await api.post(path, json=body, **more)  # type: ignore[arg-type]
        lines = [json.loads(line) for line in spread.text.splitlines()]
        told = [(line["contentId"], line["viewsTotal"]) for line in lines]
        assert told == [("none", None), ("a", 3)]
    nothing = await api.get("/analytics/stats?ids=none&format=csv")
    assert nothing.text.splitlines() == ["contentId,contentType,outcome", "none,video,unknown"]


async def test_no_spreadsheet_runs_what_it_is_given(api: httpx.AsyncClient, world: World) -> None:
    """Whoever may record makes up ids; those that call nothing stay what they are."""
    runs = ["=HYPERLINK(1)", "+SUM(A1)", "-2+cmd|' /C calc'!A0", "@SUM(1)", "\t=SUM(1)"]
    stays = ["-3xY_k", "=c", "+1", "@ada", "a=(1)"]
    for name in (*runs, *stays):
        await world.item(name, creator=name)
    table = await api.get("/items?format=csv&limit=20")
    rows = list(csv.DictReader(io.StringIO(table.text)))
    shown = sorted([f"'{name}" for name in runs] + stays)
    assert sorted(row["contentId"] for row in rows) == shown
    assert sorted(row["creator"] for row in rows) == shown
    spread = await api.get("/items?format=ndjson&limit=20")
    ids = [json.loads(line)["contentId"] for line in spread.text.splitlines()]
    assert sorted(ids) == sorted((*runs, *stays))
