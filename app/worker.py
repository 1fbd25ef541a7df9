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
from app.ingest.rows import Committed
from app.ingest.writer import run_writer
from app.likes.reconciler import run_like_reconciler
from app.rankings.first_lists import run_first_lists
from app.rankings.publisher import CHANNEL as RUN_CHANNEL
from app.rankings.publisher import Publisher, run_publisher
from app.runtime.background import metrics_shown, stop_on_signals, with_heartbeat
from app.runtime.fence import epochs_heard
from app.runtime.first_login import database_lets_in, redis_lets_in
from app.runtime.notifications import of_database
from app.runtime.pool import Pool, open_pool
from app.runtime.redis_client import open_redis
from app.runtime.tasks import end, run_together
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
    async with (
        open_pool(settings) as pool,
        open_redis(settings) as redis,
        epochs_heard(pool, redis),
    ):
        with metrics_shown(settings):
            log.info("worker runs")
            await run_parts(settings, pool, redis, stop, heartbeat=heartbeat)
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
    parts = {
        "database login": database_lets_in(settings, stop),
        "redis login": redis_lets_in(redis, stop),
        "writer": write_and_count(settings=settings, pool=pool, redis=redis, stop=stop),
        "publisher": run_publisher(publisher=publisher, notifications=notifications, stop=stop),
        "first lists": run_first_lists(settings=settings, pool=pool, stop=stop),
        "deliverer": run_deliverer(
            settings=settings, pool=pool, notifications=notifications, stop=stop
        ),
        "like reconciler": run_like_reconciler(
            settings=settings, pool=pool, redis=redis, stop=stop
        ),
        "translator": run_translator(
            settings=settings, pool=pool, notifications=notifications, stop=stop
        ),
        "remover of uploads": run_remover(settings=settings, pool=pool, stop=stop),
    }
    await run_together(with_heartbeat(parts, heartbeat, stop))


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
            await end(writing)
