"""Turn a Kafka message into events: plain JSON by the topic's rules, or a CloudEvent.

Each event has an id, the same however often its message is delivered: the message's own, or one
made of where and when it was published and what it says. A topic that was deleted and made again
counts its offsets anew, so where alone would not do.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any, Protocol
from uuid import UUID, uuid5

import msgspec

from app.http.body import FAULTS, has_nul
from app.http.lenient import plain
from app.http.reasons import reason_of
from app.http.wire import Moment
from app.ingest.cloud_events import NAMESPACE, content_type_of, id_of, type_of
from app.ingest.decode import Decoded
from app.ingest.uuid7 import millisecond_of, timed_id
from app.ingest.wire import EventIn
from app.kafka.mapping import Rules, is_type

MAX_EVENTS = 2_000
"""Most events of one message."""
_CLOUD_EVENTS = ("application/cloudevents+json", "application/cloudevents-batch+json")
_SCHEMA_ID = 5
"""Bytes that serialisers of a schema registry put before JSON: a zero and the schema's number."""
_MISSING = object()

Data = dict[str, Any]


class Message(Protocol):
    """What is used of a message, as aiokafka gives it."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    """Milliseconds since 1970; below 0 where there is none."""
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]


def coordinates_of(message: Message) -> str:
    """Return where a message stands: topic/partition/offset."""
    return f"{message.topic}/{message.partition}/{message.offset}"


def events_of(message: Message, rules: Rules, *, max_event_bytes: int, now: int) -> list[Decoded]:
    """Return the events of a message, each with id and time, or why one is none.

    A message without a value, which only removes its key from a topic, has none. `now` is in
    microseconds since 1970.
    """
    # Null is absent, here too.
    headers = {name.lower(): value for name, value in message.headers if value is not None}
    is_binary = "ce_specversion" in headers
    if message.value is None and not is_binary:
        return []
    value = (message.value or b"").removeprefix(b"\xef\xbb\xbf")
    if value[:1] == b"\0":
        value = value[_SCHEMA_ID:]
    if has_nul(value):
        return ["contains U+0000, which cannot be stored"]
    try:
        given = msgspec.json.decode(value) if value else {}
    except FAULTS as error:
        return [f"no JSON: {reason_of(error)}"]
    is_cloud = headers.get("content-type", b"").startswith(tuple(map(str.encode, _CLOUD_EVENTS)))
    parts = given if isinstance(given, list) else [given]
    if len(parts) > MAX_EVENTS:
        return [f"{len(parts)} events in one message; at most {MAX_EVENTS} are allowed"]
    if len(value) > max_event_bytes * max(1, len(parts)):
        return [f"larger than {max_event_bytes} bytes"]
    source = _Source(message, headers, rules, now)
    return [
        source.event(part, place, is_cloud=is_cloud, is_binary=is_binary)
        for place, part in enumerate(parts)
    ]


class _CloudEvent(msgspec.Struct, frozen=True, kw_only=True):
    """The attributes of a CloudEvent that matter here."""

    id: str
    source: str
    type: str
    subject: str | None = None
    time: Moment | None = None
    data: Data | None = None


class _Source:
    """One message, from which events are made."""

    def __init__(self, message: Message, headers: dict[str, bytes], rules: Rules, now: int) -> None:
        self._message = message
        self._headers = headers
        self._rules = rules
        self._now = now

    def event(self, part: object, place: int, *, is_cloud: bool, is_binary: bool) -> Decoded:
        if not isinstance(part, dict):
            return "expected an object"
        try:
            if is_binary:
                given = self._of_cloud_event(self._binary(part))
            elif is_cloud or {"specversion", "source", "type"} <= part.keys():
                given = self._of_cloud_event(part)
            else:
                given = self._fields_of(part)
                self._set_type(given)
                self._set_own_id(given, part)
            own = given.get("id")
            if own is None:
                given["id"] = self._made_id(place)
            if "occurredAt" not in given and (own is None or millisecond_of(own) is None):
                given["occurredAt"] = self._published_at()
            return msgspec.convert(plain(given, EventIn), EventIn)
        except _FaultError as fault:
            return str(fault)
        except FAULTS as error:
            return self._reason(error)

    def _reason(self, error: Exception) -> str:
        reason = reason_of(error, EventIn)
        field, _, fault = reason.partition(": ")
        if fault == "missing" and (ways := self._rules.paths.get(field)):
            return f"{reason}; looked for {', '.join(text for text, _ in ways)}"
        return reason

    def _fields_of(self, data: Data) -> Data:
        """Return the fields of an event as the rules find them, nulls left out."""
        given: Data = dict(self._rules.defaults)
        used = set()
        for field, ways in self._rules.paths.items():
            if field == "type" and self._rules.type is not None:
                continue
            for text, steps in ways:
                value = self._at(data, text, steps)
                if value is not _MISSING and value is not None:
                    given[field] = _time(value) if field == "occurredAt" else value
                    used.add(text if text in data else steps[0] if steps else text)
                    break
        rest = {
            name: value
            for name, value in data.items()
            if name not in used and not (value is None and name in self._rules.known)
        }
        if self._rules.keeps_rest and rest:
            metadata = given.get("metadata") or {}
            given["metadata"] = {**rest, **metadata} if isinstance(metadata, dict) else metadata
        return given

    def _at(self, data: Data, text: str, steps: tuple[str | int, ...]) -> Any:  # noqa: ANN401
        if text == "@key":
            return _text(self._message.key)
        if text == "@timestamp":
            return self._message.timestamp
        if text.startswith("@header."):
            return _text(self._headers.get(text.removeprefix("@header.").lower()))
        return data[text] if text in data else _within(data, steps)

    def _set_type(self, given: Data) -> None:
        if self._rules.type is not None:
            given["type"] = self._rules.type
            return
        said = given.get("type")
        if not isinstance(said, str):
            return
        known = said if is_type(said) else type_of(said)
        given["type"] = self._rules.types.get(said) or known or said

    def _set_own_id(self, given: Data, data: Data) -> None:
        """Make a UUID of the message's own id, the same each time; take `id` only if it is one."""
        own = given.get("id")
        if own is None and "id" not in self._rules.named and (found := _uuid(data.get("id"))):
            given["id"] = found
            if isinstance(rest := given.get("metadata"), dict):
                rest.pop("id", None)
                if not rest:
                    del given["metadata"]
        elif own is not None:
            if isinstance(own, bool) or not isinstance(own, str | int) or own == "":
                raise _FaultError("id: expected text or a whole number")
            name = str(own)
            given["id"] = _uuid(name) or uuid5(
                NAMESPACE, f"{len(self._rules.name)}:{self._rules.name}{name}"
            )

    def _binary(self, data: Data) -> Data:
        """Return the CloudEvent whose attributes stand in the headers."""
        return {
            **{
                name.removeprefix("ce_"): _text(value)
                for name, value in self._headers.items()
                if name.startswith("ce_")
            },
            "data": data,
        }

    def _of_cloud_event(self, envelope: Data) -> Data:
        cloud = msgspec.convert({**envelope, "data": envelope.get("data") or {}}, _CloudEvent)
        data = cloud.data or {}
        given = self._fields_of(data)
        event_type = self._rules.types.get(cloud.type) or type_of(cloud.type) or self._rules.type
        if event_type is None:
            raise _FaultError(f"type: {cloud.type[:100]!r} says nothing of what happened")
        given["type"] = event_type
        given["id"] = id_of(cloud.source, cloud.id)
        if cloud.time is not None and "occurredAt" not in self._rules.named:
            given["occurredAt"] = cloud.time
        if cloud.subject is not None and "contentId" not in self._rules.named:
            given["contentId"] = cloud.subject
        if content_type := content_type_of(cloud.type):
            given.setdefault("contentType", content_type)
        return given

    def _made_id(self, place: int) -> UUID:
        message = self._message
        digest = blake2b(digest_size=10)
        for part in (
            f"{coordinates_of(message)}/{message.timestamp}/{place}".encode(),
            message.key or b"",
            message.value or b"",
        ):
            digest.update(len(part).to_bytes(8, "big") + part)
        return UUID(bytes=timed_id(max(0, message.timestamp), digest.digest()))

    def _published_at(self) -> datetime:
        if self._message.timestamp > 0:
            return datetime.fromtimestamp(self._message.timestamp / 1_000, UTC)
        return datetime.fromtimestamp(self._now / 1_000_000, UTC)


class _FaultError(ValueError):
    """What is wrong with an event, in its sender's terms."""


def _within(found: Any, steps: tuple[str | int, ...]) -> Any:  # noqa: ANN401  # any JSON
    for step in steps:
        try:
            found = found[step]
        except (KeyError, IndexError, TypeError):
            return _MISSING
    return found


def _time(value: object) -> object:
    """Return the time that a number stands for, in seconds, milli-, micro- or nanoseconds."""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    size = abs(value)
    seconds = value / next(
        (unit for most, unit in ((1e11, 1), (1e14, 1e3), (1e17, 1e6)) if size < most), 1e9
    )
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        raise _FaultError("occurredAt: expected an RFC 3339 time or seconds since 1970") from None


def _uuid(value: object) -> UUID | None:
    if not isinstance(value, str):
        return None
    try:
        return UUID(value)
    except ValueError:
        return None


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode("utf-8")
