"""What a DBA does beside the service: each must cost nothing that was counted."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

from tests.eventually import eventually
from tests.soak.checks import drained
from tests.soak.stand import Stand

DAY = timedelta(days=1)
KEPT = 6 * DAY
"""Days that are left alone, for the events that come late."""
STEP = 4 * DAY
"""Days that are dropped at once."""

Connection = psycopg.AsyncConnection[Any]


async def drop_history(stand: Stand, chance: random.Random) -> int:
    """Drop the oldest days, by hand or by a retention policy, once they are counted.

    Nothing so old is sent any more. The ledger is told what goes: it must stay counted.
    """
    await stand.traffic.pause()
    async with stand.redis() as client:
        await drained(client, within=60)
    await stand.close_open()
    async with await stand.connect() as connection:
        border = await _border(connection)
        if border is None:
            return 0
        stand.traffic.begin_at(border)
        await _count_all_before(connection, border)
        cursor = await connection.execute(
            "select user_id, event_type::text, count, seconds from core.event"
            " where occurred_at < %s",
            [border],
        )
        stand.ledger.gone |= {ref: (kind, n, s) for ref, kind, n, s in await cursor.fetchall()}
        if chance.random() < 0.5:
            await _dropped(connection, border)
        else:
            await _retain(connection, border)
        cursor = await connection.execute("select min(occurred_at) >= %s from core.event", [border])
        assert await cursor.fetchone() == (True,)
    stand.traffic.resume()
    return 1


async def _dropped(connection: Connection, border: datetime) -> None:
    """Drop by hand; as one does again where it is told that it crossed who reads several chunks."""
    while True:
        try:
            await connection.execute(
                "select drop_chunks('core.event', older_than => %s::timestamptz)", [border]
            )
        except psycopg.errors.DeadlockDetected:
            continue
        return


async def _border(connection: Connection) -> datetime | None:
    cursor = await connection.execute("select min(occurred_at) from core.event")
    oldest: datetime | None = (await cursor.fetchone() or (None,))[0]
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    if oldest is None or oldest >= midnight - KEPT:
        return None
    return min(oldest.replace(hour=0, minute=0, second=0, microsecond=0) + STEP, midnight - KEPT)


async def _count_all_before(connection: Connection, border: datetime) -> None:
    """Refresh until every level has it: while the job runs elsewhere, a call does nothing."""

    async def is_counted() -> bool:
        await connection.execute("call api.refresh_aggregates(forced => true)")
        cursor = await connection.execute(
            "select isempty(api.unrefreshed('engagement_1d')"
            " * tstzmultirange(tstzrange(null, %s)))",
            [border],
        )
        return await cursor.fetchone() == (True,)

    await eventually(is_counted, within=60)


async def _retain(connection: Connection, border: datetime) -> None:
    cursor = await connection.execute(
        "select add_retention_policy('core.event', drop_after => now() - %s::timestamptz)", [border]
    )
    (job,) = await cursor.fetchone() or (0,)
    try:
        await connection.execute("call run_job(%s::integer)", [job])
    finally:
        await connection.execute("select remove_retention_policy('core.event')")


async def refresh_own_aggregate(stand: Stand, chance: random.Random) -> int:
    """Refresh a continuous aggregate of the DBA's own, which drains the log that ours read."""
    async with await stand.connect() as connection:
        await connection.execute("create schema if not exists soak")
        await connection.execute(
            """
            create materialized view if not exists soak.hourly with (timescaledb.continuous) as
            select
                time_bucket(interval '1 hour', occurred_at) as bucket, event_type,
                sum(count) as events
            from core.event
            group by time_bucket(interval '1 hour', occurred_at), event_type
            with no data
            """
        )
        for _ in range(stand.burst):
            await asyncio.sleep(chance.uniform(0.1, 0.5))
            await connection.execute(
                "call refresh_continuous_aggregate("
                "'soak.hourly', now() - %s::interval, now() + interval '1 day')",
                [chance.choice([timedelta(hours=2), DAY, KEPT])],
            )
    return stand.burst


async def leave_open(stand: Stand, chance: random.Random) -> int:
    """Leave a transaction open that has read everything, until the fault comes again."""
    await stand.leave_open(
        "select count(*) from core.event",
        "select count(*) from core.item_window",
        chance.choice(["select count(*) from agg.engagement_1d", "select count(*) from core.item"]),
    )
    return 1
