"""A served API, and the callers that it must bear."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from app.serve import free_port
from app.settings import Settings
from tests.eventually import eventually

HOST = "127.0.0.1"
Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Served:
    """An API process; `stop` asks it to stop, as a supervisor does."""

    def __init__(self, port: int, process: asyncio.subprocess.Process) -> None:
        self.port = port
        self.process = process
        self._writers: list[asyncio.StreamWriter] = []

    async def connect(self, source: str = HOST) -> Connection:
        """Open a connection from an address of this machine; it is closed at the end."""
        reader, writer = await asyncio.open_connection(HOST, self.port, local_addr=(source, 0))
        self._writers.append(writer)
        return reader, writer

    async def hang_up(self) -> None:
        """Close all connections."""
        for writer in self._writers:
            writer.transport.abort()
        await asyncio.sleep(0)

    async def ask(self, path: str, *headers: str, source: str = HOST) -> tuple[int, str]:
        """Return status and head of an answer, over a connection of its own."""
        reader, writer = await self.connect(source)
        try:
            return await ask(reader, writer, path, *headers, "connection: close")
        finally:
            writer.close()

    def stop(self) -> None:
        """Ask it to stop."""
        self.process.send_signal(signal.SIGTERM)


async def ask(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str, *headers: str
) -> tuple[int, str]:
    """Send a request without a body and read the whole answer; return its status and head."""
    head = "".join(f"{line}\r\n" for line in (f"GET {path} HTTP/1.1", "host: localhost", *headers))
    writer.write(f"{head}\r\n".encode())
    return await answer_of(reader)


async def answer_of(reader: asyncio.StreamReader) -> tuple[int, str]:
    """Read an answer with a length; return its status and head."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    length = head.partition("content-length: ")[2].partition("\r\n")[0]
    await reader.readexactly(int(length or 0))
    return int(head.split()[1]), head


@asynccontextmanager
async def serving(settings: Settings, *command: str, **environment: str) -> AsyncIterator[Served]:
    """Serve the API by a command on the test's servers; end it for certain afterwards."""
    port = free_port(HOST)
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command, "serve", "--port", str(port),
        env={
            **os.environ,
            "DATABASE_URL": settings.database_url,
            "REDIS_URL": settings.redis_url,
            "GROUNDSWELL_STOP_SECONDS": "0",
            **environment,
        },
    )  # fmt: skip
    served = Served(port, process)

    async def answers() -> bool:
        try:
            return (await served.ask("/health/live"))[0] == 200
        except OSError:
            return False

    try:
        await eventually(answers, within=60)
        yield served
    finally:
        await served.hang_up()
        if process.returncode is None:
            served.stop()
            await process.wait()


@pytest.fixture
async def serve(settings: Settings) -> AsyncIterator[Callable[..., Awaitable[Served]]]:
    """Serve the API under a test's own variables."""
    async with AsyncExitStack() as stack:

        async def start(*command: str, **environment: str) -> Served:
            started = serving(settings, *(command or ("-m", "app")), **environment)
            return await stack.enter_async_context(started)

        yield start
