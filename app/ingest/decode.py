"""Decode a request's events, each on its own where one is bad, so that it never sinks the others.

A decoded event is an `EventIn`; a bad one is the reason, a text in the caller's terms.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TypeAlias

import msgspec

from app.errors import BadRequestError, TooLargeError
from app.http.body import FAULTS, NUL
from app.http.reasons import reason_of
from app.ingest.cloud_events import decode_cloud_event
from app.ingest.wire import ActionIn, EventIn, EventType

Decoded: TypeAlias = EventIn | str


_decode_event = msgspec.json.Decoder(EventIn).decode
_decode_events = msgspec.json.Decoder(list[EventIn]).decode
_decode_action = msgspec.json.Decoder(ActionIn).decode
_decode_raws = msgspec.json.Decoder(list[msgspec.Raw]).decode
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{},]', re.DOTALL)
_NDJSON = {"application/x-ndjson", "application/ndjson", "application/jsonl"}
_CLOUD_EVENTS = {"application/cloudevents+json", "application/cloudevents-batch+json"}

_DecodeOne: TypeAlias = Callable[[bytes], Decoded]


def decode_body(
    body: bytes, *, media_type: str, max_events: int, max_event_bytes: int
) -> list[Decoded]:
    """Return the events of `body` in order: one object, an array, or NDJSON (empty lines skipped).

    Any media type but those of NDJSON and CloudEvents is taken for JSON: pages may only send text.
    Raises `BadRequestError` where no events can be told apart, `TooLargeError` for too many.
    """
    media_type = media_type.partition(";")[0].strip().lower()
    if media_type in _NDJSON:
        lines = [line for line in body.split(b"\n") if line.strip()]
        return _decode_each(lines, max_events, max_event_bytes)
    decode = decode_cloud_event if media_type in _CLOUD_EVENTS else _decode_event
    start = body.lstrip()[:1]
    if start == b"{":
        if isinstance(event := _decode_one(body, max_event_bytes, decode), str):
            _require_json(body)
        return [event]
    if start != b"[":
        raise BadRequestError("the body is not JSON: expected an event object or an array of them")
    return _decode_array(body, max_events, max_event_bytes, decode)


def decode_action(body: bytes, *, event_type: EventType, content_id: str) -> Decoded:
    """Return the event that an empty body or an `ActionIn` makes of one content id.

    Raises `BadRequestError` for a body that is not JSON.
    """
    if not body.strip():
        return EventIn(type=event_type, content_id=content_id)
    if NUL.search(body):
        return "contains U+0000, which cannot be stored"
    try:
        action = _decode_action(body)
    except FAULTS as error:
        _require_json(body)
        return reason_of(error, EventIn)
    return EventIn(
        type=event_type,
        content_id=content_id,
        content_type=action.content_type or "video",
        id=action.id,
        occurred_at=action.occurred_at,
        user_id=action.user_id,
        session_id=action.session_id,
        user_agent=action.user_agent,
        metadata=action.metadata,
    )


def _decode_array(
    body: bytes, max_events: int, max_event_bytes: int, decode: _DecodeOne
) -> list[Decoded]:
    if decode is _decode_event and len(body) <= max_event_bytes and b"\\u0000" not in body:
        try:
            events = _decode_events(body)
        except FAULTS:
            pass
        else:
            _check_number(len(events), max_events)
            return list(events)
    try:
        raws: list[msgspec.Raw] | list[bytes] = _decode_raws(body)
    except FAULTS as error:
        # One event's broken text (a lone surrogate, say) must not take the others with it.
        raws = _split_array(body, error)
    return _decode_each(raws, max_events, max_event_bytes, decode)


def _decode_each(
    raws: list[msgspec.Raw] | list[bytes],
    max_events: int,
    max_event_bytes: int,
    decode: _DecodeOne = _decode_event,
) -> list[Decoded]:
    _check_number(len(raws), max_events)
    pieces: Iterable[msgspec.Raw | bytes] = raws
    return [_decode_one(bytes(memoryview(piece)), max_event_bytes, decode) for piece in pieces]


def _decode_one(piece: bytes, max_event_bytes: int, decode: _DecodeOne) -> Decoded:
    if len(piece) > max_event_bytes:
        return f"larger than {max_event_bytes} bytes"
    if b"\\u0000" in piece and NUL.search(piece):
        return "contains U+0000, which cannot be stored"
    try:
        return decode(piece)
    except FAULTS as error:
        return reason_of(error, EventIn)


def _split_array(body: bytes, fault: Exception) -> list[bytes]:
    """Return the elements of a JSON array by its brackets alone, or raise `BadRequestError`."""
    pieces: list[bytes] = []
    depth = start = 0
    for token in _TOKEN.finditer(body):
        match token[0]:
            case b"[" | b"{":
                depth += 1
                if depth == 1:
                    start = token.end()
            case b"]" | b"}":
                depth -= 1
                if depth == 0:
                    if token[0] != b"]" or body[token.end() :].strip():
                        break
                    pieces.append(body[start : token.start()])
                    return pieces
            case b"," if depth == 1:
                pieces.append(body[start : token.start()])
                start = token.end()
            case _:
                pass
    raise BadRequestError(f"the body is not JSON: {reason_of(fault)}")


def _require_json(body: bytes) -> None:
    try:
        msgspec.json.decode(body)
    except RecursionError:
        return
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BadRequestError(f"the body is not JSON: {reason_of(error, EventIn)}") from error


def _check_number(number: int, max_events: int) -> None:
    if number > max_events:
        raise TooLargeError(f"{number} events in one request; at most {max_events} are allowed")
