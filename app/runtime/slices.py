"""Long work on the event loop, cut into slices: other requests have their turn in between.

A thread would not do: pure Python holds the interpreter's lock, and each of another request's waits
would then take a whole switch interval.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from time import perf_counter
from typing import TypeAlias

SLICE_SECONDS = 0.005

Pause: TypeAlias = Callable[[], Awaitable[None]]
"""To be awaited between steps of a millisecond at most; lets others go on after each slice."""


class Slices:
    """The long works of one process, of which one at a time goes on after its first slice."""

    def __init__(self) -> None:
        self._long = asyncio.Lock()

    def work(self) -> _Work:
        """Begin a work: `async with` gives its `Pause`."""
        return _Work(self._long)


class _Work:
    __slots__ = ("_is_long", "_long", "_until")

    def __init__(self, long: asyncio.Lock) -> None:
        self._long = long
        self._is_long = False
        self._until = perf_counter() + SLICE_SECONDS

    async def __aenter__(self) -> Pause:
        return self._pause

    async def __aexit__(self, *_: object) -> None:
        if self._is_long:
            self._long.release()

    async def _pause(self) -> None:
        if perf_counter() < self._until:
            return
        await asyncio.sleep(0)
        if not self._is_long:
            # Ten of them, each in its slices, would hold others up ten times as long.
            self._is_long = await self._long.acquire()
        self._until = perf_counter() + SLICE_SECONDS


async def never() -> None:
    """Be the `Pause` of work that has nobody beside it."""
