"""A process that is asked to stop first answers what comes on open connections."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable

import pytest

from tests.served.conftest import Connection, Served, ask

Serve = Callable[..., Awaitable[Served]]

pytestmark = pytest.mark.usefixtures("clean")

CONNECTIONS = 256


async def test_no_request_is_cut_by_a_stop(serve: Serve) -> None:
    served, chance = await serve(GROUNDSWELL_STOP_SECONDS="10"), random.Random(12)  # noqa: S311
    answered = 0

    async def go_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> str:
        """Ask until told that no more is to come, and return how it ended."""
        nonlocal answered
        while True:
            await asyncio.sleep(chance.random() / 5)
            if reader.at_eof():
                return "closed"
            try:
                status, head = await ask(reader, writer, "/analytics/stats/none")
            except (asyncio.IncompleteReadError, ConnectionError):
                return "cut"
            assert status == 404
            answered += 1
            if "connection: close" in head:
                writer.close()
                return "told"

    held: list[Connection] = [await served.connect() for _ in range(CONNECTIONS)]
    going = [asyncio.create_task(go_on(*one)) for one in held]
    while answered < CONNECTIONS:
        await asyncio.sleep(0.01)
    served.stop()
    assert {await one for one in going} == {"told"}
    # Nobody is connected any more: it need not wait for as long as it might.
    async with asyncio.timeout(8):
        assert await served.process.wait() == 0


async def test_who_stops_is_not_ready(serve: Serve) -> None:
    served = await serve(GROUNDSWELL_STOP_SECONDS="10")
    reader, writer = await served.connect()
    assert (await ask(reader, writer, "/health/ready"))[0] == 200
    served.stop()
    while (found := await served.ask("/health/ready"))[0] == 200:
        await asyncio.sleep(0.01)
    assert found[0] == 503
    status, head = await ask(reader, writer, "/analytics/trending")
    assert "connection: close" in head
    assert status in {200, 503}
    writer.close()
