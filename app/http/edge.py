"""What is done for every request around the router: bounds, names, HEAD, compression, paths."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from litestar import Request
from litestar.datastructures import State
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import CrowdedError, TooManyAtOnceError, UnknownPathError, WrongHostError
from app.http.bounds import Bounds, Holding
from app.http.compression import Compressed
from app.http.hosts import Hosts
from app.http.parameters import ENCODED_PATH
from app.http.problems import problem_messages
from app.http.turns import Turns
from app.runtime.stopping import Stopping

HEALTH = "/health/"
"""Who asks here is answered however crowded it is, and by whatever name."""
NO_SNIFF = (b"x-content-type-options", b"nosniff")

_AT_END = "groundswell_at_end"
_EMPTY: Message = {"type": "http.response.body", "body": b"", "more_body": False}
_CLOSE = (b"connection", b"close")


def at_end(request: Request[Any, Any, State], do: Callable[[], None]) -> None:
    """Have something done when a request is over, however it ends and whatever was sent of it."""
    request.scope["state"][_AT_END].append(do)


class Edge:
    """The ASGI app around `app`.

    A server decodes `%2F` and a router then sees two segments: what is routed is the path as it
    came, and each segment is decoded by itself afterwards. HEAD is answered by what answers GET.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        bounds: Bounds,
        hosts: Hosts,
        stopping: Stopping,
        client_of: Callable[[Scope], str],
    ) -> None:
        self.app = app
        self.bounds = bounds
        self.hosts = hosts
        self.stopping = stopping
        self.client_of = client_of
        self.turns = Turns()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        request: Any = scope
        if request["type"] != "http":
            await self.app(scope, receive, send)
            return
        send = self._labelled(send)
        if request["path"].startswith(HEALTH):
            await self._pass(request, receive, send)
            return
        client = self.client_of(scope)
        holding = Holding(self.bounds, client, receive)
        try:
            self._check(request)
            holding.begin()
            await self.turns.wait(client)
            await self._pass(request, holding.receive, send)
        except (UnknownPathError, WrongHostError, CrowdedError, TooManyAtOnceError) as error:
            for message in problem_messages(error, request["path"]):
                await send(message)
        finally:
            holding.end()

    def _check(self, request: Any) -> None:  # noqa: ANN401  # a scope
        if not self.hosts.are_any:
            for name, value in request["headers"]:
                if name == b"host" and not self.hosts.allow(value):
                    raise WrongHostError(
                        f"{value.decode('latin-1')[:100]!r} is none of GROUNDSWELL_ALLOWED_HOSTS"
                    )
        if b"//" in _raw_path(request):
            # A router that folds it answers what a proxy has closed by its prefix.
            raise UnknownPathError("no path has an empty segment")

    async def _pass(self, request: Any, receive: Receive, send: Send) -> None:  # noqa: ANN401
        raw = _raw_path(request)
        ends: list[Callable[[], None]] = []
        request = {**request, "state": {**request.get("state", {}), _AT_END: ends}}
        if b"%" in raw:
            request["path"] = raw.decode("latin-1")
            request["state"][ENCODED_PATH] = True
        if request["method"] == "HEAD":
            request["method"], receive, send = "GET", _gone, _bodiless(send)
        try:
            await self.app(request, receive, Compressed(request, send))
        finally:
            for end in ends:
                end()

    def _labelled(self, send: Send) -> Send:
        """Return a `send` that adds what stands in the head of every answer."""

        async def send_labelled(message: Message) -> None:
            if message["type"] == "http.response.start":
                labels = [NO_SNIFF, _CLOSE] if self.stopping.is_asked else [NO_SNIFF]
                message = {**message, "headers": [*message["headers"], *labels]}
            await send(message)

        return send_labelled


def _raw_path(request: Any) -> bytes:  # noqa: ANN401  # a scope
    raw: bytes = request.get("raw_path") or request["path"].encode()
    return raw.partition(b"?")[0]


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
