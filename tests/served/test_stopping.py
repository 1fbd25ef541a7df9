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
LATE_TO_NOTICE = """
from app import serve
serve._QUIET_SECONDS = 4.0
from app.cli.main import main
main()
"""
"""Runs `groundswell` with time for this test, on however busy a machine."""


async def test_no_request_is_cut_by_a_stop_and_nobody_is_sent_there(serve: Serve) -> None:
    served, chance = await serve(GROUNDSWELL_STOP_SECONDS="20"), random.Random(12)  # noqa: S311
    going = asyncio.Event()

    async def go_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> str:
        """Ask until told that no more is to come, and return how it ended."""
        while True:
            await asyncio.sleep(chance.random() / 2)
            if reader.at_eof():
                return "closed"
            try:
                status, head = await ask(reader, writer, "/analytics/stats/none")
            except (asyncio.IncompleteReadError, ConnectionError):
                return "cut"
            assert status == 404
            going.set()
            if "connection: close" in head:
                writer.close()
                return "told"

    held: list[Connection] = [await served.connect() for _ in range(CONNECTIONS)]
    balancer = await served.connect()
    assert (await ask(*balancer, "/health/ready"))[0] == 200
    callers = [asyncio.create_task(go_on(*one)) for one in held]
    await going.wait()
    served.ask_to_stop()
    assert {await one for one in callers} == {"told"}
    status, head = await ask(*balancer, "/health/ready")
    assert status == 503
    assert "connection: close" in head
    balancer[1].close()
    # Nobody is connected any more: it need not wait for as long as it might.
    async with asyncio.timeout(15):
        assert served.process is not None
        assert await served.process.wait() == 0


async def test_it_listens_until_a_balancer_can_have_noticed(serve: Serve) -> None:
    """Nobody is connected, and the balancer does not know yet: it must not be refused."""
    served = await serve("-c", LATE_TO_NOTICE, GROUNDSWELL_STOP_SECONDS="20")
    served.ask_to_stop()
    told = 0
    while told < 10:
        status, _ = await served.ask("/health/ready")
        told += status == 503
        await asyncio.sleep(0.1)
    async with asyncio.timeout(15):
        assert served.process is not None
        assert await served.process.wait() == 0
