"""A network between services and a server that can be cut: then nothing comes, and nothing ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

HOST = "127.0.0.1"


class Partition:
    """Passes on what clients and a server say to each other, until it is cut."""

    def __init__(self, target: int) -> None:
        self._target = target
        self.port = 0
        self._is_open = asyncio.Event()
        self._is_over = False
        self._is_open.set()
        self._pipes = set[asyncio.Task[None]]()
        self._ends = set[asyncio.StreamWriter]()

    def cut(self) -> None:
        """Deliver nothing any more, as a network that drops packets: no connection is closed."""
        self._is_open.clear()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one client."""
        self._ends.add(writer)
        await self._is_open.wait()
        try:
            if self._is_over:
                raise ConnectionError
            from_server, to_server = await asyncio.open_connection(HOST, self._target)
        except OSError:
            writer.close()
            self._ends.discard(writer)
            return
        self._ends.add(to_server)
        for pair in ((reader, to_server), (from_server, writer)):
            pipe = asyncio.create_task(self._pass(*pair))
            self._pipes.add(pipe)
            pipe.add_done_callback(self._pipes.discard)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(1_000_000):
                await self._is_open.wait()
                writer.write(data)
                await writer.drain()
        await self._is_open.wait()
        writer.close()
        self._ends.discard(writer)

    async def end(self) -> None:
        """Let nobody wait any longer."""
        self._is_over = True
        for pipe in tuple(self._pipes):
            pipe.cancel()
        await asyncio.gather(*self._pipes, return_exceptions=True)
        self._is_open.set()
        await asyncio.sleep(0)
        for each in tuple(self._ends):
            each.close()
        for each in tuple(self._ends):
            with suppress(OSError):
                await each.wait_closed()


@asynccontextmanager
async def partition(target: int) -> AsyncIterator[Partition]:
    """Run one before the server that listens at the port `target`."""
    made = Partition(target)
    server = await asyncio.start_server(made.serve, HOST, 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        await made.end()
