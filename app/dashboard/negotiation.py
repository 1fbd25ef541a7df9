"""Pages that share their address with a route of the API: who asks for HTML gets the page."""

from __future__ import annotations

from typing import Any

from litestar.types import ASGIApp, Message, Receive, Scope, Send

SHARED = {"/alerts": "/pages/alerts"}
"""Where the page of such an address is routed to."""
_VARY = (b"vary", b"accept")


class Negotiated:
    """The ASGI app around `app` that looks at Accept where an address is shared.

    Programs ask for `*/*` or for JSON, browsers that are led to a page name `text/html`.
    """

    def __init__(self, app: ASGIApp, shared: dict[str, str] = SHARED) -> None:
        self.app = app
        self.shared = shared

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, to the page where HTML is meant."""
        request: Any = scope
        to = self.shared.get(request["path"]) if request["type"] == "http" else None
        if to is None or request["method"] != "GET":
            await self.app(scope, receive, send)
            return

        async def send_varied(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], _VARY]}
            await send(message)

        if _names_html(request["headers"]):
            request = {**request, "path": to, "raw_path": to.encode()}
        await self.app(request, receive, send_varied)


def _names_html(headers: list[tuple[bytes, bytes]]) -> bool:
    return any(
        name == b"accept" and b"text/html" in value[:1_000].lower() for name, value in headers
    )
