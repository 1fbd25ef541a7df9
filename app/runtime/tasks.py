"""Tasks that run beside each other: what they wait for, and how they end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import structlog

_AGAIN_SECONDS = 1.0
"""How long a task may clean up before it is cancelled once more."""

log = structlog.get_logger(__name__)


async def end(*tasks: asyncio.Future[Any]) -> None:
    """Cancel tasks until they have ended; whoever is cancelled meanwhile waits for it all the same.

    Before Python 3.12, `asyncio.wait_for` can lose a cancellation that comes in the same moment as
    its result, and a task group passes on only the first; the pool's and Redis's clients wait that
    way.
    """
    is_cancelled = False
    while left := {task for task in tasks if not task.done()}:
        for task in left:
            task.cancel()
        try:
            await asyncio.wait(left, timeout=_AGAIN_SECONDS)
        except asyncio.CancelledError:
            is_cancelled = True
    if is_cancelled:
        raise asyncio.CancelledError


async def finish(tasks: Iterable[asyncio.Task[Any]], *, within: float) -> None:
    """Wait so many seconds for tasks to end by themselves, then end what is left of them."""
    waited = set(tasks)
    if waited:
        await asyncio.wait(waited, timeout=within)
    await end(*waited)


async def run_together(parts: Mapping[str, Coroutine[Any, Any, None]]) -> None:
    """Run parts, by their names, until all have ended; the first that fails ends the others.

    Raises its error; what others fail with in their turn is logged.
    """
    tasks = [asyncio.create_task(part, name=name) for name, part in parts.items()]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    finally:
        await end(*tasks)
    failed = sorted(
        (task for task in tasks if not task.cancelled() and task.exception()),
        key=lambda task: task not in done,
    )
    for task in failed[1:]:
        log_fault(task, part=task.get_name())
    if failed:
        failed[0].result()


@asynccontextmanager
async def running(work: Coroutine[Any, Any, None], name: str) -> AsyncIterator[asyncio.Task[None]]:
    """Work in the background meanwhile; an end that nobody asked for is reported."""
    task = asyncio.create_task(work, name=name)
    task.add_done_callback(report_end)
    try:
        yield task
    finally:
        await end(task)


async def first_of(*events: asyncio.Event, within: float | None) -> None:
    """Return when one of the events is set, or after `within` seconds."""
    waiting = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waiting, timeout=within, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()


def log_fault(task: asyncio.Task[Any], *, part: str) -> None:
    """Log what a task that has ended did not foresee; `part` is what it was of."""
    if not task.cancelled() and task.exception():
        log.error("unforeseen", part=part, exc_info=task.exception())


def report_end(task: asyncio.Task[None]) -> None:
    """Say that what a task does stands still until this process is restarted."""
    if not task.cancelled() and task.exception():
        log.critical("task ended", task=task.get_name(), exc_info=task.exception())
