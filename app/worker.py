"""Runs the writer and the publisher in one process."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress
from pathlib import Path

import structlog

from app.database.pool import open_pool
from app.ingest.writer import run_writer
from app.redis_client import open_redis
from app.serving.publisher import run_publisher
from app.settings import Settings

log = structlog.get_logger(__name__)


_BEAT_SECONDS = 2.0


async def run_worker(settings: Settings, *, heartbeat: Path | None = None) -> None:
    """Write events and publish snapshots until SIGTERM or SIGINT; both outlive any outage.

    The file `heartbeat` is touched every two seconds for as long as this process does its work.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with open_pool(settings) as pool, open_redis(settings) as redis:
        log.info("worker runs")
        async with asyncio.TaskGroup() as group:
            if heartbeat:
                group.create_task(_beat(heartbeat, stop), name="heartbeat")
            group.create_task(
                run_writer(settings=settings, pool=pool, redis=redis, stop=stop), name="writer"
            )
            group.create_task(
                run_publisher(settings=settings, pool=pool, redis=redis, stop=stop),
                name="publisher",
            )
    log.info("worker has stopped")


async def _beat(file: Path, stop: asyncio.Event) -> None:
    while not stop.is_set():
        await asyncio.to_thread(file.touch)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), _BEAT_SECONDS)
