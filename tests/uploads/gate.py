"""What stands before the store: it can be shut, let nothing through, and talk nonsense."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

HOST = "127.0.0.1"


class Gate:
    """Passes one request a connection on, byte by byte."""

    def __init__(self, upstream: int) -> None:
        self._upstream = upstream
        self._server: asyncio.Server | None = None
        self._port = 0
        self._passing = set[asyncio.Task[None]]()
        self.passable = asyncio.Event()
        self.passable.set()
        self.waiting = 0
        """Requests that wait to be let through."""
        self.nonsense: bytes | None = None
        """What to answer instead."""

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self._port}"

    async def open(self) -> None:
        """Listen, on the same port as before."""
        self._server = await asyncio.start_server(self._serve, HOST, self._port, backlog=1_000)
        self._port = self._server.sockets[0].getsockname()[1]

    async def shut(self) -> None:
        """Let nobody connect."""
        assert self._server is not None
        self._server.close()

    async def hang_up(self) -> None:
        """End what is being passed on."""
        for task in self._passing:
            task.cancel()
        await asyncio.gather(*self._passing, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._passing.add(task)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                await self._serve_one(reader, writer)
        finally:
            self._passing.discard(task)
            writer.close()

    async def _serve_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        self.waiting += 1
        await self.passable.wait()
        self.waiting -= 1
        if self.nonsense is not None:
            writer.write(self.nonsense)
            await writer.drain()
        else:
            await self._pass(head, reader, writer)

    async def _pass(
        self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        answers, asks = await asyncio.open_connection(HOST, self._upstream)
        asks.write(head.replace(b"\r\n", b"\r\nconnection: close\r\n", 1))
        sending = asyncio.create_task(_copy(reader, asks))
        try:
            await _copy(answers, writer)
        finally:
            sending.cancel()
            asks.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while part := await reader.read(65_536):
            writer.write(part)
            await writer.drain()


@asynccontextmanager
async def gate_to(upstream: int) -> AsyncIterator[Gate]:
    gate = Gate(upstream)
    await gate.open()
    try:
        yield gate
    finally:
        await gate.shut()
        await gate.hang_up()
