"""How much callers hold of one process at once, all of them and each, and how long bodies may take.

Connections are not bounded here: thousands of idle ones are normal. What costs is a request that is
being worked on, and a body of which a part has come.
"""

from __future__ import annotations

import asyncio
from typing import Any

from litestar.types import Receive

from app.errors import BrokenBodyError, CrowdedError, SlowBodyError, TooManyAtOnceError

BODY_SECONDS = 10.0
"""How long a body may take to come, however small it is."""
BODY_RATE = 16_000
"""Bytes a second that a larger one must come in, on the average."""


class Share:
    """Something of which callers together may hold `most`, and one client `share`."""

    def __init__(self, most: int, share: int) -> None:
        self.most = most
        self.share = share
        self.held = 0
        self._by_client: dict[str, int] = {}

    def take(self, client: str, amount: int, what: str) -> None:
        """Let the client hold so much more.

        Raises `CrowdedError`, or `TooManyAtOnceError` where it is one client that has too much.
        """
        of_client = self._by_client.get(client, 0) + amount
        if of_client > self.share:
            raise TooManyAtOnceError(f"{what} of {self.share} at once are one client's share")
        if self.held + amount > self.most:
            raise CrowdedError(f"{what} of {self.most} are held already")
        self.held += amount
        self._by_client[client] = of_client

    def give(self, client: str, amount: int) -> None:
        """Take back what it held."""
        self.held -= amount
        left = self._by_client[client] - amount
        if left:
            self._by_client[client] = left
        else:
            del self._by_client[client]


class Bounds:
    """What one process lets its callers hold: `requests` in work, and `body_bytes`.

    One client has half of either, and of the bytes enough for a body of `largest`.
    """

    def __init__(self, *, requests: int, body_bytes: int, largest: int) -> None:
        self.requests = Share(requests, max(1, requests // 2))
        self.body_bytes = Share(max(body_bytes, largest), max(body_bytes // 2, largest))


class Holding:
    """What one request holds; its `receive` is the application's."""

    def __init__(self, bounds: Bounds, client: str, receive: Receive) -> None:
        self._bounds = bounds
        self._client = client
        self._receive = receive
        self._works = False
        self._size = 0
        self._has_body = False
        self._began: float | None = None

    def begin(self) -> None:
        """Take a place among the requests in work; raises as `Share.take`."""
        self._bounds.requests.take(self._client, 1, "requests")
        self._works = True

    def end(self) -> None:
        """Let go of everything."""
        self._rest()
        if self._size:
            self._bounds.body_bytes.give(self._client, self._size)
            self._size = 0

    async def receive(self) -> Any:  # noqa: ANN401  # a message
        """Wait for a part of the body, or for the caller to hang up: neither is work.

        Raises `SlowBodyError`, `BrokenBodyError`, and as `Share.take`.
        """
        self._rest()
        if self._has_body:
            return await self._receive()
        message = await self._part()
        self.begin()
        return message

    async def _part(self) -> Any:  # noqa: ANN401  # a message
        loop = asyncio.get_running_loop()
        if self._began is None:
            self._began = loop.time()
        try:
            async with asyncio.timeout_at(self._began + BODY_SECONDS + self._size / BODY_RATE):
                message: Any = await self._receive()
        except TimeoutError:
            raise SlowBodyError(
                f"{self._size} bytes came in {loop.time() - self._began:.0f} seconds; send a body "
                f"at {BODY_RATE} bytes a second or faster"
            ) from None
        if message["type"] == "http.disconnect":
            raise BrokenBodyError("the body ended before it was complete, or is no valid chunk")
        self._has_body = not message.get("more_body")
        if size := len(message.get("body", b"")):
            self._bounds.body_bytes.take(self._client, size, "bytes of bodies")
            self._size += size
        return message

    def _rest(self) -> None:
        if self._works:
            self._bounds.requests.give(self._client, 1)
            self._works = False
