"""Who begins next: a few requests in each turn of the event loop, and each client's in its turn.

What arrives together would otherwise begin together, and whoever comes next, a health check say,
would wait until all of it is worked off.
"""

from __future__ import annotations

import asyncio
from collections import deque

AT_ONCE = 8
"""How many requests begin in one turn of the loop."""


class Turns:
    """Lets requests begin in the order in which they came, but no client before its turn."""

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._at_once = at_once
        self._begun = 0
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}
        """By client, the one whose turn is next first."""

    async def wait(self, client: str) -> None:
        """Return when a request of the client may begin: at once, where few came with it."""
        loop = asyncio.get_running_loop()
        if not self._begun:
            loop.call_soon(self._next_turn)
        if self._begun < self._at_once and not self._waiting:
            self._begun += 1
            return
        turn = loop.create_future()
        self._waiting.setdefault(client, deque()).append(turn)
        await turn

    def _next_turn(self) -> None:
        self._begun = 0
        while self._waiting and self._begun < self._at_once:
            client, turns = next(iter(self._waiting.items()))
            del self._waiting[client]
            turn = turns.popleft()
            if turns:
                self._waiting[client] = turns
            if not turn.done():
                turn.set_result(None)
                self._begun += 1
        if self._begun:
            asyncio.get_running_loop().call_soon(self._next_turn)
