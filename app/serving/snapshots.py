"""The current snapshot of every ranking, held in memory as bytes ready to be sent."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Literal

import msgspec

from app.database.runs import Run
from app.wire import Trending, TrendingItem, Window

STALE_AFTER = 180.0
"""Seconds after which a snapshot is called stale: three of the one-minute intervals of the job."""

Headers = list[tuple[bytes, bytes]]


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """A run's ranking, each item already encoded as JSON; its MessagePack is the blob in Redis."""

    ranking: str
    window: Window
    run_id: int
    as_of: datetime
    items: list[bytes]
    """JSON of one `TrendingItem` each, best first."""
    version: Literal[1] = 1
    """Of this layout: another one is not decoded but loaded from the database."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """A whole answer, with the headers of its 200 and of its 304."""

    body: bytes
    etag: bytes
    headers: Headers
    headers_304: Headers
    good_until: float
    """Unix time from which the body is wrong, because the snapshot has become stale."""

    def matches(self, if_none_match: bytes) -> bool:
        """Tell whether a request's If-None-Match names this answer (RFC 9110 13.1.2)."""
        if if_none_match == self.etag:
            return True
        tags = (tag.strip().removeprefix(b"W/") for tag in if_none_match.split(b","))
        return any(tag in (self.etag, b"*") for tag in tags)


def encode_snapshot(run: Run, items: list[TrendingItem]) -> Snapshot:
    """Encode each item once; every answer and every process reuses the bytes."""
    encode = msgspec.json.Encoder().encode
    return Snapshot(
        ranking=run.ranking,
        window=run.window,
        run_id=run.run_id,
        as_of=run.as_of.astimezone(UTC),
        items=[encode(item) for item in items],
    )


def pack(snapshot: Snapshot) -> bytes:
    """Return the blob that the publisher stores in Redis."""
    return msgspec.msgpack.encode(snapshot)


def unpack(blob: bytes) -> Snapshot:
    """Return the snapshot of a blob.

    Raises `msgspec.DecodeError` for anything that `pack` of this version did not make.
    """
    return msgspec.msgpack.decode(blob, type=Snapshot)


class Snapshots:
    """The snapshots this process serves, and the answers made from them so far.

    `max_age` goes into Cache-Control. An answer is encoded when it is first asked for and kept
    until its ranking is swapped or becomes stale. `clock` is Unix time.
    """

    def __init__(self, *, max_age: int, clock: Callable[[], float] = time.time) -> None:
        self.clock = clock
        self.known = False
        """False until Redis or the database has once said what there is."""
        self._current: dict[str, Snapshot] = {}
        self._answers: dict[tuple[str, int], Answer] = {}
        self._cache_control = b"public, max-age=%d" % max_age

    @property
    def current(self) -> Mapping[str, Snapshot]:
        """The snapshots by ranking."""
        return self._current

    def replace(self, snapshots: Mapping[str, Snapshot]) -> None:
        """Serve exactly these from now on: what is no longer there is dropped."""
        before, self._current, self.known = self._current, dict(snapshots), True
        for key in list(self._answers):
            if before.get(key[0]) is not self._current.get(key[0]):
                del self._answers[key]

    def age(self, ranking: str) -> float:
        """Return the seconds since the ranking was computed."""
        return self.clock() - self._current[ranking].as_of.timestamp()

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

    def _encode(self, snapshot: Snapshot, limit: int) -> Answer:
        stale_from = snapshot.as_of.timestamp() + STALE_AFTER
        stale = self.clock() >= stale_from
        body = _body(snapshot, limit, stale=stale)
        # A stale body differs from the fresh one of the same run, and so must its tag.
        etag = b'"%d-%d%s"' % (snapshot.run_id, limit, b"-stale" if stale else b"")
        cache = [(b"etag", etag), (b"cache-control", self._cache_control)]
        return Answer(
            body=body,
            etag=etag,
            headers=[
                (b"content-type", b"application/json"),
                (b"content-length", b"%d" % len(body)),
                *cache,
            ],
            headers_304=cache,
            good_until=float("inf") if stale else stale_from,
        )


def _body(snapshot: Snapshot, limit: int, *, stale: bool) -> bytes:
    head = Trending(
        ranking=snapshot.ranking,
        window=snapshot.window,
        run_id=snapshot.run_id,
        as_of=snapshot.as_of,
        stale=stale,
        items=[],
    )
    # `items` is the last field: the encoded items go between its brackets.
    return msgspec.json.encode(head)[:-2] + b",".join(snapshot.items[:limit]) + b"]}"
