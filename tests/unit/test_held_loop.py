"""No body of the allowed size keeps all other requests waiting for long.

Times are of this thread's CPU: what else the machine does is not in them.
"""

from __future__ import annotations

import asyncio
import gc
import gzip
import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from time import thread_time

import pytest

from app.errors import GroundswellError
from app.runtime.slices import Slices
from tests.recording import LIMIT, record

HELD_SECONDS = 0.1
JSON, NDJSON = "application/json", "application/x-ndjson"
EMPTY_MEMBER = gzip.compress(b"")
ORDINARY = "Mozilla/5.0 (X11; Linux x86_64; rv:{0}) Gecko/20100101 Firefox/{0}.{1}"


@pytest.fixture(autouse=True)
def _frozen() -> Iterator[None]:
    """Leave out of garbage collection what the tests before have left, as a server does."""
    gc.freeze()
    yield
    gc.unfreeze()


def as_json(value: object) -> bytes:
    return json.dumps(value).encode()


def bodies() -> Iterator[tuple[str, bytes, str, str]]:
    """Yield the worst bodies of the size that is allowed: name, body, media type, encoding."""
    yield "escaped quotes", b'["' + b'\\"' * (LIMIT // 2 - 2), JSON, ""
    yield "escapes between letters", b'["' + b'\\"a' * (LIMIT // 3 - 2), JSON, ""
    yield "brackets", b"[" * LIMIT, JSON, ""
    yield "brackets up to the bound", b"[" * 49_000 + b" " * (LIMIT - 49_000), JSON, ""
    yield "numbers", b"[" + b"1," * (LIMIT // 2 - 2) + b"1]", JSON, ""
    texts = b'"",' * (LIMIT // 3 - 20)
    yield "texts", b'[{"a":["\\ud800",' + texts + b"1]}]", JSON, ""
    inner = b"[]," * 47_000 + b"1," * 900_000
    yield "one broken event", b'[{"a":["\\ud800",' + inner + b"1]}]", JSON, ""
    yield "one event", b'{"a":["\\ud800",' + inner + b"1]}", JSON, ""
    yield "backslashes", b'[{"a":"' + b"\\" * (LIMIT - 40) + b'\\u0000"}]', JSON, ""
    rich = {"type": "view", "contentId": "a", "metadata": {f"k{n}": n for n in range(80)}}
    yield "rich events", as_json([rich] * 1_750), JSON, ""
    yield "rich events with nulls", as_json([{**rich, "count": None}] * 1_750), JSON, ""
    deep = {"type": "view", "contentId": "a", "metadata": {"a": [[] for _ in range(21)]}}
    yield "events of many parts", as_json([deep] * 2_000), JSON, ""
    named = [
        {"type": "view", "contentId": "a", "userAgent": ORDINARY.format(n, n)} for n in range(2_000)
    ]
    yield "2,000 user agents", as_json(named), JSON, ""
    long = [{**each, "userAgent": f"{n}" + "ContextualBot" * 60} for n, each in enumerate(named)]
    yield "2,000 long user agents", as_json(long), JSON, ""
    yield "gzip members", EMPTY_MEMBER * (LIMIT // len(EMPTY_MEMBER)), JSON, "gzip"
    yield "a gzip bomb", gzip.compress(b" " * 50 * LIMIT), JSON, "gzip"
    yield "lines", b"\n" * LIMIT, NDJSON, ""
    yield "bad lines", (b'{"a":1}' + b" " * 900 + b"\n") * 2_000, NDJSON, ""
    yield "the longest unknown fields", as_json([{"a" * 900: 1}] * 2_000), JSON, ""


@contextmanager
def longest_hold() -> Iterator[list[float]]:
    """Give the longest CPU time between two turns of the loop, as its only element."""
    held = [0.0]

    async def tick() -> None:
        last = thread_time()
        while True:
            await asyncio.sleep(0)
            now = thread_time()
            held[0], last = max(held[0], now - last), now

    ticking = asyncio.get_running_loop().create_task(tick())
    try:
        yield held
    finally:
        ticking.cancel()


@pytest.mark.parametrize(("body", "media_type", "encoding"), [
    pytest.param(*each, id=name) for name, *each in bodies()
])  # fmt: skip
async def test_no_body_of_the_allowed_size_holds_the_loop(
    body: bytes, media_type: str, encoding: str
) -> None:
    assert len(body) <= LIMIT
    for _ in range(3):
        slices = Slices()
        with longest_hold() as held:
            await asyncio.sleep(0)
            with suppress(GroundswellError):
                await record(body, media_type, encoding, slices)
            await asyncio.sleep(0)
        if held[0] < HELD_SECONDS:
            return
    pytest.fail(f"held for {held[0] * 1_000:.0f} ms")
