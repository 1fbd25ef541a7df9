"""Three ways of telling the scoring job what is new: what each costs the writer and the job.

`queue` writes every inserted row a second time, into a table without an index, in the same
transaction; the job empties it. `watermark` stamps rows with their transaction id, indexes it, and
reads what lies between the last watermark and the oldest transaction still running. `buckets`
refreshes the minute aggregate and reads the minutes that changed. See docs/decisions/0003.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from statistics import median

from psycopg import AsyncConnection

from app.runtime.sql import Connection

ROUNDS = 7
BATCHES = 4
BATCH_ROWS = 5_000
HISTORY_DAYS = 30
HISTORY_ROWS = 300_000
BEGIN = datetime(2026, 1, 31, 12, tzinfo=UTC)

_SETUP = """
create schema bench;
create table bench.queue_event (
    like core.event including defaults including constraints including indexes
);
create table bench.stamp_event (
    like core.event including defaults including constraints including indexes,
    inserted_by xid8 not null default pg_current_xact_id()
);
create table bench.bucket_event (
    like core.event including defaults including constraints including indexes
);
create table bench.queue (like core.score_feed);
create table bench.batch (like core.event including defaults);
select create_hypertable('bench.' || kind || '_event', by_range('occurred_at', interval '1 day'))
from unnest('{queue,stamp,bucket}'::text []) as kind;
create index stamp_event_by_transaction on bench.stamp_event (inserted_by);
"""

_AGGREGATE = """
create materialized view bench.bucket_minute
with (timescaledb.continuous, timescaledb.materialized_only = true) as
select
    time_bucket(interval '1 minute', occurred_at) as bucket,
    item_id,
    event_type,
    sum(count) as count
from bench.bucket_event
group by time_bucket(interval '1 minute', occurred_at), item_id, event_type
with no data
"""

_MAKE = """
insert into bench.batch (event_id, occurred_at, received_at, item_id, event_type)
select
    gen_random_uuid(), made.at, made.at, 1 + floor(20000 * power(random(), 3))::bigint, 'view'
from (
    select %s::timestamptz - random() * %s::interval as at from generate_series(1, %s)
) as made
"""

_COLUMNS = """
event_id, occurred_at, received_at, item_id, event_type, count, seconds, user_id, session_id,
metadata, counted
"""

_WRITE = {
    "queue": f"""
        with inserted as (
            insert into bench.queue_event ({_COLUMNS}) select {_COLUMNS} from bench.batch
            returning item_id, occurred_at, event_type, count, seconds
        )
        insert into bench.queue select * from inserted
    """,
    "watermark": f"insert into bench.stamp_event ({_COLUMNS}) select {_COLUMNS} from bench.batch",
    "buckets": f"insert into bench.bucket_event ({_COLUMNS}) select {_COLUMNS} from bench.batch",
}

_SUM = "select count(*) from (select item_id, sum(count) from {} group by item_id) as summed"
_TAKE_QUEUE = f"with taken as (delete from bench.queue returning *) {_SUM.format('taken')}"
_TAKE_STAMPED = f"""
with taken as (
    select * from bench.stamp_event
    where inserted_by >= %s::text::xid8
        and inserted_by < pg_snapshot_xmin(pg_current_snapshot())
)
{_SUM.format("taken")}
"""
_TAKE_BUCKETS = f"""
with taken as (select * from bench.bucket_minute where bucket >= %s and bucket < %s)
{_SUM.format("taken")}
"""

Times = dict[str, list[float]]


async def run(database_url: str) -> list[dict[str, object]]:
    """Return how the queue compares with the other two, for the writer and for the job."""
    connection = await AsyncConnection.connect(
        database_url, autocommit=True, prepare_threshold=None
    )
    async with connection:
        for statement in filter(str.strip, _SETUP.split(";")):
            await connection.execute(statement.encode())
        await connection.execute(_AGGREGATE.encode())
        await _batch(connection, BEGIN, timedelta(days=HISTORY_DAYS), HISTORY_ROWS)
        for statement in _WRITE.values():
            await connection.execute(statement.encode())
        await connection.execute("truncate bench.queue")
        await connection.execute(
            "call refresh_continuous_aggregate('bench.bucket_minute', null, %s)", [BEGIN]
        )
        write: Times = {name: [] for name in _WRITE}
        take: Times = {name: [] for name in _WRITE}
        for number in range(ROUNDS):
            await _round(connection, BEGIN + timedelta(minutes=number), write, take, number)
    return [
        _row(f"{what}: queue / {rival}", times["queue"], times[rival], aim)
        for what, times, aim in (("writing", write, 1.25), ("taking", take, 1.0))
        for rival in ("watermark", "buckets")
    ]


async def _round(
    connection: Connection, since: datetime, write: Times, take: Times, number: int
) -> None:
    cursor = await connection.execute("select pg_snapshot_xmin(pg_current_snapshot())::text")
    row = await cursor.fetchone()
    watermark = row[0] if row else "0"
    names = list(_WRITE)
    names = names[number % 3 :] + names[: number % 3]
    spent = dict.fromkeys(names, 0.0)
    until = since + timedelta(minutes=1)
    for _ in range(BATCHES):
        await _batch(connection, until, timedelta(minutes=1), BATCH_ROWS)
        for name in names:
            spent[name] += await _timed(connection, _WRITE[name], [])
    for name in names:
        write[name].append(spent[name])
    take["queue"].append(await _timed(connection, _TAKE_QUEUE, []))
    take["watermark"].append(await _timed(connection, _TAKE_STAMPED, [watermark]))
    refresh = "call refresh_continuous_aggregate('bench.bucket_minute', %s, %s)"
    take["buckets"].append(
        await _timed(connection, refresh, [since, until])
        + await _timed(connection, _TAKE_BUCKETS, [since, until])
    )


async def _batch(connection: Connection, until: datetime, span: timedelta, rows: int) -> None:
    await connection.execute("truncate bench.batch")
    await connection.execute(_MAKE, [until, span, rows])


async def _timed(connection: Connection, statement: str, parameters: Sequence[object]) -> float:
    begun = time.perf_counter()
    await connection.execute(statement.encode(), parameters)
    return time.perf_counter() - begun


def _row(case: str, ours: list[float], rival: list[float], aim: float) -> dict[str, object]:
    ratios = [one / other for one, other in zip(ours, rival, strict=True)]
    return {
        "bench": "feed",
        "case": case,
        "ratio": median(ratios),
        "aim": aim,
        "better": "lower",
        "rounds": ROUNDS,
        "spread": [min(ratios), max(ratios)],
        "measured": {"queue_seconds": median(ours), "rival_seconds": median(rival)},
    }
