"""Decode a request's events, each on its own where one is bad, so that it never sinks the others.

A decoded event is an `EventIn`; a bad one is the reason, a text in the caller's terms.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import count, islice
from typing import TypeAlias

import msgspec

from app.errors import BadRequestError, TooLargeError
from app.http import lenient
from app.http.body import FAULTS, check_containers, has_nul
from app.http.reasons import reason_of
from app.ingest.cloud_events import decode_cloud_event
from app.ingest.wire import ActionIn, EventIn, EventType
from app.runtime.slices import Pause, never

Decoded: TypeAlias = EventIn | str


_EVENT = msgspec.json.Decoder(EventIn)
_ACTION = msgspec.json.Decoder(ActionIn)
_decode_events = msgspec.json.Decoder(list[EventIn]).decode
_decode_raws = msgspec.json.Decoder(list[msgspec.Raw]).decode
_decode_raw = msgspec.json.Decoder(msgspec.Raw).decode
# What never gives back what it has matched takes time that is linear in the body, whatever it is. A
# string that does not end is one, too: to begin anew at each of its quotes would not be linear.
_STRING = rb'"(?:[^"\\]++|(?:\\.)++)*+"?'
_TOP_TOKEN = re.compile(rb'(?:[^"\[\]{},]++|' + _STRING + rb"){0,9999}+([\[\]{},])?", re.DOTALL)
_DEEP_TOKEN = re.compile(rb'(?:[^"\[\]{}]++|' + _STRING + rb"){0,9999}+([\[\]{}])?", re.DOTALL)
# Of what does not end in a space: so there always is a line after the spaces.
_LINE = re.compile(rb"\s*+([^\n]++)")
# Where a line ends an event and begins another, or seems to: JSON's spaces, no end of a line.
_TWO_IN_LINE = re.compile(rb"\}[ \t\r]*,[ \t\r]*\{")
_NO_ARRAY = "the body is not JSON: its brackets do not fit"
_NDJSON = {"application/x-ndjson", "application/ndjson", "application/jsonl"}
_CLOUD_EVENTS = {"application/cloudevents+json", "application/cloudevents-batch+json"}

MANY_COMMAS = 100_000
"""From so many on, elements are counted before anything is made of them."""

_DecodeOne: TypeAlias = Callable[[bytes], Decoded]


def _decode_event(piece: bytes) -> EventIn:
    return lenient.decode(piece, _EVENT)


async def decode_body(
    body: bytes, *, media_type: str, max_events: int, max_event_bytes: int, pause: Pause = never
) -> list[Decoded]:
    """Return the events of `body` in order: one object, an array, or NDJSON (empty lines skipped).

    Any media type but those of NDJSON and CloudEvents is taken for JSON: pages may only send text.
    Raises `BadRequestError` where no events can be told apart, `TooLargeError` for too many.
    """
    check_containers(body)
    media_type = media_type.partition(";")[0].strip().lower()
    if media_type in _NDJSON:
        lines = islice(_LINE.finditer(body.rstrip()), max_events + 1)
        return await _decode_each([line[1] for line in lines], max_events, max_event_bytes, pause)
    decode = decode_cloud_event if media_type in _CLOUD_EVENTS else _decode_event
    start = body.lstrip()[:1]
    if start == b"{":
        if isinstance(event := _decode_one(body, max_event_bytes, decode), str):
            _require_json(body)
        return [event]
    if start != b"[":
        raise BadRequestError("the body is not JSON: expected an event object or an array of them")
    return await _decode_array(body, max_events, max_event_bytes, decode, pause)


def decode_action(body: bytes, *, event_type: EventType, content_id: str) -> Decoded:
    """Return the event that an empty body or an `ActionIn` makes of one content id.

    Raises `BadRequestError` for a body that is not JSON.
    """
    if not body.strip():
        return EventIn(type=event_type, content_id=content_id)
    if has_nul(body):
        return "contains U+0000, which cannot be stored"
    try:
        action = lenient.decode(body, _ACTION)
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


def decode_lines(lines: list[bytes], *, max_event_bytes: int) -> list[Decoded]:
    """Return the event of each of some lines of NDJSON, none of which is empty."""
    body = b"[%b]" % b",\n".join(lines)
    # No line is two events, so that of as many events as lines none is spread over two.
    is_each_alone = _TWO_IN_LINE.search(body) is None
    if is_each_alone and len(body) <= max_event_bytes and b"\\u0000" not in body:
        try:
            events = _decode_events(body)
        except FAULTS:
            pass
        else:
            if len(events) == len(lines):
                return list(events)
    return [_decode_one(line, max_event_bytes, _decode_event) for line in lines]


async def _decode_array(
    body: bytes, max_events: int, max_event_bytes: int, decode: _DecodeOne, pause: Pause
) -> list[Decoded]:
    if decode is _decode_event and len(body) <= max_event_bytes and b"\\u0000" not in body:
        try:
            events = _decode_events(body)
        except FAULTS:
            pass
        else:
            _check_number(len(events), max_events)
            return list(events)
    pieces: list[msgspec.Raw] | list[bytes]
    if body.count(b",") > MANY_COMMAS:
        # It may be a million numbers: looked at one by one, they end at the first that is too many.
        pieces = await _split_array(body, max_events, pause)
    else:
        try:
            pieces = _decode_raws(body)
        except FAULTS as error:
            # One event's broken text (a lone surrogate, say) must not take the others with it.
            pieces = await _split_array(body, max_events, pause, error)
    return await _decode_each(pieces, max_events, max_event_bytes, pause, decode)


async def _decode_each(
    pieces: list[msgspec.Raw] | list[bytes],
    max_events: int,
    max_event_bytes: int,
    pause: Pause,
    decode: _DecodeOne = _decode_event,
) -> list[Decoded]:
    _check_number(len(pieces), max_events)
    decoded: list[Decoded] = []
    for piece in pieces:
        decoded.append(_decode_one(bytes(memoryview(piece)), max_event_bytes, decode))
        await pause()
    return decoded


def _decode_one(piece: bytes, max_event_bytes: int, decode: _DecodeOne) -> Decoded:
    if len(piece) > max_event_bytes:
        return f"larger than {max_event_bytes} bytes"
    if has_nul(piece):
        return "contains U+0000, which cannot be stored"
    try:
        return decode(piece)
    except FAULTS as error:
        return reason_of(error, EventIn)


async def _split_array(
    body: bytes, max_events: int, pause: Pause, fault: Exception | None = None
) -> list[bytes]:
    """Return the elements of a JSON array by its brackets alone.

    Raises `BadRequestError` where they do not fit, `TooLargeError` for too many elements.
    """
    pieces: list[bytes] = []
    start = position = body.index(b"[") + 1
    depth = 1
    for steps in count():
        if not steps % 500:
            await pause()
        token = (_TOP_TOKEN if depth == 1 else _DEEP_TOKEN).match(body, position)
        if token is None or token.end() == position:
            break
        position = token.end()
        match token[1]:
            case None:
                await pause()
            case b"[" | b"{":
                depth += 1
            case b",":
                pieces.append(body[start : position - 1])
                _check_number(len(pieces) + 1, max_events)
                start = position
            case _:
                depth -= 1
        if depth == 0:
            if token[1] != b"]" or body[position:].strip():
                break
            last = body[start : position - 1]
            return [*pieces, last] if pieces or last.strip() else []
    raise BadRequestError(f"the body is not JSON: {reason_of(fault)}" if fault else _NO_ARRAY)


def _require_json(body: bytes) -> None:
    try:
        # Nothing is made of it: a body of nothing but brackets would be a million objects.
        _decode_raw(body)
    except RecursionError:
        return
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BadRequestError(f"the body is not JSON: {reason_of(error, EventIn)}") from error


def _check_number(number: int, max_events: int) -> None:
    if number > max_events:
        raise TooLargeError(f"{number} events in one request; at most {max_events} are allowed")
