"""Series and breakdowns in SQL, over 30 days of events, and again with as many days before them.

The rival of each is itself at half the history: what is asked for stays the same, so its cost
should, too. Times are those of one client; aims in milliseconds are given as units.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from statistics import median

from psycopg import AsyncConnection

from app.runtime.sql import Connection
from bench._server import kind_of, unschedule
from bench.score import _EVENTS, _ITEMS

ROUNDS = 15
SIZES = {"server": (20_000_000, 1_000_000), "embedded": (200_000, 10_000)}
"""Events and items; the embedded engine gets a hundredth."""
DAYS = 30
END = datetime(2026, 1, 31, 12, 7, tzinfo=UTC)

_SERIES = """
select count(*) from api.engagement_sums(
    api.bucket_edges(%(since)s, %(until)s, '1d', %(zone)s, 100), %(wanted)s::jsonb
)
"""
_BREAKDOWN = """
select count(*) from api.engagement_breakdown(
    array[%(since)s, %(until)s]::timestamptz [], '{}', '{}', %(by)s, 'views', null, null, null, 20
)
"""
_CATEGORY = '{"category": {"in": ["category3"]}}'
_ITEM = '{"item": {"in": [5]}}'
_WEEK = {"since": datetime(2026, 1, 24, tzinfo=UTC), "until": datetime(2026, 1, 31, tzinfo=UTC)}
_NOW = {"since": datetime(2026, 1, 24, 18, 30, tzinfo=UTC), "until": END}
_MONTH = {"since": END - timedelta(days=DAYS - 1), "until": END}
_ASKED: dict[str, tuple[float, str, dict[str, object]]] = {
    "30 days of an item": (10, _SERIES, {**_MONTH, "zone": "UTC", "wanted": _ITEM}),
    "30 days of an item, in Kolkata": (
        10, _SERIES, {**_MONTH, "zone": "Asia/Kolkata", "wanted": _ITEM},
    ),
    "30 days of the site": (60, _SERIES, {**_MONTH, "zone": "UTC", "wanted": "{}"}),
    "7 days by category": (100, _BREAKDOWN, {**_WEEK, "by": "category"}),
    "7 days by category, of Kolkata up to now": (100, _BREAKDOWN, {**_NOW, "by": "category"}),
    "30 days of a category": (100, _SERIES, {**_MONTH, "zone": "UTC", "wanted": _CATEGORY}),
}  # fmt: skip
"""Milliseconds it may take, how it is asked for, and with what."""

Row = dict[str, object]


async def run(database_url: str) -> list[Row]:
    """Return a row for what each costs, and one for how that grows with the history."""
    connection = await AsyncConnection.connect(
        database_url, autocommit=True, prepare_threshold=None
    )
    async with connection:
        kind = await kind_of(connection)
        events, items = SIZES[kind]
        await unschedule(connection)
        await connection.execute("select setseed(0.42)")
        await connection.execute(_ITEMS, [items])
        await _fill(connection, END, events // 2, items)
        half = {name: await _measured(connection, name) for name in _ASKED}
        await _fill(connection, END - timedelta(days=DAYS), events // 2, items)
        whole = {name: await _measured(connection, name) for name in _ASKED}
    size = f"{events:,} events, {items:,} items"
    return [
        row for name in _ASKED for row in _rows(f"{size}: {name}", name, half[name], whole[name])
    ]


async def _fill(connection: Connection, until: datetime, events: int, items: int) -> None:
    """Add so many days of history that end at a moment, and have them counted."""
    for day in range(DAYS):
        batch = {
            "items": items,
            "until": until - timedelta(days=day),
            "span": timedelta(days=1),
            "events": events // DAYS,
        }
        await connection.execute(_EVENTS, batch)
    await connection.execute("call api.refresh_aggregates(%s, true)", [END])
    await connection.execute("vacuum analyze")


async def _measured(connection: Connection, name: str) -> list[float]:
    """Return what each round took, in milliseconds."""
    _, statement, values = _ASKED[name]
    taken = []
    for _ in range(ROUNDS + 1):
        begun = time.perf_counter()
        await (await connection.execute(statement, values)).fetchall()
        taken.append(1_000 * (time.perf_counter() - begun))
    return taken[1:]


def _rows(case: str, name: str, half: list[float], whole: list[float]) -> list[Row]:
    aim, _, _ = _ASKED[name]
    growth = [after / before for before, after in zip(sorted(half), sorted(whole), strict=True)]
    measured = {"half_milliseconds": median(half), "milliseconds": median(whole)}
    return [
        {
            "bench": "series",
            "case": f"{case}, in units of {aim:g} ms",
            "ratio": median(whole) / aim,
            "aim": 1,
            "better": "lower",
            "rounds": len(whole),
            "spread": [min(whole) / aim, max(whole) / aim],
            "measured": measured,
        },
        {
            "bench": "series",
            "case": f"{case}: whole history / half of it",
            "ratio": median(whole) / median(half),
            "aim": 1.3,
            "better": "lower",
            "rounds": len(whole),
            "spread": [min(growth), max(growth)],
            "measured": measured,
        },
    ]
