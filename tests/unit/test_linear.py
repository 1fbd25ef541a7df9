"""Every parser of outside text takes time that is linear in it.

Times are of this thread's CPU, the best of some tries: what else the machine does is not in them.
"""

from __future__ import annotations

import asyncio
import base64
import gc
import gzip
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from itertools import count
from pathlib import Path
from time import thread_time
from typing import Any, Literal

import msgspec
import pytest
from litestar.connection import ASGIConnection

from app.access.address import client_address
from app.access.users import Users, looks_like_token
from app.errors import GroundswellError, InputError
from app.http.answers import names_tag
from app.http.body import decoded_bytes
from app.http.compression import coding_of
from app.http.cursor import Codec
from app.http.lenient import decode
from app.http.times import parse_moment
from app.ingest.bots import bot_of
from app.ingest.decode import decode_action
from app.ingest.packing import UnreadableEntryError, unpack
from app.ingest.wire import EventIn
from app.items.wire import ItemIn
from app.rankings.parameters import parse_segment, parse_since
from app.replay.source import read_history
from app.runtime.networks import parse_networks
from app.runtime.slices import Slices
from app.settings import Settings
from tests.recording import record
from tests.tokens import SECRET, token

TRUSTED = parse_networks("10.0.0.0/8")
EMPTY_MEMBER = gzip.compress(b"")
ORDINARY = "Mozilla/5.0 (X11; Linux x86_64; rv:{0}) Gecko/20100101 Firefox/{0}.{1}"
NOISE_SECONDS = 0.003


@pytest.fixture(autouse=True)
def _frozen() -> Iterator[None]:
    """Leave out of garbage collection what the tests before have left, as a server does."""
    gc.freeze()
    yield
    gc.unfreeze()


def cpu_seconds(work: Callable[[], object]) -> float:
    began = thread_time()
    with suppress(GroundswellError, msgspec.MsgspecError, UnreadableEntryError, ValueError):
        work()
    return thread_time() - began


def recorded(media_type: str = "application/json", encoding: str = "") -> Callable[[bytes], object]:
    return lambda body: asyncio.run(record(body, media_type, encoding, Slices()))


class Kept(msgspec.Struct, frozen=True, array_like=True):
    """A cursor."""

    kind: Literal["a"]
    text: str = ""


CODEC = Codec(Kept)
ITEM = msgspec.json.Decoder(ItemIn)
EVENT = msgspec.json.Decoder(EventIn)


def cursor(packed: bytes) -> Kept:
    return CODEC.decode(base64.urlsafe_b64encode(packed).rstrip(b"=").decode())


def user(text: str) -> str:
    headers = [(b"authorization", f"Bearer {text}".encode())]
    scope: Any = {"type": "http", "headers": headers, "client": None}
    return Users(Settings(jwt_secret=SECRET)).user_of(ASGIConnection(scope))


def forwarded(value: bytes, header: str = "forwarded") -> object:
    return client_address("10.0.0.1", [(header.encode(), value)], trusted=TRUSTED, header=header)


def forwarded_for(value: bytes) -> object:
    return forwarded(value, "x-forwarded-for")


