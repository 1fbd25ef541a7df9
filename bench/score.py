"""Scoring 10,000 new events against rescoring the whole history, of ranking trending_24h.

`new` adds the events to the stored sums and reads the top 1000 from the index; `full` recounts every
item from the raw events and sorts. Both must give the same items in the same order. The rival is our
own definition of the score (api.recount_scores), not a strawman: one pass over the raw rows. The
whole of what a run does with the new events (all rankings, all moving windows) is measured beside it.
"""

from __future__ import annotations

import time
from statistics import median

from psycopg import AsyncConnection

from app.database.sql import Connection

ROUNDS = 5
NEW_EVENTS = 10_000
SIZES = {"server": (10_000_000, 500_000), "embedded": (1_000_000, 50_000)}
"""Events and items; the embedded engine gets a tenth, and a tenth of the new events."""

_ITEMS = """
insert into core.item (content_type, external_id, category, creator)
select 'video', 'bench' || n, 'category' || n % 30, 'creator' || n % 5000
from generate_series(1, %s) as n
"""

# A long tail of items, eleven views in seventeen events; in time order, as they come.
_EVENTS = """
with new_event as (
    insert into core.event (
        event_id, occurred_at, received_at, item_id, event_type, count, seconds
    )
    select
        gen_random_uuid(), made.at, made.at,
        1 + floor(%(items)s * power(random(), 3))::bigint,
        (
            '{view,view,view,view,view,view,view,view,view,view,view,like,like,comment,share,'
            'watch_time,unlike}'
        )::core.event_type [][1 + floor(17 * random())::integer],
        1, 30
    from (
        select %(until)s::timestamptz - random() * %(span)s::interval as at
        from generate_series(1, %(events)s)
    ) as made
    order by made.at
    returning item_id, occurred_at, event_type, count, seconds
)

insert into core.score_feed select * from new_event
"""

_TOP_FULL = """
select array_agg(best.item_id order by best.place)
from (
    select item_id, row_number() over (order by score desc, item_id) as place
    from api.weighted_decay_recount(
        (select r from core.ranking as r where r.name = 'trending_24h'), %s
    )
    order by place
    limit 1000
) as best
"""

_TOP_NEW = """
select array_agg(best.item_id order by best.place)
from (
    select item_id, row_number() over () as place
    from api.weighted_decay_top(
        (select r from core.ranking as r where r.name = 'trending_24h'), %s
    )
) as best
"""

_CLOCK = "select '2026-01-31 12:00:00+00'::timestamptz + %s * interval '1 minute'"


async def run(database_url: str) -> list[dict[str, object]]:
    """Return the rows of the full size, and how the cost changes with ten times the history."""
    connection = await AsyncConnection.connect(
        database_url, autocommit=True, prepare_threshold=None
    )
    async with connection:
        kind = "server" if "cron" in await _libraries(connection) else "embedded"
        events, items = SIZES[kind]
        new_events = NEW_EVENTS * events // SIZES["server"][0]
        await connection.execute("update core.ranking set enabled = name = 'trending_24h'")
        await connection.execute("select setseed(0.42)")
        await connection.execute(_ITEMS, [items])
        small = await _measured(connection, events // 10, items, new_events, minute=0)
        large = await _measured(
            connection, events - events // 10, items, new_events, minute=ROUNDS + 1
        )
    return _rows(small, large, f"{new_events:,} new of {events:,} events, {items:,} items")


async def _libraries(connection: Connection) -> str:
    cursor = await connection.execute("select current_setting('shared_preload_libraries', true)")
    row = await cursor.fetchone()
    return str(row[0]) if row else ""


Seconds = dict[str, list[float]]


async def _measured(
    connection: Connection, events: int, items: int, new_events: int, *, minute: int
) -> Seconds:
    """Add history, then time rounds of new events from `minute` on."""
    as_of = await _one(connection, _CLOCK, [minute])
    history = {"items": items, "until": as_of, "span": "30 days", "events": events}
    await connection.execute(_EVENTS, history)
    for table in ("core.event", "core.score_feed", "core.item"):
        await connection.execute(f"vacuum analyze {table}")
    await connection.execute("call api.run_rankings(as_of => %s)", [as_of])
    for table in ("core.ranking_score", "core.item_window", "core.score_feed"):
        await connection.execute(f"vacuum analyze {table}")
    seconds: Seconds = {"new": [], "full": [], "run": [], "read": []}
    for number in range(ROUNDS):
        as_of = await _one(connection, _CLOCK, [minute + number + 1])
        batch = {"items": items, "until": as_of, "span": "1 minute", "events": new_events}
        await connection.execute(_EVENTS, batch)
        # The full rescore first or last in turn: neither always finds the warmer cache.
        if number % 2:
            seconds["full"].append(await _timed(connection, _TOP_FULL, [as_of]))
        seconds["new"].append(await _score_new(connection, as_of))
        if not number % 2:
            seconds["full"].append(await _timed(connection, _TOP_FULL, [as_of]))
        best = await _one(connection, _TOP_NEW, [as_of])
        if best != await _one(connection, _TOP_FULL, [as_of]):
            raise AssertionError("the incremental top 1000 is not that of the full rescore")
        seconds["run"].append(
            await _timed(connection, "call api.run_rankings(as_of => %s)", [as_of])
        )
        seconds["read"].append(await _timed_read(connection))
    return seconds


async def _score_new(connection: Connection, as_of: object) -> float:
    """Time the scoring of the feed and the reading of the top, and take the scoring back.

    Taken back, because the whole run that is timed after it must find the same feed.
    """
    begun = time.perf_counter()
    await connection.execute("begin isolation level repeatable read")
    await connection.execute("select api.add_to_scores()")
    await connection.execute(_TOP_NEW, [as_of])
    await connection.execute("commit")
    return time.perf_counter() - begun
