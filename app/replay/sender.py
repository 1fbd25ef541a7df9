"""Sends catalogue entries and events to Groundswell's HTTP API, patiently."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import httpx
import msgspec

from app.errors import InputError, UnavailableError
from app.http.retry_after import seconds_asked
from app.http.wire import Problem
from app.ingest.wire import Accepted, EventIn
from app.items.wire import ItemIn, ItemsWritten

BATCH = 2_000
"""Most events or items of one request; the API's own limit unless it was configured."""
_PASSING = {429, 502, 503, 504}
_LONGEST_WAIT = 10.0
_LONGEST_ASKED = 60.0
"""An API that is overloaded asks for up to 30 seconds."""


class Sender:
    """Sends to one API; what is refused for the moment is sent again, byte for byte.

    Ids are fixed before the first try, so a request whose answer got lost counts once. `patience`
    is how many seconds one request may go on failing; `on_wait` is told why and how long it waits.
    """

    def __init__(
        self,
        client: httpx.AsyncClient,
        *,
        patience: float = math.inf,
        on_wait: Callable[[str, float], None] = lambda _why, _seconds: None,
    ) -> None:
        self._client = client
        self._patience = patience
        self._on_wait = on_wait

    async def put_items(self, items: Sequence[ItemIn]) -> int:
        """Write catalogue entries and return how many the API wrote.

        Raises `UnavailableError` when patience ends, `InputError` when the API refuses them.
        """
        written = 0
        for start in range(0, len(items), BATCH):
            body = await self._send("PUT", "/items", list(items[start : start + BATCH]))
            written += msgspec.json.decode(body, type=ItemsWritten).written
        return written

    async def post_events(self, events: Sequence[EventIn]) -> Accepted:
        """Send at most `BATCH` events and return what became of each; raises like `put_items`."""
        body = await self._send("POST", "/analytics/events", list(events))
        return msgspec.json.decode(body, type=Accepted)

    async def _send(self, method: str, path: str, content: object) -> bytes:
        payload = msgspec.json.encode(content)
        deadline = time.monotonic() + self._patience
        wait = 0.25
        while True:
            try:
                answer = await self._client.request(
                    method, path, content=payload, headers={"content-type": "application/json"}
                )
            except httpx.TransportError as error:
                why, asked = f"{type(error).__name__} {error}".strip(), None
            else:
                if answer.is_success:
                    return answer.content
                why, asked = reason_of(answer), _retry_after(answer)
                if answer.status_code not in _PASSING:
                    raise InputError(f"{method} {path} was refused: {why}")
            pause = wait if asked is None else asked
            if time.monotonic() + pause > deadline:
                raise UnavailableError(f"{self._client.base_url} does not take events: {why}")
            self._on_wait(why, pause)
            await asyncio.sleep(pause)
            wait = min(wait * 2, _LONGEST_WAIT)


def reason_of(answer: httpx.Response) -> str:
    """Return status and detail of a problem+json answer, or its status alone."""
    try:
        problem = msgspec.json.decode(answer.content, type=Problem)
    except msgspec.DecodeError:
        return f"{answer.status_code} {answer.reason_phrase}"
    return f"{answer.status_code} {problem.detail}"


def _retry_after(answer: httpx.Response) -> float | None:
    """Return the seconds the answer asks to wait, bounded."""
    asked = seconds_asked(answer.headers.get("retry-after"), now=datetime.now(UTC))
    return None if asked is None else min(max(asked, 0.05), _LONGEST_ASKED)
