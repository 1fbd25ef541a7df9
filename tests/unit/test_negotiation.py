"""Who names HTML gets the page, everybody else the API."""

from __future__ import annotations

from typing import Any

import pytest
from litestar.types import Message, Receive, Scope, Send

from app.dashboard.negotiation import Negotiated

BROWSER = b"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


async def routed(method: str, path: str, accept: bytes | None) -> tuple[str, list[Any]]:
    """Return where a request is routed to, and the headers of its answer."""
    seen: list[str] = []
    sent: list[Message] = []

    async def app(scope: Scope, _receive: Receive, send: Send) -> None:
        seen.append(scope["path"])
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def receive() -> Any:
        raise AssertionError

    async def send(message: Message) -> None:
        sent.append(message)

    headers = [] if accept is None else [(b"accept", accept)]
    scope: Any = {"type": "http", "method": method, "path": path, "headers": headers}
    await Negotiated(app, {"/alerts": "/pages/alerts"})(scope, receive, send)
    return seen[0], list(sent[0]["headers"])  # type: ignore[typeddict-item]


@pytest.mark.parametrize(
    ("method", "path", "accept", "expected"),
    [
        ("GET", "/alerts", BROWSER, "/pages/alerts"),
        ("GET", "/alerts", b"*/*", "/alerts"),
        ("GET", "/alerts", b"application/json", "/alerts"),
        ("GET", "/alerts", None, "/alerts"),
        ("POST", "/alerts", BROWSER, "/alerts"),
        ("GET", "/alerts/1", BROWSER, "/alerts/1"),
    ],
)
async def test_accept_decides_where_an_address_is_shared(
    method: str, path: str, accept: bytes | None, expected: str
) -> None:
    to, headers = await routed(method, path, accept)
    assert to == expected
    is_shared = method == "GET" and path == "/alerts"
    assert headers == ([(b"vary", b"accept")] if is_shared else [])
