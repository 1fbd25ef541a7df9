"""Callers who mean harm, or have a bad line: they may slow nobody else down."""

from __future__ import annotations

import asyncio
import gzip
import json
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import httpx

from tests.soak.stand import Stand

CALLERS = 60
_CLOSED = (OSError, asyncio.IncompleteReadError)

BODIES: tuple[tuple[bytes, dict[str, str]], ...] = (
    (b'["' + b'\\"' * 20_000, {}),
    (b"[" * 1_900_000, {}),
    (b'[{"a":' * 300_000, {}),
    (gzip.compress(b"") * 90_000, {"content-encoding": "gzip"}),
    (gzip.compress(b" " * 1_900_000), {"content-encoding": "gzip"}),
    (b"\n" * 1_900_000, {"content-type": "application/x-ndjson"}),
    (b"{}\n" * 600_000, {"content-type": "application/x-ndjson"}),
    (b"\xff" * 1_000_000, {}),
    (
        json.dumps(
            [
                {"type": "view", "contentId": "x", "userAgent": f"Mozilla/5.0 ({n}) " + "a" * 400}
                for n in range(2_000)
            ]
        ).encode(),
        {},
    ),
)
"""Bodies that cost a careless reader more than their length, with their headers."""


@asynccontextmanager
async def _connected(stand: Stand) -> AsyncIterator[asyncio.StreamWriter]:
    _, writer = await asyncio.open_connection("127.0.0.1", stand.port)
    try:
        yield writer
    finally:
        writer.close()
        with suppress(*_CLOSED):
            await writer.wait_closed()


async def hang_up(stand: Stand, chance: random.Random) -> int:
    """Ask for what is not cached, and leave before the answer."""

    async def ask(number: int) -> None:
        path = chance.choice((f"/analytics/stats/gone-{number}", "/items?sort=new", "/items/gone"))
        with suppress(*_CLOSED):
            async with _connected(stand) as writer:
                writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
                await writer.drain()
                await asyncio.sleep(chance.uniform(0, 0.05))

    for _ in range(5):
        await asyncio.gather(*map(ask, range(CALLERS)))
    return 5 * CALLERS


async def call_slowly(stand: Stand, chance: random.Random) -> int:
    """Hold connections open: silent, with half a head, with a body that never ends."""
    begun = (
        b"",
        b"GET /health/live HTTP/1.1\r\nHost: ",
        b"POST /analytics/events HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 900000\r\n\r\n[",
        b"GET /analytics/trending HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * 50,
    )
    until = asyncio.get_running_loop().time() + chance.uniform(1, 3)

    async def hold(number: int) -> None:
        with suppress(*_CLOSED):
            async with _connected(stand) as writer:
                writer.write(begun[number % len(begun)])
                await writer.drain()
                await asyncio.sleep(until - asyncio.get_running_loop().time())

    await asyncio.gather(*map(hold, range(3 * CALLERS)))
    return 3 * CALLERS


async def send_bombs(stand: Stand, chance: random.Random) -> int:
    """Send bodies that are dear to read; each is refused, or takes nothing."""

    async def send(body: bytes, headers: dict[str, str]) -> None:
        params = {"validate": "true"} if b"userAgent" in body else {}
        with suppress(httpx.RequestError):
            await client.post("/analytics/events", content=body, headers=headers, params=params)

    bodies = chance.sample(BODIES, len(BODIES))
    async with httpx.AsyncClient(base_url=stand.url, timeout=30) as client:
        await asyncio.gather(*(send(*body) for body in bodies))
    return len(bodies)
