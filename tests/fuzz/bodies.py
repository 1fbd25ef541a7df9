"""Make bodies that are nearly right: seeded mutations of valid ones."""

from __future__ import annotations

import gzip
import json
import random
from typing import NamedTuple
from uuid import UUID

_TOKENS = (
    b"\\u0000", b"\\ud800", b"\\udc00\\ud800", b"\0", b"\xff", b"\xc0\x80", b"\xed\xa0\x80",
    b"\xef\xbb\xbf", b"\xf4\x90\x80\x80", b"1e999", b"-1", b"-0", b"0.1", b"1E400", b"NaN",
    b"Infinity", b"9223372036854775808", b"99999999999999999999999", b"null", b"true", b"[]",
    b"{}", b"[" * 2_000, b'{"a":' * 500, b"]", b"}", b'"', b"\\", b",", b":", b"\n", b"\r\n",
    b" " * 50, b"9" * 400, b"x" * 5_000, b"\xf0\x9f\x8c\x8a", b"e\xcc\x81" * 60, b'"type"',
    b'"id":"00000000-0000-7000-8000-000000000000"', b'"id":"ffffffff-ffff-7fff-bfff-ffffffffffff"',
    b'"occurredAt":"9999-12-31T23:59:59.999999Z"', b'"occurredAt":"0001-01-01T00:00:00+23:59"',
    b'"occurredAt":"2000-01-01T00:00:00Z"', b'"seconds":86400', b'"seconds":1e-320',
    b'"count":1000000000', b'"metadata":{"__proto__":[]}', b'"count":1.0', b'"count":1e3',
)  # fmt: skip
_TYPES = ("view", "like", "unlike", "comment", "uncomment", "share", "watch_time")
_MEDIA = (
    b"application/json", b"application/json", b"application/json", b"application/x-ndjson",
    b"application/cloudevents+json", b"application/cloudevents-batch+json", b"text/plain",
    b"text/plain;charset=UTF-8", b"application/json; charset=utf-16", b"", b"\xff/\xfe",
    b"multipart/form-data; boundary=x", b"application/x-www-form-urlencoded",
)  # fmt: skip


class Input(NamedTuple):
    """One request's body, and the two headers that say how to read it."""

    body: bytes
    media_type: bytes
    encoding: bytes


class Fuzzer:
    """Makes inputs; the same seed makes the same ones."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)  # noqa: S311 - repeats a run, keeps no secret

    def input(self) -> Input:
        """Make one input, now and then a valid one."""
        chance = self._chance
        media_type, body = self._valid()
        for _ in range(chance.choice((0, 1, 1, 1, 2, 3, 8))):
            body = self._mutated(body)
        encoding = b""
        if chance.random() < 0.1:
            encoding = chance.choice((b"gzip", b"gzip", b"x-gzip", b"br", b"identity", b"\xff"))
            if encoding.endswith(b"gzip") and chance.random() < 0.9:
                body = gzip.compress(body, 1)
                if chance.random() < 0.5:
                    body = self._mutated(body)
        if chance.random() < 0.1:
            media_type = chance.choice(_MEDIA)
        return Input(body, media_type, encoding)

    def _valid(self) -> tuple[bytes, bytes]:
        chance = self._chance
        events = [self._event() for _ in range(chance.choice((1, 1, 2, 5)))]
        match chance.randrange(5):
            case 0:
                return b"application/json", json.dumps(events[0]).encode()
            case 1 | 2:
                return b"application/json", json.dumps(events).encode()
            case 3:
                lines = "\n".join(map(json.dumps, events))
                return b"application/x-ndjson", lines.encode()
            case _:
                wrapped = [self._cloud_event(event) for event in events]
                return b"application/cloudevents-batch+json", json.dumps(wrapped).encode()

    def _event(self) -> dict[str, object]:
        chance = self._chance
        event: dict[str, object] = {
            "type": chance.choice(_TYPES),
            "contentId": f"item-{chance.randrange(50)}",
        }
        if event["type"] == "watch_time":
            event["seconds"] = chance.choice((0, 1, 30.5, 86_400))
        extras = {
            "contentType": "video",
            "id": str(UUID(int=chance.getrandbits(128), version=4)),
            "occurredAt": f"2026-0{chance.randint(1, 9)}-15T12:00:00.{chance.randrange(10**6)}Z",
            "userId": "ü" * chance.randint(1, 200),
            "sessionId": "s",
            "count": chance.choice((1, 2, 1_000_000_000)),
            "metadata": {"a": [1, {"b": None}], "c": "d" * chance.randrange(100)},
        }
        event |= {name: value for name, value in extras.items() if chance.random() < 0.4}
        return event

    def _cloud_event(self, event: dict[str, object]) -> dict[str, object]:
        return {
            "specversion": "1.0",
            "id": str(UUID(int=self._chance.getrandbits(128), version=4)),
            "source": "/fuzz",
            "type": event["type"],
            "subject": event["contentId"],
            "data": event,
        }

    def _mutated(self, body: bytes) -> bytes:
        chance = self._chance
        at = chance.randint(0, len(body))
        end = min(len(body), at + chance.choice((1, 1, 2, 4, 16, 64)))
        match chance.randrange(8):
            case 0:  # ends too early
                between, rest = b"", b""
            case 1:  # lacks something
                between, rest = b"", body[end:]
            case 2:  # says something again
                between, rest = body[at:end] * chance.choice((2, 3, 50)), body[end:]
            case 3:  # has noise
                between, rest = chance.randbytes(end - at), body[end:]
            case 4:  # has something odd anywhere
                between, rest = chance.choice(_TOKENS), body[end:]
            case 5 | 6:  # has something odd where a value or a name belongs
                marks = [place for place, byte in enumerate(body) if byte in b",:{["]
                at = chance.choice(marks) + 1 if marks else at
                between, rest = chance.choice(_TOKENS) + chance.choice((b"", b",")), body[at:]
            case _:  # goes on as another one
                other = self._valid()[1]
                between, rest = b"", other[chance.randint(0, len(other)) :]
        return body[:at] + between + rest
