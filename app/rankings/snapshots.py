"""The current snapshot of every ranking, held in memory as bytes ready to be sent."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Mapping

import msgspec
from litestar.types import HTTPResponseStartEvent, Message

from app.http.answers import etag_of, names_tag
from app.http.compression import LEAST, Coding, coding_of, compress, compressed_headers, with_vary
from app.http.edge import NO_SNIFF
from app.rankings.metrics import FRESH_AT
from app.rankings.pages import encode_page
from app.rankings.snapshot import Snapshot

STALE_AFTER = 180.0
"""Seconds without a word of scoring after which a list is stale: three runs of the job."""

Headers = list[tuple[bytes, bytes]]


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """A whole answer, as bytes and as the ASGI messages that send it."""

    body: bytes
    etag: bytes
    headers: Headers
    """Of its 200."""
    start: Message
    message: Message
    start_304: Message
    good_until: float
    """Unix time from which to look again whether the snapshot has become stale."""
    stale: bool
    codings: dict[Coding, tuple[Message, Message]] = msgspec.field(default_factory=dict)
    """Head and body, compressed, for those codings that were asked for."""

    def matches(self, if_none_match: bytes) -> bool:
        """Tell whether a request's If-None-Match names this answer."""
        return if_none_match == self.etag or names_tag(if_none_match, self.etag)

    def coded(self, accept_encoding: bytes) -> tuple[Message, Message]:
        """Return head and body in the best coding that the caller takes, made once."""
        coding = coding_of(accept_encoding) if len(self.body) >= LEAST else None
        if coding is None:
            return self.start, self.message
        made = self.codings.get(coding)
        if made is None:
            body = compress(self.body, coding)
            headers = compressed_headers(self.headers, coding, len(body))
            made = self.codings[coding] = (
                _start(200, headers),
                {"type": "http.response.body", "body": body, "more_body": False},
            )
        return made


def _start(status: int, headers: Headers) -> HTTPResponseStartEvent:
    return {"type": "http.response.start", "status": status, "headers": [*headers, NO_SNIFF]}


def _content(body: bytes) -> Headers:
    return [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]


class Snapshots:
    """The snapshots this process serves, and the answers made from them so far.

    `max_age` goes into Cache-Control. An answer is encoded when it is first asked for and kept
    until its ranking is swapped or becomes stale. `clock` is Unix time.
    """

    def __init__(self, *, max_age: int, clock: Callable[[], float] = time.time) -> None:
        self.clock = clock
        self.known = False
        """False until Redis or the database has once said what there is."""
        self.changed = asyncio.Event()
        """Set when a list has changed, or is known to hold up to a later moment."""
        self._current: dict[str, Snapshot] = {}
        self._fresh: dict[str, float] = {}
        self._answers: dict[tuple[str, int], Answer] = {}
        self.max_age = f"max-age={max_age}"
        """Of Cache-Control."""

    @property
    def current(self) -> Mapping[str, Snapshot]:
        """The snapshots by ranking."""
        return self._current

    def replace(self, snapshots: Mapping[str, Snapshot]) -> None:
        """Serve exactly these from now on: what is no longer there is dropped."""
        before, self._current, self.known = self._current, dict(snapshots), True
        if any(before.get(name) is not found for name, found in self._current.items()):
            self.changed.set()
        for key in list(self._answers):
            if before.get(key[0]) is not self._current.get(key[0]):
                del self._answers[key]
        for gone in before.keys() - self._current.keys():
            # No number can be late; of several processes, no metric can be taken back.
            FRESH_AT.labels(gone).set(math.nan)
        self._show_freshness()

    def confirm(self, fresh: Mapping[str, float]) -> None:
        """Note up to when (Unix time) each ranking is known to be right."""
        if fresh == self._fresh:
            return
        self._fresh = dict(fresh)
        for key, answer in list(self._answers.items()):
            if answer.stale and not self.is_stale(key[0]):
                del self._answers[key]
        self._show_freshness()

    def age(self, ranking: str) -> float:
        """Return the seconds since the ranking was last known to be right."""
        return self.clock() - self._fresh_at(ranking)

    def is_stale(self, ranking: str) -> bool:
        """Tell whether scoring has stood still; never of a ranking that is not served."""
        return ranking in self._current and self.age(ranking) >= STALE_AFTER

    def answer(self, ranking: str, limit: int) -> Answer | None:
        """Return the first `limit` entries of `ranking`, or None where it has no snapshot."""
        answer = self._answers.get((ranking, limit))
        if answer is not None and self.clock() < answer.good_until:
            return answer
        snapshot = self._current.get(ranking)
        if snapshot is None:
            return None
        answer = self._encode(snapshot, limit)
        self._answers[ranking, limit] = answer
        return answer

    def _show_freshness(self) -> None:
        for ranking in self._current:
            FRESH_AT.labels(ranking).set(self._fresh_at(ranking))

    def _fresh_at(self, ranking: str) -> float:
        as_of = self._current[ranking].as_of.timestamp()
        return max(as_of, self._fresh.get(ranking, as_of))

    def _encode(self, snapshot: Snapshot, limit: int) -> Answer:
        stale = self.is_stale(snapshot.ranking)
        body = encode_page(snapshot, limit=limit, stale=stale)
        # Of the bytes, not of the run: titles change, and a list gets stale, within one run.
        etag = etag_of(body).encode()
        cache = [(b"etag", etag), (b"cache-control", f"public, {self.max_age}".encode())]
        headers = [*_content(body), *cache]
        if len(body) >= LEAST:
            headers = with_vary(headers, b"accept-encoding")
        return Answer(
            body=body,
            etag=etag,
            headers=headers,
            start=_start(200, headers),
            message={"type": "http.response.body", "body": body, "more_body": False},
            start_304=_start(304, with_vary(cache, b"accept-encoding")),
            stale=stale,
            good_until=float("inf") if stale else self._fresh_at(snapshot.ranking) + STALE_AFTER,
        )
