"""How long `/health/live` takes, asked from a thread: the loop has work of its own."""

from __future__ import annotations

import asyncio
import http.client
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

EVERY = 0.05
PATIENCE = 10.0
MOST = 0.25
"""Seconds that it may take on a server."""
MOST_EMBEDDED = 0.5
"""The embedded engine has the processor to itself at times."""


class Pulse:
    """Asks again and again; an API that is down gives no answer, and that counts for nothing."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._slowest = 0.0
        self._ended = threading.Event()

    def take(self) -> float:
        """Return the longest answer in seconds since the last call."""
        slowest, self._slowest = self._slowest, 0.0
        return slowest

    @asynccontextmanager
    async def beating(self) -> AsyncIterator[None]:
        """Ask meanwhile."""
        asking = asyncio.create_task(asyncio.to_thread(self._ask_until_ended))
        try:
            yield
        finally:
            self._ended.set()
            await asking

    def _ask_until_ended(self) -> None:
        while not self._ended.wait(EVERY):
            began = time.monotonic()
            try:
                self._ask()
            except TimeoutError:
                pass
            except (OSError, http.client.HTTPException):
                continue
            self._slowest = max(self._slowest, time.monotonic() - began)

    def _ask(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE)
        try:
            connection.request("GET", "/health/live")
            connection.getresponse().read()
        finally:
            connection.close()
