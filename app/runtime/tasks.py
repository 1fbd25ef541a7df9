"""Tasks that run beside each other in one part of a program: how they end."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import structlog

log = structlog.get_logger(__name__)


async def finish(tasks: Iterable[asyncio.Task[Any]], *, within: float) -> None:
    """Wait so many seconds for tasks to end by themselves, then cancel what is left of them."""
    waited = list(tasks)
    if waited:
        await asyncio.wait(waited, timeout=within)
    for task in waited:
        task.cancel()
    await asyncio.gather(*waited, return_exceptions=True)


def log_fault(task: asyncio.Task[Any], *, part: str) -> None:
    """Log what a task that has ended did not foresee; `part` is what it was of."""
    if not task.cancelled() and task.exception():
        log.error("unforeseen", part=part, exc_info=task.exception())
