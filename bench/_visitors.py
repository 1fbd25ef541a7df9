"""Visitors of pages, as a process: `python -m bench._visitors PORT SECONDS IDLE NEWCOMERS`.

It prints the 99th percentiles, in milliseconds, of beacons over kept connections and of those of
newcomers, from before they connect until they are answered.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable
from typing import NamedTuple

from bench._load import output

RATE = 100
"""Beacons a second over kept connections, and as many newcomers."""
KEPT = 32
_AT_ONCE = 100
_BODY = b'[{"type":"view","contentId":"bench-page"}]'
_REQUEST = (
    b"POST /analytics/events HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: Mozilla/5.0\r\n"
    b"Content-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s" % (len(_BODY), _BODY)
)
_GLANCE = b"GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Latency(NamedTuple):
    """The 99th percentiles, in milliseconds; 0 where there were none."""

    kept: float
    new: float


async def beacons(port: int, *, seconds: float, idle: int, newcomers: bool) -> Latency:
    """Send beacons for so long from a process of its own."""
    found = await output(
        sys.executable, "-m", "bench._visitors", *map(str, (port, seconds, idle, int(newcomers)))
    )
    return Latency(*map(float, found.split()))


async def _visit(port: int, seconds: float, idle: int, *, newcomers: bool) -> Latency:
    held = await _connected(port, idle)
    kept = await _connected(port, KEPT)
    free = asyncio.Queue[Connection]()
    for each in kept:
        free.put_nowait(each)
    taken_kept = list[float]()
    taken_new = list[float]()
    begun = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for number in range(round(seconds * RATE)):
            await asyncio.sleep(max(0.0, begun + number / RATE - time.perf_counter()))
            group.create_task(_timed(_send(free), taken_kept))
            if newcomers:
                group.create_task(_timed(_arrive(port, held), taken_new))
    for _, writer in (*held, *kept):
        writer.close()
    return Latency(_p99(taken_kept), _p99(taken_new))


async def _connected(port: int, many: int) -> list[Connection]:
    """Return connections that have had an answer, and are kept."""
    turns = asyncio.Semaphore(_AT_ONCE)

    async def connect() -> Connection:
        async with turns:
            connection = await asyncio.open_connection("127.0.0.1", port)
            await _exchange(connection, _GLANCE)
            return connection

    return await asyncio.gather(*(connect() for _ in range(many)))


async def _arrive(port: int, held: list[Connection]) -> None:
    connection = await asyncio.open_connection("127.0.0.1", port)
    held.append(connection)
    await _exchange(connection, _REQUEST)


async def _send(free: asyncio.Queue[Connection]) -> None:
    connection = await free.get()
    await _exchange(connection, _REQUEST)
    free.put_nowait(connection)


async def _exchange(connection: Connection, request: bytes) -> None:
    reader, writer = connection
    writer.write(request)
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    assert head.startswith((b"http/1.1 202", b"http/1.1 200")), head
    await reader.readexactly(int(head.split(b"content-length: ")[1].split(b"\r")[0]))


async def _timed(work: Awaitable[None], taken: list[float]) -> None:
    began = time.perf_counter()
    await work
    taken.append(time.perf_counter() - began)


def _p99(taken: list[float]) -> float:
    return 1_000 * sorted(taken)[int(len(taken) * 0.99)] if taken else 0.0


if __name__ == "__main__":
    at, long, many, others = sys.argv[1:]
    measured = asyncio.run(_visit(int(at), float(long), int(many), newcomers=bool(int(others))))
    sys.stdout.write(f"{measured.kept} {measured.new}\n")
