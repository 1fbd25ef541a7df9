"""A thin ASGI layer that answers cached stats, in front of Litestar's router.

It sends what the routes in routes.py would send, and lets everything through to them that is not a
plain hit: other paths and parameters, who shows who they are, and what has to be asked for.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeAlias

from litestar.types import Message, Receive, Scope, Send

from app.errors import CrowdedError, TooManyAtOnceError
from app.http.compression import LEAST, coding_of
from app.http.edge import NO_SNIFF, Edge
from app.http.parameters import DEFAULT_TYPE, MAX_NAME
from app.rankings.hot_path import Served
from app.runtime.outage import REDIS_ERRORS
from app.settings import Settings
from app.stats.batch import MOST_ITEMS, encoded
from app.stats.cache import UNKNOWN
from app.stats.keys import Item

Look: TypeAlias = Callable[[Sequence[Item]], Awaitable[list[bytes | None]]]
"""`StatsCache.served`."""

PATH = "/analytics/stats"

_ID = re.compile("/([A-Za-z0-9_.~-]{1,200})", re.ASCII)
"""Ids that have one spelling in a path."""
_TYPE = re.compile("(?:contentType=([A-Za-z0-9_.~-]{1,200}))?", re.ASCII)
_IDS = re.compile("ids=([A-Za-z0-9_.~,-]+)(?:&contentType=([A-Za-z0-9_.~-]{1,200}))?", re.ASCII)
_SEEN_TO = frozenset((b"accept", b"accept-encoding", b"authorization", b"x-api-key", b"origin"))
"""Headers that change an answer."""
_METHODS = frozenset(("GET", "HEAD"))
_EMPTY: Message = {"type": "http.response.body", "body": b"", "more_body": False}
_KIND = (b"content-type", b"application/json")
_CACHE = (b"cache-control", b"public, no-cache")
_VARY = b"accept-encoding"
_TABLE = re.compile(b"csv|ndjson|jsonl", re.IGNORECASE)
"""In `Accept`: perhaps no JSON is wanted, of several items."""


class StatsHotPath:
    """The ASGI app in front of the `edge`; it answers nothing itself unless `is_open`."""

    def __init__(
        self, edge: Edge, look: Look, served: Served, settings: Settings, *, is_open: bool
    ) -> None:
        self.edge = edge
        self.look = look
        self.served = served
        self._is_open = is_open
        seen_to = set(_SEEN_TO)
        if settings.user_header:
            seen_to.add(settings.user_header.lower().encode())
        if not edge.hosts.are_any:
            seen_to.add(b"host")
        self._seen_to = frozenset(seen_to)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer from Redis, or pass the request on."""
        request: Any = scope
        body = None
        if request["type"] == "http" and self._is_open and request["path"].startswith(PATH):
            body = await self._body_of(request)
        if body is None:
            await self.edge(scope, receive, send)
            return
        self.served.note()
        headers = [(b"content-length", b"%d" % len(body)), _KIND, _CACHE, NO_SNIFF]
        varies = [b"accept"] if request["path"] == PATH else []
        if len(body) >= LEAST:
            varies.append(_VARY)
        if varies:
            headers.append((b"vary", b", ".join(varies)))
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        if request["method"] == "GET":
            await send({"type": "http.response.body", "body": body, "more_body": False})
        else:
            await send(_EMPTY)

    async def _body_of(self, request: Any) -> bytes | None:  # noqa: ANN401  # a scope
        """Return the whole answer, where all of it is there."""
        if request["method"] not in _METHODS or self.edge.stopping.is_asked:
            return None
        items = items_of(request["path"], request["query_string"].decode("latin-1"))
        if not items:
            return None
        for name, value in request["headers"]:
            if name in self._seen_to and not self._changes_nothing(name, value):
                return None
        found = await self._served(request, items)
        if None in found:
            return None
        if request["path"] == PATH:
            return encoded(items, dict(zip(items, found, strict=True)))  # type: ignore[arg-type]
        return None if found[0] == UNKNOWN else found[0]

    def _changes_nothing(self, name: bytes, value: bytes) -> bool:
        if name == b"accept":
            return _TABLE.search(value) is None
        if name == b"accept-encoding":
            return coding_of(value) is None
        return name == b"host" and self.edge.hosts.allow(value)

    async def _served(self, request: Any, items: list[Item]) -> list[bytes | None]:  # noqa: ANN401
        """Return what is served, in the client's turn and within its share."""
        client = self.edge.client_of(request)
        share = self.edge.bounds.requests
        try:
            share.take(client, 1, "requests")
        except (CrowdedError, TooManyAtOnceError):
            return [None]
        try:
            await self.edge.turns.wait(client)
            return await self.look(items)
        except REDIS_ERRORS:
            return [None]
        finally:
            share.give(client, 1)


def items_of(path: str, query: str) -> list[Item]:
    """Return the items that are asked for, where there is one spelling for it only."""
    if path != PATH:
        given = _TYPE.fullmatch(query)
        name = _ID.fullmatch(path, len(PATH))
        return [(given[1] or DEFAULT_TYPE, name[1])] if given and name else []
    if (given := _IDS.fullmatch(query)) is None:
        return []
    names, content_type = given[1].split(","), given[2] or DEFAULT_TYPE
    if len(names) > MOST_ITEMS or not all(1 <= len(name) <= MAX_NAME for name in names):
        return []
    return [(content_type, name) for name in names]
