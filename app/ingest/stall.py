"""Telling that something does not come on, though all that it needs answers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from app.errors import StalledError
from app.runtime.tasks import first_of


class Stall:
    """Whether work has come to a stop; `what` is what its error calls it.

    `answers` says whether all servers that it needs answer: what waits for one of them is no stall.
    """

    def __init__(
        self,
        what: str,
        *,
        seconds: float,
        stop: asyncio.Event,
        answers: Callable[[], Awaitable[bool]],
    ) -> None:
        self._what = what
        self._seconds = seconds
        self._stop = stop
        self._answers = answers
        self._since: float | None = None
        """When what is under way began, or last came on; None where nothing is."""

    def moved(self) -> None:
        """Note that work is under way, and has come on."""
        self._since = time.monotonic()

    def begins(self) -> None:
        """Note that there is something to do, unless that is known already."""
        if self._since is None:
            self.moved()

    def rests(self) -> None:
        """Note that there is nothing to do."""
        self._since = None

    async def watch(self) -> None:
        """Raise `StalledError` when nothing comes on though the servers answer.

        Whoever supervises the process learns of it, and starts it again.
        """
        suspected: float | None = None
        while not self._stop.is_set():
            await first_of(self._stop, within=self._seconds / 10)
            since = self._since
            if since is None or time.monotonic() - since < self._seconds:
                continue
            if not await self._answers():
                self._since = time.monotonic()
            elif suspected != since:
                # What has come back a moment ago is given the time to go on.
                suspected = since
            elif self._since == since:
                raise StalledError(
                    f"{self._what} has not come on for {self._seconds:g} "
                    "seconds, though all that it needs answers"
                )
