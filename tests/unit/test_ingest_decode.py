"""Decoding: every event on its own, reasons in the caller's terms."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator

import pytest

from app.errors import BadRequestError, TooLargeError
from app.http.body import read_body
from app.ingest.decode import Decoded, decode_action, decode_body, decode_lines
from app.ingest.wire import EventIn

VIEW = {"type": "view", "contentId": "a"}
GOOD = EventIn(type="view", content_id="a")


def decode(
    body: object, *, media_type: str = "application/json", size: int = 1_000
) -> list[Decoded]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return asyncio.run(decode_body(raw, media_type=media_type, max_events=5, max_event_bytes=size))


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        ({}, "type: missing"),
        ({"type": "view"}, "contentId: missing"),
        (
            {**VIEW, "type": "watch"},
            "type: expected one of view, like, unlike, comment, uncomment, share, watch_time",
        ),
        ({**VIEW, "contentId": ""}, "contentId: expected text of length >= 1"),
        ({**VIEW, "contentId": "x" * 201}, "contentId: expected text of length <= 200"),
        ({**VIEW, "contentId": 7.5}, "contentId: expected text or a whole number"),
        ({**VIEW, "content_id": "a"}, "content_id: no such field"),
        ({**VIEW, "count": 0}, "count: expected a whole number >= 1"),
        ({**VIEW, "id": "7"}, "id: expected a UUID"),
        (
            {**VIEW, "occurredAt": "yesterday"},
            "occurredAt: expected an RFC 3339 time, such as 2025-01-31T12:00:00Z",
        ),
        (
            {**VIEW, "occurredAt": "2025-01-31T12:00:00"},
            "occurredAt: expected an RFC 3339 time with a zone, such as Z",
        ),
        ({**VIEW, "metadata": [1]}, "metadata: expected an object"),
        ({**VIEW, "metadata": {"a": "x" * 1_000}}, "larger than 1000 bytes"),
        ("view", "expected an object"),
    ],
)
def test_a_bad_event_gets_a_reason_and_the_good_ones_stay(event: object, reason: str) -> None:
    assert decode([VIEW, event, VIEW]) == [GOOD, reason, GOOD]


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (
            rb'{"type":"view","contentId":"\ud800"}',
            "the JSON ends too early or has half a character",
        ),
        (b'{"type":"view","contentId":"\xff"}', "contains text that is not UTF-8"),
        (rb'{"type":"view","contentId":"a\u0000"}', "contains U+0000, which cannot be stored"),
        (b'{"type":"view" "contentId":"a"}', "JSON is malformed: expected ',' or '}' (byte 15)"),
        (b'{"metadata":' + b"[" * 400 * 2 + b"]" * 400 * 2 + b"}", None),
        (
            b'{"type":"view","contentId":"a","metadata":{"a":1e999}}',
            "metadata[...]: number out of range",
        ),
    ],
)
def test_broken_text_sinks_only_its_own_event(event: bytes, reason: str | None) -> None:
    view = json.dumps(VIEW).encode()
    first, broken, last = decode(b"[" + b",".join([view, event, view]) + b"]", size=10_000)
    assert (first, last) == (GOOD, GOOD)
    assert isinstance(broken, str)
    assert reason is None or broken == reason


def test_an_escaped_backslash_is_not_nul() -> None:
    (event,) = decode(rb'[{"type":"view","contentId":"a\\u0000"}]')
    assert isinstance(event, EventIn)
    assert event.content_id == r"a\u0000"


def test_one_object_is_one_event() -> None:
    assert decode(VIEW) == [GOOD]
    assert decode({"type": "view"}) == ["contentId: missing"]


def test_ndjson_skips_empty_lines_and_keeps_order() -> None:
    body = b'{"type":"view","contentId":"a"}\r\n\n{"type"\n{"type":"view","contentId":"a"}\n'
    first, broken, last = decode(body, media_type="application/x-ndjson; charset=utf-8")
    assert (first, last) == (GOOD, GOOD)
    assert isinstance(broken, str)


@pytest.mark.parametrize("between", [b",", b" ,\t", b"\r,"])
@pytest.mark.parametrize(
    "halves",
    [
        (b'{"type":"view","contentId":"a"', b'"count":2}'),
        (b'{"type":"view","contentId":"a","metadata":{"m":[{}', b"{}]}}"),
        (b'{"type":"view","contentId":"a}', b'{"}'),
    ],
)
def test_a_line_of_two_events_does_not_make_up_for_one_over_two(
    between: bytes, halves: tuple[bytes, bytes]
) -> None:
    view = json.dumps(VIEW).encode()
    *wrong, last = decode_lines([view + between + view, *halves, view], max_event_bytes=1_000)
    assert [type(each) for each in wrong] == [str] * 3
    assert last == GOOD


def test_an_empty_array_has_no_events() -> None:
    assert decode([]) == []


@pytest.mark.parametrize(
    "body",
    [b"", b"nope", b"7", b"{", b"[", b'[{"type":"view"}', b'{"a":1}}', b"[1,2]]", b'[{"a"}}'],
)
def test_what_is_no_json_is_a_bad_request(body: bytes) -> None:
    with pytest.raises(BadRequestError, match="not JSON"):
        decode(body)


@pytest.mark.parametrize("media_type", ["application/json", "application/x-ndjson"])
def test_too_many_events_are_too_large(media_type: str) -> None:
    view = json.dumps(VIEW).encode()
    body = b"[" + b",".join([view] * 6) + b"]" if "x-nd" not in media_type else (view + b"\n") * 6
    with pytest.raises(TooLargeError, match="6 events"):
        decode(body, media_type=media_type)


def test_an_action_needs_no_body() -> None:
    assert decode_action(b" ", event_type="view", content_id="a") == GOOD
    like = decode_action(b'{"userId":"u"}', event_type="like", content_id="a")
    assert like == EventIn(type="like", content_id="a", user_id="u")
    assert (
        decode_action(b'{"userId":true}', event_type="like", content_id="a")
        == "userId: expected text or a whole number"
    )
    with pytest.raises(BadRequestError):
        decode_action(b"{", event_type="like", content_id="a")


async def _chunks(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), 100):
        yield body[start : start + 100]


async def test_gzip_is_unpacked_up_to_the_limit() -> None:
    packed = gzip.compress(b"a" * 500) + gzip.compress(b"b" * 500)
    assert await read_body(_chunks(packed), encoding="gzip", limit=1_000) == b"a" * 500 + b"b" * 500
    with pytest.raises(TooLargeError):
        await read_body(_chunks(packed), encoding="gzip", limit=999)
    with pytest.raises(TooLargeError):
        await read_body(_chunks(b"a" * 1_001), encoding="", limit=1_000)


@pytest.mark.parametrize(
    "body", [b"not gzip", gzip.compress(b"a" * 500)[:-9]], ids=["no gzip", "cut short"]
)
async def test_broken_gzip_is_a_bad_request(body: bytes) -> None:
    with pytest.raises(BadRequestError, match="gzip"):
        await read_body(_chunks(body), encoding="gzip", limit=1_000)


async def test_an_unknown_encoding_is_a_bad_request() -> None:
    with pytest.raises(BadRequestError, match="br"):
        await read_body(_chunks(b""), encoding="br", limit=1_000)
