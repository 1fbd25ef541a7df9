"""A balancer of connections, as HAProxy is one: it asks each server whether it is ready."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from tests.served.conftest import ask
from tests.site import HOST

ASK_EVERY = 0.1
ASK_EVERY_WHILE_DOWN = 1.0


class Balancer:
    """Passes each connection to the next server that is ready, and goes on where one refuses."""

    def __init__(self, ports: list[int]) -> None:
        self.port = 0
        self.ready = list(ports)
        """Ports of the servers that want connections, the next one first."""
        self._passing: set[asyncio.Task[None]] = set()

    async def has(self, *ports: int) -> bool:
        """Return whether all these want connections."""
        return {*ports} <= {*self.ready}

    async def watch(self, port: int) -> None:
        """Keep in mind whether the server on `port` wants connections."""
        while True:
            wanted = await self._is_ready(port)
            if wanted and port not in self.ready:
                self.ready.append(port)
            elif not wanted and port in self.ready:
                self.ready.remove(port)
            await asyncio.sleep(ASK_EVERY if wanted else ASK_EVERY_WHILE_DOWN)

    async def _is_ready(self, port: int) -> bool:
        with suppress(OSError, EOFError):
            reader, writer = await asyncio.open_connection(HOST, port)
            try:
                return (await ask(reader, writer, "/health/ready", "connection: close"))[0] == 200
            finally:
                writer.close()
        return False

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass what comes on a connection there and back until one side closes it."""
        for port in [*self.ready]:
            # The next one has its turn, whoever takes this.
            self.ready.append(self.ready.pop(0))
            with suppress(ConnectionError):
                there, back = await asyncio.open_connection(HOST, port)
                break
        else:
            writer.close()
            return
        ways = [asyncio.create_task(_pass(reader, back)), asyncio.create_task(_pass(there, writer))]
        self._passing.update(ways)
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
            self._passing.discard(way)
        back.close()
        writer.close()


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()


@asynccontextmanager
async def balanced(*ports: int) -> AsyncIterator[Balancer]:
    """Yield a balancer before the servers on `ports`."""
    balancer = Balancer(list(ports))
    server = await asyncio.start_server(balancer.take, HOST, 0)
    watching = [asyncio.create_task(balancer.watch(port)) for port in ports]
    balancer.port = server.sockets[0].getsockname()[1]
    try:
        yield balancer
    finally:
        for task in watching:
            task.cancel()
        await asyncio.wait(watching)
        server.close()
