"""How many requests an installation answers a second: a load that is bounded, over real sockets."""

from __future__ import annotations

import asyncio
import math
import ssl
import time
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import msgspec

from app.errors import InputError, UnavailableError

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 30.0


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of request that is sent again and again."""

    name: str
    method: str
    path: str
    body: bytes = b""
    events: int = 0
    """How many events a request has."""


class Rate(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What came of a case."""

    case: str
    requests: int
    refused: int
    """Answers that were no 2xx: 429 where it is asked for more than it takes."""
    seconds: float
    requests_per_second: float
    events_per_second: float | None
    """Accepted ones; None where a request has none."""
    p50_ms: float
    p99_ms: float


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """Where requests go, and with which key."""

    url: str
    key: str | None = None

    def packed(self, case: Case) -> bytes:
        """Return a request as it goes over the wire."""
        parts = urlsplit(self.url)
        lines = [
            f"{case.method} {parts.path.rstrip('/')}{case.path} HTTP/1.1",
            f"host: {parts.netloc}",
            f"content-length: {len(case.body)}",
            "content-type: application/json",
            *([] if self.key is None else [f"authorization: Bearer {self.key}"]),
        ]
        return "\r\n".join([*lines, "", ""]).encode() + case.body


async def measure(
    target: Target, case: Case, *, clients: int, seconds: float, tick: Callable[[float], None]
) -> Rate:
    """Send a case for `seconds` over `clients` connections, each waiting for its answers.

    `tick` is told every now and then for how many more seconds it has run. Raises
    `UnavailableError` where the service does not answer, `InputError` where it refuses all.
    """
    begun = time.monotonic()
    until = begun + seconds
    took: list[float] = []
    statuses: list[int] = []
    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(clients):
                group.create_task(_send(target, case, until, took, statuses))
            group.create_task(_tell(until, tick))
    except* (OSError, asyncio.IncompleteReadError, TimeoutError) as errors:
        error = errors.exceptions[0]
        raise UnavailableError(f"{target.url} does not answer: {error!r}") from error
    lasted = time.monotonic() - begun
    good = sum(200 <= status < 300 for status in statuses)
    if not good:
        raise InputError(f"{case.name}: {case.method} {case.path} was answered with {statuses[0]}")
    took.sort()
    return Rate(
        case=case.name,
        requests=len(took),
        refused=len(took) - good,
        seconds=round(lasted, 2),
        requests_per_second=round(good / lasted, 1),
        events_per_second=round(good * case.events / lasted, 1) if case.events else None,
        p50_ms=_share(took, 0.5),
        p99_ms=_share(took, 0.99),
    )


def _share(took: list[float], share: float) -> float:
    """Return the milliseconds within which a share of the answers came; `took` is sorted."""
    return round(took[math.ceil(share * len(took)) - 1] * 1_000, 2)


async def _send(
    target: Target, case: Case, until: float, took: list[float], statuses: list[int]
) -> None:
    parts = urlsplit(target.url)
    is_secure = parts.scheme == "https"
    async with asyncio.timeout(CONNECT_SECONDS):
        reader, writer = await asyncio.open_connection(
            parts.hostname,
            parts.port or (443 if is_secure else 80),
            ssl=ssl.create_default_context() if is_secure else None,
        )
    request = target.packed(case)
    try:
        while (sent := time.monotonic()) < until:
            writer.write(request)
            async with asyncio.timeout(ANSWER_SECONDS):
                status = await _answer(reader)
            took.append(time.monotonic() - sent)
            statuses.append(status)
    finally:
        writer.close()


async def _answer(reader: asyncio.StreamReader) -> int:
    """Read an answer whole, and return its status."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    fields = dict(_fields(head))
    await reader.readexactly(int(fields.get("content-length", "0")))
    return int(head.split(" ", 2)[1])


def _fields(head: str) -> Iterator[tuple[str, str]]:
    for line in head.split("\r\n")[1:]:
        name, colon, value = line.partition(":")
        if colon:
            yield name, value.strip()


async def _tell(until: float, tick: Callable[[float], None]) -> None:
    last = time.monotonic()
    while last < until:
        await asyncio.sleep(min(0.25, until - last))
        now = time.monotonic()
        tick(now - last)
        last = now