def header(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


_numbers = count()


def agents(made: Callable[[int, int], str]) -> Callable[[int], list[str]]:
    """Return user agents that nobody has met before: they are remembered."""
    return lambda size: [made(next(_numbers), number) for number in range(size)]


def all_bots(texts: list[str]) -> None:
    for text in texts:
        bot_of(text)


def history(rows: int, path: Path) -> object:
    head = "date,video_id,title,channel,category,views,likes,comments\n"
    lines = (f"2026-01-{1 + n % 28:02},{n // 28:011},t,c,k,{n},{n},{n}\n" for n in range(rows))
    path.write_text(head + "".join(lines))
    return read_history(path)


def quoted(path: Path, text: str) -> object:
    path.write_text(text)
    with suppress(InputError):
        return read_history(path)
    return None


def as_json(value: object) -> bytes:
    return json.dumps(value).encode()


def several(**fields: object) -> Callable[[int], bytes]:
    return lambda size: as_json([{"type": "view", "contentId": "a", **fields}] * size)


NDJSON = "application/x-ndjson"
CLOUD = "application/cloudevents-batch+json"
CASES: dict[str, tuple[int, Callable[[int], Any], Callable[[Any], object]]] = {
    "escaped quotes": (10_000, lambda n: b'["' + b'\\"' * n, recorded()),
    "escaped quotes, closed": (10_000, lambda n: b'["' + b'\\"' * n + b'",\x00]', recorded()),
    "opening brackets": (20_000, lambda n: b"[" * n, recorded()),
    "opening braces": (20_000, lambda n: b'[{"a":' * (n // 2), recorded()),
    "nested and closed": (20_000, lambda n: b"[" * n + b"]" * n, recorded()),
    "one broken element of many": (
        20_000, lambda n: b'[{"a":["\\ud800",' + b"[[]]," * (n // 2) + b"1]}]", recorded(),
    ),
    "texts in a broken element": (
        100_000, lambda n: b'[{"a":["\\ud800",' + b'"",' * n + b"1]}]", recorded(),
    ),
    "numbers": (100_000, lambda n: b"[" + b"1," * n + b"1]", recorded()),
    "commas": (100_000, lambda n: b"[" + b"," * n + b"]", recorded()),
    "events": (500, several(metadata={"a": list(range(50))}), recorded()),
    "events with nulls": (500, several(count=None), recorded()),
    "events of an unknown type": (500, several(type="clap"), recorded()),
    "an unknown field": (20_000, lambda n: as_json({"x" * n: " - at `$" * n}), recorded()),
    "lines": (100_000, lambda n: b"\n" * n, recorded(NDJSON)),
    "lines of spaces": (100_000, lambda n: b" " * n + b"\n" + b"\r" * n, recorded(NDJSON)),
    "lines of numbers": (100_000, lambda n: b"1\n" * n, recorded(NDJSON)),
    "CloudEvents": (
        500,
        lambda n: as_json(
            [{"specversion": "1.0", "id": "1", "source": "s", "type": "a." * 200 + "viewed"}] * n
        ),
        recorded(CLOUD),
    ),
    "empty gzip members": (400, lambda n: EMPTY_MEMBER * n, recorded(encoding="gzip")),
    "too many gzip members": (20_000, lambda n: EMPTY_MEMBER * n, recorded(encoding="gzip")),
    "a gzip bomb": (10**6, lambda n: gzip.compress(b" " * n), recorded(encoding="gzip")),
    "backslashes": (
        100_000, lambda n: b'{"type":"' + b"\\\\" * n + b'\\u0001"}',
        lambda body: decoded_bytes(body, ITEM),
    ),
    "half escapes": (
        100_000, lambda n: b'{"type":"' + b"\\\\u000" * n + b'\\\\u0000"}',
        lambda body: decoded_bytes(body, ITEM),
    ),
    "attributes": (
        10_000, lambda n: as_json({"contentId": 1.0, "attributes": {"a": [{}] * n}}),
        lambda body: decode(body, ITEM),
    ),
    "an action": (
        20_000, lambda n: as_json({"metadata": {"a": [1.5] * n}, "id": None}),
        lambda body: decode_action(body, event_type="view", content_id="a"),
    ),
    "ordinary user agents": (300, agents(ORDINARY.format), all_bots),
    "long user agents": (300, agents(lambda n, _: f"{n}" + "Mozilla/5.0 (" * 70), all_bots),
    "user agents of one letter": (300, agents(lambda n, _: f"{n}" + "a" * 990), all_bots),
    "user agents of bots": (
        300, agents(lambda n, _: f"{n}" + "ContextualBot Spider Current " * 30), all_bots,
    ),
    "a longer user agent": (50_000, lambda n: [f"{next(_numbers)}" + "Google" * n], all_bots),
    "a cursor": (1_000, lambda n: b"\x92\xa1a\xda" + n.to_bytes(2) + b"a" * n, cursor),
    "a nested cursor": (1_000, lambda n: b"\x93\xa1a\xa0" + b"\x91" * n, cursor),
    "a long cursor": (200_000, lambda n: "a" * n, CODEC.decode),
    "If-None-Match": (20_000, lambda n: b'W/"a",' * n, lambda given: names_tag(given, b'"b"')),
    "If-None-Match of spaces": (
        100_000, lambda n: b" " * n + b",", lambda given: names_tag(given, b'"b"'),
    ),
    "Accept-Encoding": (20_000, lambda n: b"br;q=0.0000," * n, coding_of),
    "X-Forwarded-For": (
        10_000, lambda n: b"10.0.0.1," * n, forwarded_for,
    ),
    "Forwarded": (10_000, lambda n: b"for=10.0.0.1;a," * n, forwarded),
    "Forwarded of spaces": (
        50_000, lambda n: b";" + b" " * n + b"for" + b" " * n, forwarded,
    ),
    "Forwarded of parts": (50_000, lambda n: b"; for" * n, forwarded),
    "a token": (7_000, lambda n: token("ada", a="a" * n), user),
    "a long token": (100_000, lambda n: token("ada", a="a" * n), user),
    "a nested token": (5_000, lambda n: f"{header('[' * n)}.e30.AAAA", user),
    "dots of a token": (100_000, lambda n: "." * n, looks_like_token),
    "a segment": (100_000, lambda n: "category:" * n, parse_segment),
    "a moment": (
        100_000,
        lambda n: "2026-01-31T12:00:00" + " 02:00" * n,
        partial(parse_moment, "asOf"),
    ),
    "a length": (100_000, lambda n: "1" * n + "x", parse_since),
    "networks": (2_000, lambda n: ("a," * n), parse_networks),
    "a packed entry": (20_000, lambda n: b"\xdd" + n.to_bytes(4) + b"\x91" * n, unpack),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_twice_the_text_takes_at_most_about_twice_the_time(case: str) -> None:
    size, make, parse = CASES[case]
    _check_growth(lambda size: partial(parse, make(size)), size)


def test_a_table_of_totals_is_read_in_linear_time(tmp_path: Path) -> None:
    path = tmp_path / "history.csv"
    _check_growth(lambda rows: lambda: history(rows, path), 2_000)
    _check_growth(lambda size: lambda: quoted(path, '"' * size), 50_000)
    _check_growth(lambda size: lambda: quoted(path, "date," * size), 10_000)


def _check_growth(work_of: Callable[[int], Callable[[], object]], size: int) -> None:
    for tries in (2, 4, 8):
        once, twice = (
            min(cpu_seconds(work_of(each)) for _ in range(tries)) for each in (size, 2 * size)
        )
        if twice <= 2.5 * once + NOISE_SECONDS:
            return
    pytest.fail(f"{once * 1_000:.1f} ms, twice as much {twice * 1_000:.1f} ms")
