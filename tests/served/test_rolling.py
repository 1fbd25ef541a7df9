"""API processes are replaced one by one behind a balancer, and no caller notices."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable

import pytest
from redis.asyncio import Redis

from app.runtime.pool import Pool
from app.settings import Settings
from tests.eventually import eventually
from tests.served.balancer import balanced
from tests.served.conftest import Served, ask
from tests.site import HOST
from tests.writing import running_writer, written

Serve = Callable[..., Awaitable[Served]]

CALLERS = 12
VIEW = '{"type": "view", "contentId": "rolling"}'


class Callers:
    """Clients that keep their connections as long as they may, and try nothing twice."""

    def __init__(self, port: int) -> None:
        self.port = port
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

        await eventually(more)

    async def _ask(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, records: bool
    ) -> str:
        if records:
            status, head = await ask(reader, writer, "/analytics/events", posted=VIEW)
        else:
            status, head = await ask(reader, writer, "/analytics/trending")
        self.answers[status] += 1
        return head


@pytest.mark.usefixtures("clean")
async def test_no_request_fails_while_one_process_after_the_other_is_replaced(
    serve: Serve, settings: Settings, pool: Pool, redis: Redis
) -> None:
    served = await asyncio.gather(*(serve(GROUNDSWELL_STOP_SECONDS="10") for _ in range(2)))
    before = [one.process for one in served]
    async with balanced(*(one.port for one in served)) as balancer:
        callers = Callers(balancer.port)
        calling = [
            asyncio.create_task(callers.call(random.Random(number)))  # noqa: S311
            for number in range(CALLERS)
        ]
        for one in served:
            await callers.are_answered()
            await one.stop()
            await callers.are_answered()
            await one.start()
            await eventually(lambda: balancer.has(*(one.port for one in served)))
        callers.stop = True
        await asyncio.gather(*calling)
    assert {one.process for one in served}.isdisjoint(before)
    assert set(callers.answers) == {200, 202}
    async with running_writer(settings, pool, redis):

        async def is_written() -> bool:
            return (await written(pool)).rows >= callers.answers[202]

        await eventually(is_written)
    assert (await written(pool)).rows == callers.answers[202]
