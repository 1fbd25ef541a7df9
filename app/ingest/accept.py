"""Accept events: check what decoding cannot, and freeze each one's id and time once and for all."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from app.access.bounds import MAX_AHEAD_SECONDS, OPEN, Bounds
from app.http.wire import MAX_DEPTH, TOO_DEEP, id_text, is_too_deep
from app.ingest.bots import bot_of
from app.ingest.decode import Decoded
from app.ingest.packing import CONFLICT, TYPE_NUMBERS, PackedEvent, fingerprint_of
from app.ingest.raw_retention import RawRetention
from app.ingest.retention import DEFAULT, EARLIEST
from app.ingest.sender import ANYBODY, Sender
from app.ingest.uuid7 import millisecond_of, within
from app.ingest.wire import EventIn, Rejection, Uncounted
from app.runtime.moments import microseconds

_NOBODYS = {0, (1 << 128) - 1}
_WATCH_TIME = TYPE_NUMBERS["watch_time"]
_TAKES_BACK = {TYPE_NUMBERS["unlike"], TYPE_NUMBERS["uncomment"]}
_encode = msgspec.json.Encoder().encode


class Outcome(msgspec.Struct, kw_only=True):
    """What became of a request's events."""

    accepted: list[PackedEvent] = []
    indexes: list[int] = []
    """Where in the request each accepted event stood."""
    rejected: list[Rejection] = []
    uncounted: list[Uncounted] = []
    """Of the accepted: what will be kept but not counted, and why."""
    used: dict[bytes, int] = {}
    """What each of the callers' ids stands for."""

    def accept(self, index: int, packed: PackedEvent) -> None:
        """Add an event that stood there in the request."""
        self.accepted.append(packed)
        self.indexes.append(index)
        if packed.uncounted_because is not None:
            self.uncounted.append(Uncounted(index=index, reason=packed.uncounted_because))


