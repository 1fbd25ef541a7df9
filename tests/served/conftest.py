"""A served API, and callers with sockets of their own."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from app.settings import Settings
from tests.site import HOST, Site

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Served(Site):
    """An API process, and the connections to it."""

    awaited = "/health/live"

    def __init__(
        self, settings: Settings, environment: dict[str, str], *, program: tuple[str, str]
    ) -> None:
        super().__init__(settings, environment, program=program)
        self._writers: list[asyncio.StreamWriter] = []

    async def connect(self, source: str = HOST) -> Connection:
        """Open a connection from an address of this machine; it is closed at the end."""
        reader, writer = await asyncio.open_connection(HOST, self.port, local_addr=(source, 0))
        self._writers.append(writer)
        return reader, writer

    async def ask(self, path: str, *headers: str, source: str = HOST) -> tuple[int, str]:
        """Return status and head of an answer, over a connection of its own."""
        reader, writer = await self.connect(source)
        try:
            return await ask(reader, writer, path, *headers, "connection: close")
        finally:
            writer.close()

    def ask_to_stop(self) -> None:
        """Do as a supervisor does, and do not wait."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)

    async def stop(self) -> None:
        """Hang up, and end it."""
        for writer in self._writers:
            writer.transport.abort()
        await asyncio.sleep(0)
        await super().stop()


async def ask(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    path: str,
    *headers: str,
    posted: str | None = None,
) -> tuple[int, str]:
    """Send a request, with a JSON body or none; read all of the answer, return status and head."""
    lines = [f"GET {path} HTTP/1.1", "host: localhost", *headers]
    if posted is not None:
        lines[0] = f"POST {path} HTTP/1.1"
        lines += ["content-type: application/json", f"content-length: {len(posted)}"]
    writer.write("\r\n".join([*lines, "", posted or ""]).encode())
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    length = head.partition("content-length: ")[2].partition("\r\n")[0]
    await reader.readexactly(int(length or 0))
    return int(head.split()[1]), head


@pytest.fixture
async def serve(settings: Settings) -> AsyncIterator[Callable[..., Awaitable[Served]]]:
    """Serve the API under a test's own variables."""
    started: list[Served] = []

    async def start(*program: str, **environment: str) -> Served:
        first, second = program or ("-m", "app")
        served = Served(settings, environment, program=(first, second))
        started.append(served)
        await served.start()
        return served

    yield start
    for served in started:
        await served.stop()
