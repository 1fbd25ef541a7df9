"""API processes of a test's own, which share imports and nothing else.

Each has its own pool, Redis client and store client, and can be killed and stopped.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import msgspec

from app.settings import Settings

PROGRAM = """
import asyncio, json, os, socket, sys
import httpx, msgspec
from app.main import create_app
from app.settings import Settings
from app.uploads import finalizing
from tests.lifespan import lifespan

settings = msgspec.json.decode(sys.argv[1], type=Settings)
finalizing.LEASE_SECONDS = float(sys.argv[2])

async def main(fd):
    reader, writer = await asyncio.open_connection(sock=socket.socket(fileno=fd))
    app = create_app(settings)
    transport = httpx.ASGITransport(app=app)
    async with (
        lifespan(app),
        httpx.AsyncClient(transport=transport, base_url="http://localhost") as client,
    ):
        writer.write(b"%d\\n" % os.getpid())
        while line := await reader.readline():
            paths, headers = json.loads(line)
            answers = await asyncio.gather(
                *(client.post(path, headers=headers, timeout=60) for path in paths)
            )
            said = [(answer.status_code, answer.text) for answer in answers]
            writer.write(json.dumps(said).encode() + b"\\n")

# All that a process imports is imported once: on a small machine that is most of the time.
children = []
fds = [int(fd) for fd in sys.argv[3:]]
for fd in fds:
    children.append(os.fork())
    if not children[-1]:
        for other in fds:
            other == fd or os.close(other)
        asyncio.run(main(fd))
        os._exit(0)
for fd in fds:
    os.close(fd)
for child in children:
    os.waitpid(child, 0)
"""

Answer = tuple[int, str]


class Process:
    """One of them."""

    def __init__(
        self, pid: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.pid = pid
        self._reader = reader
        self._writer = writer

    async def post(self, paths: list[str], headers: dict[str, str]) -> list[Answer]:
        """Post to all of these at once, and return the answers, in order."""
        self._writer.write(json.dumps((paths, headers)).encode() + b"\n")
        line = await self._reader.readline()
        return [(status, text) for status, text in json.loads(line)]

    def signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def hang_up(self) -> None:
        """Let it end, though it be stopped."""
        with suppress(ProcessLookupError):
            self.signal(signal.SIGCONT)
        self._writer.close()


@asynccontextmanager
async def processes(
    settings: Settings, count: int, *, lease: float = 10.0
) -> AsyncIterator[list[Process]]:
    """Run so many; whoever finalises holds its lock for `lease` seconds at a time."""
    pairs = [socket.socketpair() for _ in range(count)]
    fds = [theirs.fileno() for _, theirs in pairs]
    program = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, msgspec.json.encode(settings).decode(), str(lease),
        *map(str, fds), pass_fds=fds,
    )  # fmt: skip
    running = []
    for ours, theirs in pairs:
        theirs.close()
        reader, writer = await asyncio.open_connection(sock=ours, limit=2**24)
        running.append(Process(int(await reader.readline()), reader, writer))
    try:
        yield running
    finally:
        for process in running:
            process.hang_up()
        await program.wait()
