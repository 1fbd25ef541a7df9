"""Clients who go on reading and recording while something is done to the servers."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from tests.eventually import eventually
from tests.served.conftest import ask
from tests.site import HOST

CALLERS = 12
VIEW = '{"type": "view", "contentId": "rolling"}'


class Callers:
    """Clients that keep their connections as long as they may, and try nothing twice."""

    def __init__(self, port: int, headers: Sequence[str]) -> None:
        self.port = port
        self.headers = headers
        self.answers: Counter[int | str] = Counter()
        self.stop = False

    async def call(self, chance: random.Random) -> None:
        """Read and record by turns over one connection after the other."""
        while not self.stop:
            reader, writer = await asyncio.open_connection(HOST, self.port)
            while not self.stop:
                await asyncio.sleep(chance.random() / 10)
                if reader.at_eof():
                    # Closed between two requests.
                    break
                try:
                    head = await self._ask(reader, writer, records=chance.random() < 0.5)
                except (asyncio.IncompleteReadError, ConnectionError):
                    self.answers["cut"] += 1
                    break
                if "connection: close" in head:
                    break
            writer.close()

    async def are_answered(self) -> None:
        """Wait until all of them were, and some more than once."""
        seen = self.answers.total()

        async def more() -> bool:
            return self.answers.total() > seen + 2 * CALLERS

        await eventually(more, within=60)

    async def _ask(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, records: bool
    ) -> str:
        if records:
            status, head = await ask(
                reader, writer, "/analytics/events", *self.headers, posted=VIEW
            )
        else:
            status, head = await ask(reader, writer, "/analytics/trending", *self.headers)
        self.answers[status] += 1
        return head


@asynccontextmanager
async def calling(port: int, *headers: str) -> AsyncIterator[Callers]:
    """Run callers of `port`; all of them have ended when it is left."""
    callers = Callers(port, headers)
    tasks = [
        asyncio.create_task(callers.call(random.Random(number)))  # noqa: S311
        for number in range(CALLERS)
    ]
    try:
        yield callers
    finally:
        callers.stop = True
        await asyncio.gather(*tasks)
