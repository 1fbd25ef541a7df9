"""Runs the writer, the publisher, the like counts' reconciler and the alerts' deliverer."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import structlog
from prometheus_client import start_http_server
from redis.asyncio import Redis

from app.alerts.deliverer import run_deliverer
from app.database.pool import Pool, open_pool
from app.errors import InputError
from app.ingest.writer import run_writer
from app.redis_client import open_redis
from app.serving.like_reconciler import run_like_reconciler
from app.serving.publisher import run_publisher
from app.settings import Settings

log = structlog.get_logger(__name__)


_BEAT_SECONDS = 2.0


async def run_worker(settings: Settings, *, heartbeat: Path | None = None) -> None:
    """Write events, publish snapshots and send alerts until SIGTERM or SIGINT.

    All outlive any outage. The file `heartbeat` is touched every two seconds for as long as this
    process does its work. Raises `InputError` when the port for its metrics is taken.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with open_pool(settings) as pool, open_redis(settings) as redis:
        with _metrics(settings):
            log.info("worker runs")
            await _run_parts(settings, pool, redis, heartbeat, stop)
    log.info("worker has stopped")


@contextmanager
def _metrics(settings: Settings) -> Iterator[None]:
    """Answer Prometheus on the port of the settings, in a thread of its own; 0 is none."""
    if not settings.worker_metrics_port:
        yield
        return
    try:
        server, thread = start_http_server(settings.worker_metrics_port, addr=settings.host)
    except OSError as error:
        raise InputError(
            f"GROUNDSWELL_WORKER_METRICS_PORT: {settings.host} port "
            f"{settings.worker_metrics_port} is taken or not ours to listen on"
        ) from error
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


async def _run_parts(
    settings: Settings, pool: Pool, redis: Redis, heartbeat: Path | None, stop: asyncio.Event
) -> None:
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
        group.create_task(run_deliverer(settings=settings, pool=pool, stop=stop), name="deliverer")
        group.create_task(
            run_like_reconciler(settings=settings, pool=pool, redis=redis, stop=stop),
            name="like reconciler",
        )


async def _beat(file: Path, stop: asyncio.Event) -> None:
    while not stop.is_set():
        await asyncio.to_thread(file.touch)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), _BEAT_SECONDS)
