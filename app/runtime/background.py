"""What every process beside the API has: its stopping, its heartbeat, its metrics."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from prometheus_client import start_http_server

from app.errors import InputError
from app.runtime.tasks import first_of
from app.settings import Settings

_BEAT_SECONDS = 2.0


def stop_on_signals() -> asyncio.Event:
    """Return what SIGTERM and SIGINT set."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop


@contextmanager
def metrics_shown(settings: Settings) -> Iterator[None]:
    """Answer Prometheus on the port of the settings, in a thread of its own; 0 is none.

    Raises `InputError` when the port is taken.
    """
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


def with_heartbeat(
    parts: dict[str, Coroutine[Any, Any, None]], heartbeat: Path | None, stop: asyncio.Event
) -> dict[str, Coroutine[Any, Any, None]]:
    """Return a process' parts, and what touches its heartbeat, where it has one."""
    return parts if heartbeat is None else {**parts, "heartbeat": _beat(heartbeat, stop)}


async def _beat(file: Path, stop: asyncio.Event) -> None:
    """Touch `file` every two seconds for as long as this process does its work."""
    while not stop.is_set():
        await asyncio.to_thread(file.touch)
        await first_of(stop, within=_BEAT_SECONDS)
