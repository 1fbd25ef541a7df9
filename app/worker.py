"""Runs what works beside the API: writer, publisher, reconciler, deliverer, translator, remover."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import structlog
from redis.asyncio import Redis

from app.alerts.deliverer import CHANNEL as ALERT_CHANNEL
from app.alerts.deliverer import run_deliverer
from app.comments.translator import CHANNEL as TRANSLATION_CHANNEL
from app.comments.translator import run_translator
from app.errors import GroundswellError
from app.ingest.rows import Committed
from app.ingest.writer import run_writer
from app.likes.reconciler import run_like_reconciler
from app.rankings.first_lists import run_first_lists
from app.rankings.publisher import CHANNEL as RUN_CHANNEL
from app.rankings.publisher import Publisher, run_publisher
from app.runtime.background import beat, metrics_shown, stop_on_signals
from app.runtime.first_login import database_lets_in, redis_lets_in
from app.runtime.notifications import of_database
from app.runtime.pool import Pool, open_pool
from app.runtime.redis_client import open_redis
from app.settings import Settings
from app.top.live_counts import LiveCounts
from app.top.publisher import TopPublisher
from app.uploads.remover import run_remover

log = structlog.get_logger(__name__)


async def run_worker(settings: Settings, *, heartbeat: Path | None = None) -> None:
    """Write events, publish snapshots, send alerts and translate until SIGTERM or SIGINT.

    All outlive any outage. The file `heartbeat` is touched every two seconds for as long as this
    process does its work. Raises `InputError` when the port for its metrics is taken, and
    `RefusedError` when the database or Redis will not let it in at the start.
    """
    stop = stop_on_signals()
    async with open_pool(settings) as pool, open_redis(settings) as redis:
        with metrics_shown(settings):
            log.info("worker runs")
            try:
                await run_parts(settings, pool, redis, stop, heartbeat=heartbeat)
            except ExceptionGroup as failed:
                ours = failed.subgroup(GroundswellError)
                raise (ours.exceptions[0] if ours else failed) from None
    log.info("worker has stopped")


async def run_parts(
    settings: Settings,
    pool: Pool,
    redis: Redis,
    stop: asyncio.Event,
    *,
    heartbeat: Path | None = None,
) -> None:
    """Do all of it until `stop` is set, or until a server refuses the first login."""
    notifications = of_database(settings, RUN_CHANNEL, ALERT_CHANNEL, TRANSLATION_CHANNEL)
    top = TopPublisher(pool=pool, redis=redis)
    publisher = Publisher(settings=settings, pool=pool, redis=redis, then=top.publish)
    async with asyncio.TaskGroup() as group:
        if heartbeat:
            group.create_task(beat(heartbeat, stop), name="heartbeat")
        group.create_task(database_lets_in(settings, stop), name="database login")
        group.create_task(redis_lets_in(redis, stop), name="redis login")
        group.create_task(
            write_and_count(settings=settings, pool=pool, redis=redis, stop=stop), name="writer"
        )
        group.create_task(
            run_publisher(publisher=publisher, notifications=notifications, stop=stop),
            name="publisher",
        )
        group.create_task(
            run_first_lists(settings=settings, pool=pool, stop=stop), name="first lists"
        )
        group.create_task(
            run_deliverer(settings=settings, pool=pool, notifications=notifications, stop=stop),
            name="deliverer",
        )
        group.create_task(
            run_like_reconciler(settings=settings, pool=pool, redis=redis, stop=stop),
            name="like reconciler",
        )
        group.create_task(
            run_translator(settings=settings, pool=pool, notifications=notifications, stop=stop),
            name="translator",
        )
        group.create_task(
            run_remover(settings=settings, pool=pool, stop=stop), name="remover of uploads"
        )


async def write_and_count(
    *, settings: Settings, pool: Pool, redis: Redis, stop: asyncio.Event
) -> None:
    """Write events until `stop` is set, and let the top lists follow."""

    async def write(on_commit: Callable[[Committed], None]) -> None:
        await run_writer(settings=settings, pool=pool, redis=redis, stop=stop, on_commit=on_commit)

    await counted(write, pool=pool, redis=redis, stop=stop)


async def counted(
    write: Callable[[Callable[[Committed], None]], Awaitable[None]],
    *,
    pool: Pool,
    redis: Redis,
    stop: asyncio.Event,
) -> None:
    """Run `write` with what lets the top lists follow what it commits, until it ends."""
    counts = LiveCounts(redis, pool)
    async with counts.running() as counting:
        writing = asyncio.ensure_future(write(counts.add))
        try:
            await asyncio.wait({writing, counting}, return_when=asyncio.FIRST_COMPLETED)
            if counting.done() and not stop.is_set():
                counting.result()
            await writing
        finally:
            writing.cancel()
