"""A relay before an API: counts requests, and loses answers on their way back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

HOST = "127.0.0.1"


class Relay:
    """Passes on what clients and an API say to each other."""

    def __init__(self, target: str) -> None:
        self._target = urlsplit(target).port
        self.url = ""
        self.requests = 0
        self.to_lose = 0
        """So many answers to come are lost, and their connections with them."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one client until either side ends the connection."""
        try:
            from_api, to_api = await asyncio.open_connection(HOST, self._target)
        except OSError:
            writer.close()
            return
        back = asyncio.create_task(self._answer(from_api, writer))
        with suppress(OSError):
            while data := await reader.read(1_000_000):
                self.requests += data.startswith(b"POST ")
                to_api.write(data)
        to_api.close()
        await back

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(1_000_000):
                if self.to_lose:
                    self.to_lose -= 1
                    break
                writer.write(data)
        writer.close()


@asynccontextmanager
async def relayed(target: str) -> AsyncIterator[Relay]:
    """Run a relay before an API."""
    relay = Relay(target)
    server = await asyncio.start_server(relay.serve, HOST, 0)
    relay.url = f"http://{HOST}:{server.sockets[0].getsockname()[1]}"
    try:
        yield relay
    finally:
        server.close()
