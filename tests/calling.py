"""One request to an ASGI application, piece by piece, as a slow or a listening caller makes it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

App = Callable[..., Awaitable[None]]


class Call:
    """A request that has begun; `say` sends a part of its body, `hang_up` ends it."""

    def __init__(
        self,
        app: App,
        method: str,
        path: str,
        *,
        query: str = "",
        headers: dict[str, str] | None = None,
        peer: str = "127.0.0.1",
    ) -> None:
        self._to_app: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.status = 0
        self.headers: dict[str, str] = {}
        self.body = b""
        self.begun = asyncio.Event()
        given = {"host": "localhost", **(headers or {})}
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method,
            "scheme": "http", "path": path, "raw_path": path.encode(),
            "query_string": query.encode(), "root_path": "", "server": ("127.0.0.1", 80),
            "headers": [(name.encode(), value.encode()) for name, value in given.items()],
            "client": (peer, 1), "state": {},
        }  # fmt: skip
        self.task = asyncio.ensure_future(app(scope, self._to_app.get, self._hear))

    async def _hear(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
            self.begun.set()
        else:
            self.body += message.get("body", b"")
            if not message.get("more_body"):
                # As servers do: nothing more is to come of this caller.
                self.hang_up()

    def say(self, part: bytes = b"", *, more: bool = False) -> None:
        self._to_app.put_nowait({"type": "http.request", "body": part, "more_body": more})

    def hang_up(self) -> None:
        self._to_app.put_nowait({"type": "http.disconnect"})

    async def ended(self) -> tuple[int, str]:
        """Wait for the end of the answer; return its status and the last part of its type."""
        async with asyncio.timeout(20):
            await self.task
        kind = json.loads(self.body).get("type", "") if self.status >= 400 else ""
        return self.status, kind.rpartition("/")[2]
