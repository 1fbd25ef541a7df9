"""A thin ASGI layer that answers trending from memory, in front of Litestar's router.

It sends what the route in trending_routes.py would send, and lets everything through to it that is
not a plain hit: other paths and methods, odd or wrong queries, no snapshot yet.
"""

from __future__ import annotations

import asyncio
from typing import Any, Literal, get_args

from litestar import Litestar
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from prometheus_client import Counter

from app.http.edge import Edge
from app.http.parameters import MAX_LIMIT
from app.rankings.metrics import FROM_MEMORY
from app.rankings.snapshots import Snapshots

PATH = "/analytics/trending"
TrendingWindow = Literal["1h", "24h", "7d", "30d", "all"]
WINDOWS: tuple[TrendingWindow, ...] = get_args(TrendingWindow)
DEFAULT_WINDOW: TrendingWindow = "24h"
DEFAULT_LIMIT = 10
REPORT_SECONDS = 1.0
"""How long the metric may lag behind: moving it on costs more than an answer may."""


def ranking_of(window: str) -> str:
    """Return the name of the ranking that answers for `window`."""
    return f"trending_{window}"


def plain_queries() -> dict[bytes, tuple[str, int]]:
    """Return every query string that has one spelling only, with its ranking and limit.

    About 1,200: each window and each limit, in both orders, either left out.
    """
    queries = {b"": (ranking_of(DEFAULT_WINDOW), DEFAULT_LIMIT)}
    for limit in range(1, MAX_LIMIT + 1):
        queries[b"limit=%d" % limit] = (ranking_of(DEFAULT_WINDOW), limit)
        for window in WINDOWS:
            name = window.encode()
            queries[b"window=%s&limit=%d" % (name, limit)] = (ranking_of(window), limit)
            queries[b"limit=%d&window=%s" % (limit, name)] = (ranking_of(window), limit)
    for window in WINDOWS:
        queries[b"window=%s" % window.encode()] = (ranking_of(window), DEFAULT_LIMIT)
    return queries


class Served:
    """How many answers were given in front of the router, and the metric that tells it."""

    def __init__(self, metric: Counter = FROM_MEMORY) -> None:
        self.count = 0
        self._metric = metric
        self._reported = 0
        self._report: asyncio.TimerHandle | None = None

    def note(self) -> None:
        """Count an answer; the metric follows within a second."""
        self.count += 1
        if self._report is None:
            loop = asyncio.get_running_loop()
            self._report = loop.call_later(REPORT_SECONDS, self.report)

    def report(self) -> None:
        """Add what was served since the last time to the metric."""
        self._metric.inc(self.count - self._reported)
        self._reported, self._report = self.count, None


class HotPath:
    """The ASGI app in front of `app`, the `edge` around it, and what else is in front of that.

    It answers nothing itself unless `is_open`: only the router knows who may read.
    """

    def __init__(  # noqa: PLR0913  # what it stands in front of, and what it answers with
        self,
        app: Litestar,
        edge: Edge,
        snapshots: Snapshots,
        served: Served,
        *,
        then: ASGIApp | None = None,
        is_open: bool,
    ) -> None:
        self.app = app
        self.edge = edge
        self.then = then or edge
        self.snapshots = snapshots
        self.served = served
        self._queries = plain_queries() if is_open else {}
        self._seen_to = _SEEN_TO if edge.hosts.are_any else _SEEN_TO | {b"host"}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer from memory, or pass the request on."""
        request: Any = scope
        answer, seen_to = None, self._seen_to
        if request["type"] == "http" and request["path"] == PATH and request["method"] in _METHODS:
            query = self._queries.get(request["query_string"])
            if query is not None and not self.edge.stopping.is_asked:
                answer = self.snapshots.answer(*query)
        if answer is None:
            await self.then(scope, receive, send)
            return
        known, start, message = False, answer.start, answer.message
        for name, value in request["headers"]:
            if name in seen_to:
                if name == b"accept-encoding":
                    start, message = answer.coded(value)
                elif name == b"if-none-match":
                    known = known or answer.matches(value)
                elif name != b"host" or not self.edge.hosts.allow(value):
                    # The router knows which keys are wrong, and says so even where none is needed.
                    await self.edge(scope, receive, send)
                    return
        self.served.note()
        if known:
            await send(answer.start_304)
            await send(_EMPTY)
            return
        await send(start)
        await send(message if request["method"] == "GET" else _EMPTY)


_METHODS = frozenset(("GET", "HEAD"))
_SEEN_TO = frozenset(
    (b"accept-encoding", b"if-none-match", b"authorization", b"x-api-key", b"origin")
)
"""Headers that change an answer."""
_EMPTY: Message = {"type": "http.response.body", "body": b"", "more_body": False}
