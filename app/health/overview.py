"""How everything fares, in one answer: for `groundswell status` and the page of that name."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime

from redis.asyncio import Redis

from app.alerts.deliveries import alert_backlog
from app.errors import UnavailableError
from app.health.jobs import job_statuses
from app.health.rankings import ranking_statuses
from app.health.redis_state import LANES, Backlog, read_backlog
from app.health.wire import (
    DatabaseStatus,
    JobReport,
    LaneReport,
    Overview,
    RankingReport,
    StreamStatus,
)
from app.rankings.queries import ranking_overviews
from app.runtime.outage import REDIS_ERRORS
from app.runtime.sql import Connection
from app.series.queries import present_rate

ASK_SECONDS = 8.0
"""How long Redis and the database may take each: on the embedded engine a run goes first."""

Connected = Callable[[], AbstractAsyncContextManager[Connection]]


async def find_overview(connected: Connected, redis: Redis, *, shards: int) -> Overview:
    """Ask both at once; the part of one that does not answer is null."""
    database, stream = await asyncio.gather(_database(connected), _stream(redis, shards))
    return Overview(as_of=datetime.now(UTC), database=database, stream=stream)


async def _stream(redis: Redis, shards: int) -> StreamStatus | None:
    try:
        async with asyncio.timeout(ASK_SECONDS):
            found: Backlog = await read_backlog(redis, shards=shards)
    except (*REDIS_ERRORS, TimeoutError):
        return None
    return StreamStatus(
        lanes=[
            LaneReport(
                lane=lane,
                entries=each.entries,
                bytes=each.size,
                oldest_seconds=each.seconds,
            )
            for lane in LANES
            for each in [found.of_lane(lane)]
        ],
        dead_letters=found.dead_letters,
        down=found.down,
    )


async def _database(connected: Connected) -> DatabaseStatus | None:
    try:
        async with connected() as connection, asyncio.timeout(ASK_SECONDS):
            return await _asked(connection)
    except (UnavailableError, TimeoutError):
        return None


async def _asked(connection: Connection) -> DatabaseStatus:
    rate = await present_rate(connection, as_of=datetime.now(UTC))
    confirmed = {each.name: each.confirmed_at for each in await ranking_overviews(connection)}
    pending = await alert_backlog(connection)
    return DatabaseStatus(
        events_per_second=rate.events / 60,
        viewers=rate.viewers,
        jobs=[
            JobReport(
                job=each.job,
                started_at=each.started_at,
                seconds=None
                if each.finished_at is None
                else (each.finished_at - each.started_at).total_seconds(),
                succeeded_at=each.succeeded_at,
                error=each.error,
            )
            for each in await job_statuses(connection)
        ],
        rankings=[
            RankingReport(
                name=each.name,
                confirmed_at=confirmed.get(each.name),
                seconds=each.seconds,
                error=each.error,
            )
            for each in await ranking_statuses(connection)
        ],
        webhooks_pending=pending.pending,
    )
