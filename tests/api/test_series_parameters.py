"""Every bad parameter of series, totals and breakdowns gets an answer that names it."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.sql.world import World

SERIES, TOTALS, BREAKDOWN = "/analytics/series", "/analytics/totals", "/analytics/breakdown"
NO_DAY = "nor a time with a zone, such as 2026-01-31T12:00:00Z"
BAD: list[tuple[str, dict[str, Any], str]] = [
    (SERIES, {"bucket": "2h"}, "bucket: '2h' is none of 1m, 15m, 1h, 1d, 1w, 1mo"),
    (SERIES, {"from": "monday"}, "from: 'monday' is no day, such as 2026-01-31, " + NO_DAY),
    (SERIES, {"from": "2026-02-30"}, "from: '2026-02-30' is no day, such as 2026-01-31, " + NO_DAY),
    (TOTALS, {"to": "2026-01-01T00:00"}, "to: '2026-01-01T00:00' is no day, such as 2026-01-31, "),
    (
        TOTALS,
        {"from": "2026-03-02", "to": "2026-03-02"},
        "to: 2026-03-02T00:00:00Z is not after from, which is 2026-03-02T00:00:00Z",
    ),
    (SERIES, {"from": "1999-12-31"}, "from: 1999-12-31T00:00:00Z is before 2000-01-01T00:00:00Z"),
    (SERIES, {"tz": "Mars/Olympus"}, "tz: 'Mars/Olympus': expected an IANA time zone, such as"),
    (TOTALS, {"tz": "UTC+5"}, "tz: 'UTC+5': expected an IANA time zone, such as Europe/Vienna"),
    (
        SERIES,
        {"metrics": ["views", "clicks"]},
        ("metrics: 'clicks' is none of views, likes, comments, shares, watchSeconds, "
        "averageWatchSeconds, uniqueViewers; repeat the parameter for several"),
    ),
    (TOTALS, {"metrics": "views,likes"}, "metrics: 'views,likes' is none of views, likes, "),
    *(
        (TOTALS, {"from": text}, f"from: '{text}' is out of range; use the years 1970 to 9998")
        for text in ("1969-12-31", "9999-12-31", "0001-01-01T00:00:00Z")
    ),
    (
        SERIES,
        {"metrics": "uniqueViewers", "bucket": "1m"},
        "bucket: uniqueViewers are known by quarter hours; take 15m or wider",
    ),
    (SERIES, {"metrics": "uniqueViewers", "cumulative": "true"}, "cumulative: uniqueViewers"),
    (
        BREAKDOWN,
        {"metrics": "uniqueViewers", "by": "eventType"},
        "metrics: uniqueViewers are told by item, category, contentType, creator, not by eventType",
    ),
    *(
        (
            url,
            {"metrics": "uniqueViewers", "metadata": "device:phone", **more},
            "metadata: uniqueViewers are not known by metadata; leave one away",
        )
        for url, more in ((SERIES, {}), (TOTALS, {}), (BREAKDOWN, {"by": "item"}))
    ),
    (SERIES, {"compare": "week"}, "compare: 'week' is none of previous, year"),
    (SERIES, {"cumulative": "maybe"}, "cumulative: 'maybe' is neither true nor false"),
    (SERIES, {"format": "xml"}, "format: 'xml' is none of json, csv, ndjson"),
    (SERIES, {"category": ""}, "category: use 1 to 201 characters"),
    (TOTALS, {"creator": "!"}, "creator: use names of 1 to 200 characters"),
    (TOTALS, {"creator": ["a"] * 101}, "creator: came 101 times; 100 at most"),
    (
        SERIES,
        {"contentId": "a", "contentType": ["x", "y"]},
        "contentType: name one, which all items of contentId have",
    ),
    (
        SERIES,
        {"by": "category"},
        ("by: name what there is to be a series of each by category; "
        "/analytics/breakdown?by=category tells which there are"),
    ),
    (
        SERIES,
        {"bucket": "1m", "from": "2026-01-01", "to": "2026-01-02"},
        "from: minutes are to be had of the last 24 hours; begin at ",
    ),
    (
        SERIES,
        {"bucket": "15m", "from": "2026-01-01", "to": "2026-12-01", "compare": "year"},
        ("to: 5000 buckets of 15m are the most that can be had at once with what they are compared "
        "with; end at 2026-02-22T02:00:00Z or earlier, or take bucket=1d"),
    ),
    (
        SERIES,
        {"bucket": "1d", "from": "2000-01-01", "to": "2060-01-01", "category": ["a", "b"],
         "by": "category"},
        ("to: 5000 buckets of 1d are the most that can be had at once of 2 series; end at "
        "2013-09-09T00:00:00Z or earlier, or take bucket=1w"),
    ),
    (TOTALS, {"tz": "right/UTC"}, "tz: 'right/UTC': expected an IANA time zone"),
    (TOTALS, {"tz": "localtime"}, "tz: 'localtime': expected an IANA time zone"),
    (SERIES, {"tz": "Factory"}, "tz: 'Factory': expected an IANA time zone"),
    (BREAKDOWN, {}, "by: is missing; item, category, "),
    (BREAKDOWN, {"by": "device"}, "by: 'device' is none of item, category, contentType, creator, "),
    (BREAKDOWN, {"by": "metadata.x'y"}, "by: 'metadata.x''y' is no declared key"),
    (SERIES, {"metadata": "device:phone"}, "metadata: 'metadata.device' is no declared key"),
    (TOTALS, {"metadata": "device"}, "metadata: use a declared key and a value, such as device:ph"),
    (TOTALS, {"metadata": "device:"}, "metadata: use names of 1 to 200 characters"),
    (TOTALS, {"metadata": ["a:b", "!b:c"]}, "metadata: a and b are counted each by itself; where "),
    (
        BREAKDOWN,
        {"by": "metadata.device", "metadata": "os:x"},
        ("metadata: device and os are counted each by itself; where `groundswell dimensions "
        "declare device.os VALUE/VALUE …` counts them together, by=metadata.device.os "),
    ),
    (BREAKDOWN, {"by": "item", "limit": 1001}, "limit: '1001' is no whole number from 1 to 1000"),
    (BREAKDOWN, {"by": "item", "cursor": "x"}, "cursor: is none that this service has given out"),
    (BREAKDOWN, {"by": "item", "metric": "rank"}, "metric: 'rank' is none of views, likes, "),
    ("/analytics/now", {"tz": "UTC"}, "tz: no such parameter"),
]  # fmt: skip


@pytest.mark.usefixtures("clean")
async def test_a_bad_parameter_is_named(api: httpx.AsyncClient) -> None:
    for path, parameters, fault in BAD:
        answer = await api.get(path, params=parameters)
        assert answer.status_code == 400, (path, parameters, answer.text)
        assert answer.json()["detail"].startswith(fault), answer.json()["detail"]


async def test_a_cursor_goes_with_its_parameters(api: httpx.AsyncClient, world: World) -> None:
    for name in "ab":
        await world.happened(await world.item(name), "view")
    asked: dict[str, Any] = {"by": "item", "from": "2026-03-15", "to": "2026-03-16", "limit": 1}
    first = (await api.get(BREAKDOWN, params=asked)).json()
    other = {**asked, "by": "category", "cursor": first["nextCursor"]}
    answer = await api.get(BREAKDOWN, params=other)
    assert answer.json()["detail"].startswith("cursor: belongs to another breakdown")
    for cursor in ("", "AAAA", first["nextCursor"] + "A"):
        answer = await api.get(BREAKDOWN, params={**asked, "cursor": cursor})
        assert answer.status_code == 400
    table = await api.get(BREAKDOWN, params=asked, headers={"accept": "text/csv"})
    assert table.headers["content-type"] == "text/csv; charset=utf-8"
    following = table.headers["link"].removeprefix("<").removesuffix('>; rel="next"')
    second = await api.get(BREAKDOWN + following, headers={"accept": "application/x-ndjson"})
    assert [line["contentId"] for line in map(dict, [second.json()])] == ["b"]


async def test_an_unknown_item_is_no_zero(api: httpx.AsyncClient, world: World) -> None:
    await world.item("a")
    for path in (SERIES, TOTALS):
        answer = await api.get(path, params={"contentId": ["a", "nobody"]})
        assert answer.status_code == 404
        assert answer.json()["detail"] == "no video 'nobody' has ever been named"
        assert (await api.get(path, params={"contentId": ["a", "!nobody"]})).status_code == 200


async def test_names_that_look_like_rules(api: httpx.AsyncClient, world: World) -> None:
    for name, category, views in (("a", "!odd", 1), ("b", "=odd", 2), ("c", "odd", 4)):
        await world.happened(await world.item(name, category=category), "view", views)
    for given, views in (
        (["odd"], 4), (["!odd"], 3), (["=!odd"], 1), (["==odd"], 2), (["!!odd"], 6),
        (["odd", "=!odd"], 5), (["!odd", "!=odd"], 1), (["odd", "!odd"], 0), (["none"], 0),
        (["!none"], 7),
    ):  # fmt: skip
        asked: dict[str, Any] = {"category": given, "from": "2026-03-15", "to": "2026-03-16"}
        assert (await api.get(TOTALS, params=asked)).json()["views"] == views, given


async def test_an_etag_changes_with_the_counts(api: httpx.AsyncClient, world: World) -> None:
    item = await world.item("a")
    asked = {"from": "2026-03-15", "to": "2026-03-16", "contentId": "a"}
    first = await api.get(SERIES, params=asked)
    assert first.headers["vary"] == "accept"
    same = await api.get(SERIES, params=asked, headers={"if-none-match": first.headers["etag"]})
    assert same.status_code == 304
    await world.happened(item, "view")
    changed = await api.get(SERIES, params=asked, headers={"if-none-match": first.headers["etag"]})
    assert changed.status_code == 200
