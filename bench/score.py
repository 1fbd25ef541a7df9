"""Scoring 10,000 new events against rescoring the whole history, of ranking trending_24h.

`new` adds the events to the stored sums and reads the top 1000 from the index; `full` recounts
every item from the raw events and sorts. Both must give the same items in the same order. The rival
is our own definition of the score (api.recount_scores), one pass over the raw rows. All of what the
job does with as many new events (windows, segments, snapshot) is measured beside it.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import NamedTuple

from psycopg import AsyncConnection

from app.runtime.sql import Connection
from bench._server import kind_of, unschedule

ROUNDS = {"server": 5, "embedded": 15}
"""Those of the embedded engine are short, and its figures vary more."""
READS = 9
NEW_EVENTS = 10_000
SIZES = {"server": (10_000_000, 500_000), "embedded": (1_000_000, 50_000)}
"""Events and items; the embedded engine gets a tenth, and a tenth of the new events."""

_ITEMS = """
insert into core.item (content_type, external_id, category, creator)
select 'video', 'bench' || n, 'category' || mod(n, 30), 'creator' || mod(n, 5000)
from generate_series(1, %s) as n
"""

# A long tail of items, eleven views in seventeen events; in time order, as they come.
_EVENTS = """
insert into core.event (event_id, occurred_at, received_at, item_id, event_type, count, seconds)
select
    gen_random_uuid(), made.at, made.at,
    1 + floor(%(items)s * power(random(), 3))::bigint,
    (
        '{view,view,view,view,view,view,view,view,view,view,view,like,like,comment,share,'
        'watch_time,unlike}'::core.event_type[]
    )[1 + floor(17 * random())::integer],
    1, 30
