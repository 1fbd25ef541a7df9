"""What is done for every request around the router: HEAD, compression, and paths as they came."""

from __future__ import annotations

import asyncio
from typing import Any

from litestar.types import ASGIApp, Message, Receive, Scope, Send

from app.http.compression import Compressed

ENCODED_PATH = "groundswell_encoded_path"
"""Set where the path that is routed is still percent-encoded."""

_EMPTY: Message = {"type": "http.response.body", "body": b"", "more_body": False}


class Edge:
    """The ASGI app around `app`.

    A server decodes `%2F` and a router then sees two segments: what is routed is the path as it
    came, and each segment is decoded by itself afterwards. HEAD is answered by what answers GET.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        request: Any = scope
        if request["type"] != "http":
            await self.app(scope, receive, send)
            return
        raw = request.get("raw_path") or b""
        if b"%" in raw:
            state = {**request.get("state", {}), ENCODED_PATH: True}
            request = {**request, "path": raw.partition(b"?")[0].decode("latin-1"), "state": state}
        if request["method"] == "HEAD":
            request, receive, send = {**request, "method": "GET"}, _gone, _bodiless(send)
        await self.app(request, receive, Compressed(request, send))


def _bodiless(send: Send) -> Send:
    """Return a `send` that leaves the body out."""

    async def send_head(message: Message) -> None:
        if message["type"] == "http.response.start":
            await send(message)
            await send(_EMPTY)

    return send_head


async def _gone() -> Any:  # noqa: ANN401  # a message
    """Be the caller who waits for nothing: an endless answer ends after its head."""
    await asyncio.sleep(0)
    return {"type": "http.disconnect"}
