"""Unique viewers: how far estimates are from exact sets, and what they cost beside scoring.

Cost: minutes of new events over a long tail of items are scored in turn by all that a run does with
its feed (api.score_events, the rival) and the part of it that adds viewers, api.add_viewers, which
is timed by itself on the same feed and rolled back. Error: days of items with 500 to 50,000
viewers, counted by day, over all days and since a moment within one, against `count(distinct)`.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from statistics import median, quantiles

from psycopg import AsyncConnection

from app.runtime.sql import Connection
from bench._server import kind_of, unschedule, wal_position
from bench.score import _ITEMS

ROUNDS = 7
SIZES = {"server": (10_000, 50_000), "embedded": (1_000, 5_000)}
"""New events of a minute, and items."""
CROWDS = (500, 999, 1_500, 2_000, 5_000, 10_000, 20_000, 50_000)
PARTS = {"server": 1, "embedded": 10}
"""Of the viewers of each crowd, the embedded engine gets one in so many."""
BEGIN = datetime(2026, 1, 31, 6, tzinfo=UTC)
MINUTE = timedelta(minutes=1)

# Eleven views in seventeen events; a viewer views three things a day.
_MADE = """
with made as materialized (
    select
        %(at)s::timestamptz + random() * interval '1 minute' as at,
        1 + floor(%(items)s * power(random(), 3))::bigint as item_id,
        (
            '{view,view,view,view,view,view,view,view,view,view,view,like,like,comment,share,'
            'watch_time,unlike}'::core.event_type[]
        )[1 + floor(17 * random())::integer] as event_type,
        hashtextextended(floor(random() * 1000000)::text, 0) as viewer
    from generate_series(1, %(events)s)
),
stored as (
    insert into core.event
        (event_id, occurred_at, received_at, item_id, event_type, seconds, viewer)
    select gen_random_uuid(), at, at, item_id, event_type, 30, viewer from made
)
insert into core.score_feed (item_id, occurred_at, event_type, count, seconds, viewer)
select item_id, at, event_type, 1, 30, case event_type when 'view' then viewer end from made
"""
_CROWD = """
with made as materialized (
    select
        %(begin)s::timestamptz - random() * interval '3 days' as at,
        hashtextextended((%(item)s + floor(random() * %(viewers)s))::text, %(item)s) as viewer
    from generate_series(1, %(viewers)s * 2)
),
stored as (
    insert into core.event (event_id, occurred_at, received_at, item_id, event_type, viewer)
    select gen_random_uuid(), at, at, %(item)s, 'view', viewer from made
)
insert into core.score_feed (item_id, occurred_at, event_type, count, viewer)
select %(item)s, at, 'view', 1, viewer from made
"""
_EXACT = """
select count(distinct viewer)::float8 from core.event
where item_id = %(item)s and occurred_at >= %(since)s and occurred_at < %(until)s
"""
_ESTIMATED = """
select viewers::float8 from api.unique_viewers(array[%(since)s, %(until)s]::timestamptz[],
    array[%(item)s]::bigint[])
"""


async def run(database_url: str) -> list[dict[str, object]]:
    """Return the rows of the error, and of the cost."""
    connection = await AsyncConnection.connect(
        database_url, autocommit=True, prepare_threshold=None
    )
    async with connection:
        kind = await kind_of(connection)
        events, items = SIZES[kind]
        await unschedule(connection)
        await connection.execute("select setseed(0.42)")
        await connection.execute(_ITEMS, [items])
        costs = [
            await _cost(connection, BEGIN + number * MINUTE, events, items)
            for number in range(ROUNDS + 1)
        ][1:]
        errors = await _errors(connection, PARTS[kind])
    ratios = [viewers / scoring for viewers, scoring, _ in costs]
    return [
        {
            "bench": "uniques",
            "case": f"{events:,} events of {items:,} items: adding viewers / all other scoring",
            "ratio": median(ratios),
            "aim": 0.5,
            "better": "lower",
            "rounds": len(ratios),
            "spread": [min(ratios), max(ratios)],
            "measured": {
                "viewers_seconds": median(cost[0] for cost in costs),
                "scoring_seconds": median(cost[1] for cost in costs),
                "wal_bytes_an_event": median(cost[2] for cost in costs) / events,
            },
        },
        {
            "bench": "uniques",
            "case": "error of the estimate against exact sets, 95th percentile, in units of 2.5 %",
            "ratio": quantiles(errors, n=20)[-1] / 0.025,
            "aim": 1,
            "better": "lower",
            "rounds": len(errors),
            "spread": [min(errors) / 0.025, max(errors) / 0.025],
            "measured": {"median": median(errors), "p95": quantiles(errors, n=20)[-1]},
        },
    ]


async def _cost(
    connection: Connection, at: datetime, events: int, items: int
) -> tuple[float, float, float]:
    """Return seconds of adding viewers and of all other scoring, and bytes of WAL of the former."""
    await connection.execute(_MADE, {"at": at, "events": events, "items": items})
    # As autovacuum would have it after a while: all is new here.
    await connection.execute("vacuum analyze")
    before = await wal_position(connection)
    viewers = await _timed(connection, "select api.add_viewers('-infinity')", None)
    written = await wal_position(connection) - before
    # What is there already is not written again: all else remains.
    again = await _timed(connection, "select api.add_viewers('-infinity')", None)
    whole = await _timed(connection, "select * from api.score_events(%s)", at + MINUTE)
    return viewers, max(whole - again, 1e-9), written


async def _timed(connection: Connection, statement: str, as_of: datetime | None) -> float:
    async with connection.transaction():
        await connection.execute("set transaction isolation level repeatable read")
        begun = time.perf_counter()
        await connection.execute(statement, None if as_of is None else [as_of])
        return time.perf_counter() - begun


async def _errors(connection: Connection, parts: int) -> list[float]:
    """Return how far each estimate is from the truth, as a part of it."""
    errors = []
    for number, viewers in enumerate(CROWDS):
        item = 1_000_000 + 1_000 * number
        crowd = {"begin": BEGIN, "item": item, "viewers": viewers // parts}
        await connection.execute(_CROWD, crowd)
        await _timed(connection, "select * from api.score_events(%s, 1000000)", BEGIN)
        for days in (1, 2, 3):
            for hours in (0, 2, 12):
                asked = {
                    "item": item,
                    "since": BEGIN - timedelta(days=days),
                    "until": BEGIN - timedelta(hours=hours),
                }
                exact, estimated = [
                    await (await connection.execute(query, asked)).fetchone()
                    for query in (_EXACT, _ESTIMATED)
                ]
                if exact and estimated:
                    errors.append(abs(estimated[0] / exact[0] - 1))
    return errors
