"""Backfill: old events in a stream of their own, written only while no live event waits."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress

from redis.exceptions import RedisError

from app.ingest.group import WriterGroup
from app.runtime.tasks import first_of

LIVE_LAG_SECONDS = 1.0
"""Age of the oldest live event from which on backfill pauses."""
LOOK_SECONDS = 0.25
MOST_EVENTS = 2_000
"""Most events of a backfill batch, so that live ones find the database free again soon."""


class Pace:
    """Holds backfill up: it rests as long as it works, and for as long as live events wait."""

    def __init__(self, live: Sequence[WriterGroup], stop: asyncio.Event) -> None:
        self._live = live
        self._stop = stop
        self._began: float | None = None

    def worked(self, began: float) -> None:
        """Note that a batch was written which was begun at `began`, of `time.monotonic`."""
        self._began = began

    async def wait(self) -> None:
        """Return when the next batch may be taken, or the writer is to stop."""
        if self._began is not None:
            await self._pause(time.monotonic() - self._began)
            self._began = None
        while not self._stop.is_set() and await self._is_live_late():
            await self._pause(LOOK_SECONDS)

    async def _is_live_late(self) -> bool:
        for group in self._live:
            # Who writes them meets an error too, and waits for Redis.
            with suppress(RedisError, OSError):
                if await group.oldest_seconds() > LIVE_LAG_SECONDS:
                    return True
        return False

    async def _pause(self, seconds: float) -> None:
        await first_of(self._stop, within=seconds)