from (
    select %(until)s::timestamptz - random() * %(span)s::interval as at
    from generate_series(1, %(events)s)
) as made
order by made.at
"""

_FEED = """
insert into core.score_feed (item_id, occurred_at, event_type, count, seconds)
select item_id, occurred_at, event_type, count, seconds
from core.event
where occurred_at > %s and occurred_at <= %s
"""

# The moving windows begin empty at the end of the history: building them is not what is measured.
_WINDOWS = """
insert into core.window_position ("window", since)
select known, api.window_start(known, %s)
from unnest('{1h,24h,7d,30d,all}'::text []) as known
on conflict ("window") do update set since = excluded.since
"""

_TOP = """
select array(
    select scored.item_id
    from api.{}((select r from core.ranking as r where r.name = 'trending_24h'), %s) as scored
    order by scored.score desc, scored.item_id
    limit 1000
)
"""
_TOP_NEW = _TOP.format("weighted_decay_top")
_TOP_FULL = _TOP.format("weighted_decay_recount")

# In one message, as the job does it within the database.
_ADD = """
begin isolation level repeatable read;
select api.add_to_scores('-infinity');
delete from core.score_feed;
commit
"""

# The embedded engine keeps its house between two messages: that is waited for, and not measured.
_TURN = "select"

_NEWEST = "select run_id from api.latest_run where ranking = 'trending_24h'"
_PLACES = """
select rank, item_id, score, views, likes, comments, shares
from api.ranking_entry where run_id = %s and segment = '' order by rank
"""
_LISTED = "select * from api.snapshot_entries(%s)"

BEGIN = datetime(2026, 1, 31, 12, tzinfo=UTC)
"""Where the history ends: fixed, so that the buckets fall the same way in every run."""


async def run(database_url: str) -> list[dict[str, object]]:
    """Return the rows of the full history, and how the cost changes with ten times of it."""
    connection = await AsyncConnection.connect(
        database_url, autocommit=True, prepare_threshold=None
    )
    async with connection:
        kind = await kind_of(connection)
        events, items = SIZES[kind]
        new = NEW_EVENTS * events // SIZES["server"][0]
        await unschedule(connection)
        await connection.execute("update core.ranking set enabled = name = 'trending_24h'")
        await connection.execute("select setseed(0.42)")
        await connection.execute(_ITEMS, [items])
        rounds = ROUNDS[kind]
        short = await _measured(connection, BEGIN, events // 10, items, new, rounds)
        later = BEGIN + timedelta(hours=1)
        long = await _measured(connection, later, events - events // 10, items, new, rounds)
    return _rows(short, long, f"{new:,} new of {events:,} events, {items:,} items")


class Seconds(NamedTuple):
    """What each round took, in seconds."""

    new: list[float]
    full: list[float]
    job: list[float]
    places: list[float]
    listed: list[float]


async def _measured(  # noqa: PLR0913, PLR0917  # the sizes of one history
    connection: Connection, begin: datetime, events: int, items: int, new: int, rounds: int
) -> Seconds:
    """Add history that ends at `begin`, then time rounds of new events, one a minute."""
    await _prepare(connection, begin, events, items)
    seconds = Seconds([], [], [], [], [])
    for number in range(rounds):
        since = begin + timedelta(minutes=2 * number)
        as_of = since + timedelta(minutes=1)
        await _feed(connection, since, items, new)
        if number % 2:  # in turn, so that neither always finds the warmer cache
            full = await _timed_full(connection, as_of)
            fresh = await _timed_scoring(connection, as_of)
        else:
            fresh = await _timed_scoring(connection, as_of)
            full = await _timed_full(connection, as_of)
        if fresh.top != full.top:
            raise AssertionError("the incremental top 1000 is not that of the full rescore")
        seconds.full.append(full.seconds)
        seconds.new.append(fresh.seconds)
        await _feed(connection, as_of, items, new)
        job = [as_of + timedelta(minutes=1)]
        seconds.job.append(await _timed(connection, "call api.run_rankings(as_of => %s)", job))
        newest = await (await connection.execute(_NEWEST)).fetchone()
        for statement, into in ((_PLACES, seconds.places), (_LISTED, seconds.listed)):
            reads = [await _timed(connection, statement, newest or []) for _ in range(READS)]
            into.append(median(reads))
    return seconds


async def _feed(connection: Connection, since: datetime, items: int, new: int) -> None:
    """Insert the events of the minute after `since`, as the writer does: both tables."""
    span = timedelta(minutes=1)
    batch = {"items": items, "until": since + span, "span": span, "events": new}
    await connection.execute(_EVENTS, batch)
    await connection.execute(_FEED, [since, since + span])


async def _prepare(connection: Connection, begin: datetime, events: int, items: int) -> None:
    history = {"items": items, "until": begin, "span": timedelta(days=30), "events": events}
    await connection.execute(_EVENTS, history)
    await connection.execute("truncate core.ranking_score, core.item_window")
    await connection.execute("update core.ranking_state set weights = null")
    await connection.execute(_WINDOWS, [begin])
    await connection.execute("vacuum analyze core.event")
    await connection.execute("analyze core.item")
    # As long as it takes to count all of it anew.
    await connection.execute(
        "call api.run_rankings(as_of => %s, work_for => interval '1 day')", [begin]
    )
    await connection.execute("vacuum analyze core.ranking_score")


class Ranked(NamedTuple):
    """A top 1000, and how long it took."""

    seconds: float
    top: object


async def _timed_scoring(connection: Connection, as_of: datetime) -> Ranked:
    """Time what gives the new top 1000: the sums of the feed added, committed, and the top read."""
    await connection.execute(_TURN)
    begun = time.perf_counter()
    await connection.execute(_ADD)
    top = await _one(connection, _TOP_NEW, as_of)
    return Ranked(time.perf_counter() - begun, top)


async def _timed_full(connection: Connection, as_of: datetime) -> Ranked:
    await connection.execute(_TURN)
    begun = time.perf_counter()
    top = await _one(connection, _TOP_FULL, as_of)
    return Ranked(time.perf_counter() - begun, top)


async def _timed(connection: Connection, statement: str, parameters: Sequence[object]) -> float:
    begun = time.perf_counter()
    await connection.execute(statement, parameters)
    return time.perf_counter() - begun


async def _one(connection: Connection, statement: str, as_of: datetime) -> object:
    cursor = await connection.execute(statement, [as_of])
    row = await cursor.fetchone()
    return row[0] if row else None


def _rows(short: Seconds, long: Seconds, size: str) -> list[dict[str, object]]:
    gains = [full / new for full, new in zip(long.full, long.new, strict=True)]
    growth = [after / before for before, after in zip(short.new, long.new, strict=True)]
    return [
        {
            "bench": "score",
            "case": f"{size}: full rescore / new events",
            "ratio": median(gains),
            "aim": 250,
            "better": "higher",
            "rounds": len(gains),
            "spread": [min(gains), max(gains)],
            "measured": {
                "full_seconds": median(long.full),
                "new_seconds": median(long.new),
                "whole_job_seconds": median(long.job),
            },
        },
        {
            "bench": "score",
            "case": f"{size}: new events after all of the history / after a tenth of it",
            "ratio": median(growth),
            "aim": 1.3,
            "better": "lower",
            "rounds": len(gains),
            "spread": [min(growth), max(growth)],
            "measured": {
                "tenth_seconds": median(short.new),
                "all_seconds": median(long.new),
            },
        },
        _read("a stored top 1000: item, score and counts of each place", long.places),
        _read("a stored top 1000 with what the catalogue says of each item", long.listed),
    ]


def _read(what: str, seconds: list[float]) -> dict[str, object]:
    """Return the row of a read, which is over once the client has it."""
    milliseconds = [1000 * value for value in seconds]
    return {
        "bench": "score",
        "case": f"reading {what}, in units of 5 ms",
        "ratio": median(milliseconds) / 5,
        "aim": 1,
        "better": "lower",
        "rounds": len(seconds),
        "spread": [min(milliseconds) / 5, max(milliseconds) / 5],
        "measured": {"milliseconds": median(milliseconds)},
    }
