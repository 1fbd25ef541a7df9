"""Runs the Kafka source: `groundswell consume`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import structlog
from redis.asyncio import Redis

from app.ingest.known_items import KnownItems
from app.ingest.retention import Retention
from app.ingest.rows import Committed
from app.ingest.writer import run_all
from app.kafka.batch import Reader
from app.kafka.brokers import check_settings, pass_on_warnings
from app.kafka.first_contact import brokers_let_in
from app.kafka.mapping import Mapping, read_mapping
from app.kafka.source import Source
from app.runtime.background import metrics_shown, stop_on_signals, with_heartbeat
from app.runtime.fence import epochs_heard
from app.runtime.first_login import database_lets_in, redis_lets_in
from app.runtime.pool import Pool, open_pool
from app.runtime.redis_client import open_redis
from app.runtime.tasks import run_together, running
from app.settings import Settings
from app.worker import counted

log = structlog.get_logger(__name__)


async def run_consumer(settings: Settings, *, heartbeat: Path | None = None) -> None:
    """Write the events of Kafka's topics until SIGTERM or SIGINT; outlives any outage.

    Raises `InputError` for a mapping that cannot be used, `SettingError` where no brokers are
    named, and what `run_worker` raises.
    """
    named = settings.kafka_mapping
    mapping = read_mapping(Path(named) if named else None)
    check_settings(settings)
    pass_on_warnings()
    stop = stop_on_signals()
    async with (
        open_pool(settings) as pool,
        open_redis(settings) as redis,
        epochs_heard(pool, redis),
    ):
        with metrics_shown(settings):
            await run_parts(settings, mapping, pool, redis, stop, heartbeat=heartbeat)
    log.info("the consumer has stopped")


async def run_parts(  # noqa: PLR0913  # all that it works with
    settings: Settings,
    mapping: Mapping,
    pool: Pool,
    redis: Redis,
    stop: asyncio.Event,
    *,
    heartbeat: Path | None = None,
) -> None:
    """Do all of it until `stop` is set, or until a server refuses the first login."""
    retention = Retention(pool, timeout=settings.database_timeout)
    refuses = settings.unknown_items == "refuse"
    reader = Reader(
        settings,
        mapping,
        kept=lambda: retention.kept,
        known_items=KnownItems(pool, redis) if refuses else None,
    )

    async def consume(on_commit: Callable[[Committed], None]) -> None:
        source = Source(
            settings, pool, redis, stop, topics=mapping, reader=reader, on_commit=on_commit
        )
        await run_all((source.run, source.watch, source.measure), stop)

    async def keep_and_consume() -> None:
        async with running(retention.run(), "retention"):
            await counted(consume, pool=pool, redis=redis, stop=stop)

    parts = {
        "database login": database_lets_in(settings, stop),
        "redis login": redis_lets_in(redis, stop),
        "brokers' login": brokers_let_in(settings, stop),
        "consumer": keep_and_consume(),
    }
    await run_together(with_heartbeat(parts, heartbeat, stop))
