"""What two late events, 23 hours apart in one day, cost the next refresh: time and WAL.

`lanes` is the writer's way, a transaction for each; `mixed` is one transaction for both, which
makes the refresh redo the day between them. The minute level is refreshed first, then the others by
api.refresh_aggregates. The day level redoes its whole day either way, for one late event too.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import NamedTuple
from uuid import uuid4

from psycopg import AsyncConnection

from app.ingest import queries as sql
from app.ingest.insert import Inserter
from app.ingest.item_ids import ItemIds
from app.ingest.packing import PackedEvent
from app.ingest.rows import ReceivedEvent, encode_rows
from app.runtime.sql import Connection
from bench._server import kind_of, wal_position

ROUNDS = 5
SIZES = {"server": (600_000, 30_000), "embedded": (60_000, 3_000)}
"""Events of the day, and items."""
DAY = datetime(2026, 1, 20, tzinfo=UTC)
NOW = DAY + timedelta(days=3)

_ITEMS = """
insert into core.item (content_type, external_id)
select 'video', 'bench-' || n from generate_series(1, %s) as n
"""
_EVENTS = """
insert into core.event (event_id, occurred_at, received_at, item_id, event_type)
select
    gen_random_uuid(), made.at, made.at, 1 + floor(%(items)s * power(random(), 2))::bigint, 'view'
from (
    select %(day)s::timestamptz + random() * interval '1 day' as at
    from generate_series(1, %(events)s)
) as made
order by made.at
"""
_MINUTES = """
call refresh_continuous_aggregate(
    'agg.engagement_1m', %s::timestamptz, %s::timestamptz, options => '{"buckets_per_batch": 0}'
)
"""
_CHANGED = "select * from api.changed_ranges('engagement_1m', interval '1 minute', %s, %s)"
_ALL = "call api.refresh_aggregates(%s, true)"


class Cost(NamedTuple):
    """Of one refresh."""

    milliseconds: float
    wal_bytes: float

    def __add__(self, other: object) -> Cost:
        """Return the cost of both."""
        assert isinstance(other, Cost)
        return Cost(self.milliseconds + other.milliseconds, self.wal_bytes + other.wal_bytes)


async def run(database_url: str) -> list[dict[str, object]]:
    """Return lanes to mixed: time and WAL, of the minute level and of all three."""
    connection = await AsyncConnection.connect(
        database_url, autocommit=True, prepare_threshold=None
    )
    async with connection:
        events, items = SIZES[await kind_of(connection)]
        await connection.execute(_ITEMS, [items])
        await connection.execute(_EVENTS, {"items": items, "day": DAY, "events": events})
        await connection.execute("vacuum analyze core.event")
        await _refresh_all(connection)
        minute: dict[str, list[Cost]] = {"lanes": [], "mixed": []}
        every: dict[str, list[Cost]] = {"lanes": [], "mixed": []}
        for number in range(ROUNDS + 1):
            for way in ("lanes", "mixed")[:: 1 if number % 2 else -1]:
                await _insert(connection, number, lanes=way == "lanes")
                finest, others = await _refresh_all(connection)
                if number:  # the first round warms up
                    minute[way].append(finest)
                    every[way].append(finest + others)
    size = f"{events:,} events of {items:,} items that day"
    return [
        row
        for level, costs in (("minute level", minute), ("all levels", every))
        for row in _rows(f"{size}, {level}", costs)
    ]


async def _insert(connection: Connection, number: int, *, lanes: bool) -> None:
    """Insert an event of half past midnight and one of 23 hours later."""
    now = _microseconds(NOW)
    first = DAY + timedelta(minutes=30, seconds=7.3 * number + 3 * lanes)
    rows = [_event(first, now), _event(first + timedelta(hours=23), now)]
    if lanes:
        inserter = Inserter(late_seconds=3_600)
        await inserter.insert(connection, rows, now=now)
        return
    ids = await ItemIds().resolve(connection, {("video", "bench-1")})
    events, feed = map(b"".join, zip(*encode_rows(rows, ids, key=b"bench"), strict=True))
    async with connection.transaction():
        async with sql.copy_events(connection) as copy:
            await copy.write(events)
        async with sql.copy_score_feed(connection) as copy:
            await copy.write(feed)


def _event(moment: datetime, now: int) -> ReceivedEvent:
    packed = PackedEvent(
        event_id=uuid4().bytes,
        occurred_at=_microseconds(moment),
        content_type="video",
        content_id="bench-1",
        type=0,
    )
    return ReceivedEvent(packed, now)


def _microseconds(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


async def _refresh_all(connection: Connection) -> tuple[Cost, Cost]:
    """Refresh every level and return the cost of the minutes', and of the others'."""
    window = [DAY - timedelta(days=30), DAY + timedelta(days=2)]
    # Apart, as the job does it: the next level hears of each stretch by itself.
    cursor = await connection.execute(_CHANGED, window)
    stretches = await cursor.fetchall()
    finest = Cost(0, 0)
    for stretch in [*stretches, window]:
        finest += await _measured(connection, _MINUTES, stretch)
    return finest, await _measured(connection, _ALL, [NOW])


async def _measured(connection: Connection, statement: str, parameters: Sequence[datetime]) -> Cost:
    before = await wal_position(connection)
    began = time.perf_counter()
    await connection.execute(statement, parameters)
    seconds = time.perf_counter() - began
    return Cost(1_000 * seconds, await wal_position(connection) - before)


def _rows(case: str, costs: dict[str, list[Cost]]) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for what, unit in (("time", "milliseconds"), ("WAL", "wal_bytes")):
        taken = {way: [getattr(cost, unit) for cost in costs[way]] for way in costs}
        ratios = [ours / theirs for ours, theirs in zip(*taken.values(), strict=True)]
        rows.append(
            {
                "bench": "late",
                "case": f"{case}, {what}",
                "ratio": round(median(ratios), 4),
                "aim": 0.05,
                "better": "lower",
                "rounds": ROUNDS,
                "spread": [round(min(ratios), 4), round(max(ratios), 4)],
                "measured": {f"{way}_{unit}": round(median(taken[way])) for way in taken},
            }
        )
    return rows
