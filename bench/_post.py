"""Posting prepared bodies to an API over keep-alive connections, as cheaply as Python can."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Iterator


async def post_all(port: int, bodies: Iterable[bytes], *, connections: int, path: str) -> float:
    """Post each body once and return the seconds it took; all answers must be 202."""
    left = iter(bodies)
    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(connections):
            group.create_task(_post(port, left, path))
    return time.perf_counter() - began


async def _post(port: int, bodies: Iterator[bytes], path: str) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        "User-Agent: groundswell-client/1\r\nContent-Length: "
    ).encode()
    try:
        for body in bodies:
            writer.write(head + b"%d\r\n\r\n" % len(body) + body)
            answer = (await reader.readuntil(b"\r\n\r\n")).lower()
            assert answer.startswith(b"http/1.1 202"), answer
            await reader.readexactly(int(answer.split(b"content-length: ")[1].split(b"\r")[0]))
    finally:
        writer.close()