class Acceptor:
    """Turn decoded events into packed ones, ready to be stored as they are."""

    def __init__(self, *, max_future_seconds: float, new_id: Callable[[int], bytes]) -> None:
        self._max_future = round(max_future_seconds * 1_000_000)
        self._new_id = new_id
        self._oldest = self._closed = 0
        self._closed_before = EARLIEST

    def accept(
        self,
        events: list[Decoded],
        *,
        now: int,
        sender: Sender = ANYBODY,
        kept: RawRetention = DEFAULT,
        into: Outcome | None = None,
    ) -> Outcome:
        """Give every event its outcome; `now` is in microseconds since 1970.

        With `into`, they follow those of the same request that it has already.

        What is older than raw events are `kept` is refused, unless the sender backfills; what is
        older than those that are left, always.
        """
        self._closed_before = max(EARLIEST, kept.closed_before)
        self._closed = self._oldest = microseconds(self._closed_before)
        if kept.keep_seconds is not None and not sender.backfills:
            self._oldest = max(self._oldest, now - round(kept.keep_seconds * 1_000_000))
        outcome = Outcome() if into is None else into
        first = len(outcome.indexes) + len(outcome.rejected)
        for index, event in enumerate(events, first):
            packed = event if isinstance(event, str) else self._freeze(event, now, sender)
            if not isinstance(packed, str) and packed.claims:
                mine = fingerprint_of(packed)
                if outcome.used.setdefault(packed.event_id, mine) != mine:
                    packed = CONFLICT
            if isinstance(packed, str):
                outcome.rejected.append(Rejection(index=index, reason=packed))
            else:
                outcome.accept(index, packed)
        return outcome

    def _freeze(self, event: EventIn, now: int, sender: Sender) -> PackedEvent | str:
        type_number = TYPE_NUMBERS[event.type]
        if (event.seconds is None) == (type_number == _WATCH_TIME):
            return "seconds: " + ("missing" if event.seconds is None else "only for watch_time")
        metadata = None
        if event.metadata:
            metadata = _encode(event.metadata)
            if _may_be_deep(metadata) and is_too_deep(event.metadata):
                return f"metadata: {TOO_DEEP}"
        identifier = event.id
        if identifier is None:
            event_id = self._new_id(now // 1_000)
        elif identifier.int in _NOBODYS:
            return "id: the nil and the max UUID are nobody's own"
        else:
            event_id = (
                within(sender.namespace, identifier) if sender.namespace else identifier.bytes
            )
        occurred_at = self._time_of(event, now, sender.bounds)
        if isinstance(occurred_at, str):
            return occurred_at
        # A clock that runs ahead wins nothing: what comes has happened.
        occurred_at = min(occurred_at, now)
        if sender.bounds is not OPEN and (fault := _excess(event, type_number, sender.bounds)):
            return fault
        viewer = sender.viewer
        is_named = event.user_id is not None or event.session_id is not None
        if is_named and not sender.bounds.derives_viewer:
            viewer = None
        return PackedEvent(
            event_id=event_id,
            occurred_at=occurred_at,
            content_type=event.content_type,
            content_id=id_text(event.content_id),
            type=type_number,
            count=event.count,
            seconds=event.seconds,
            user_id=None if event.user_id is None else id_text(event.user_id),
            session_id=None if event.session_id is None else id_text(event.session_id),
            metadata=metadata,
            claims=identifier is not None,
            uncounted_because=sender.bot
            or (event.user_agent and bot_of(event.user_agent, library_may=sender.has_key))
            or None,
            viewer=viewer,
        )

    def _time_of(self, event: EventIn, now: int, bounds: Bounds) -> int | str:
        """Return when the event happened, or why that cannot be."""
        if event.occurred_at is not None:
            occurred_at = microseconds(event.occurred_at)
            fault = self._time_fault(occurred_at, now) or _far_from(now, occurred_at, bounds)
            return f"occurredAt is {fault}" if fault else occurred_at
        millisecond = None if event.id is None else millisecond_of(event.id)
        # A viewer's clock may be wrong, and what is bounded comes as it happens.
        if millisecond is None or _far_from(now, millisecond * 1_000, bounds):
            return now
        fault = self._time_fault(millisecond * 1_000, now)
        return f"id: the time inside it is {fault}" if fault else millisecond * 1_000

    def _time_fault(self, occurred_at: int, now: int) -> str | None:
        if occurred_at - now > self._max_future:
            ahead, allowed = _span(occurred_at - now), _span(self._max_future)
            return f"{ahead} in the future; at most {allowed} is allowed"
        if occurred_at >= self._oldest:
            return None
        # In microseconds: the year 1 in a zone ahead of UTC is before any datetime.
        if occurred_at < self._closed:
            if self._closed_before == EARLIEST:
                return f"before {EARLIEST.date()}, the earliest allowed"
            return f"before {self._closed_before.date()}, up to which events have been dropped"
        kept = _span(now - self._oldest)
        return f"more than {kept} ago, for which events are kept; only a backfill may send it"


def _far_from(now: int, occurred_at: int, bounds: Bounds) -> str | None:
    if bounds.max_age_seconds is None:
        return None
    allowed = "is allowed to this key"
    if now - occurred_at > bounds.max_age_seconds * 1_000_000:
        most = _span(bounds.max_age_seconds * 1_000_000)
        return f"{_span(now - occurred_at)} ago; at most {most} {allowed}"
    if occurred_at - now > MAX_AHEAD_SECONDS * 1_000_000:
        most = _span(MAX_AHEAD_SECONDS * 1_000_000)
        return f"{_span(occurred_at - now)} in the future; at most {most} {allowed}"
    return None


def _excess(event: EventIn, type_number: int, bounds: Bounds) -> str | None:
    if bounds.max_count is not None and event.count > bounds.max_count:
        return f"count: at most {bounds.max_count} is allowed to this key"
    if bounds.takes_back == "nothing" and type_number in _TAKES_BACK:
        return "type: this key takes nothing back"
    most = bounds.max_watch_seconds
    if event.seconds is not None and most is not None and event.seconds * event.count > most:
        return f"seconds: at most {most} at once is allowed to this key"
    return None


def _span(microseconds: int) -> str:
    seconds = microseconds / 1_000_000
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.1f}".removesuffix(".0") + f" {unit}"
    return f"{seconds:.1f}".removesuffix(".0") + " s"


def _may_be_deep(encoded: bytes) -> bool:
    return encoded.count(b"{") + encoded.count(b"[") > MAX_DEPTH
