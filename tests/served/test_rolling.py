"""API processes are replaced one by one behind a balancer, and no caller notices."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from redis.asyncio import Redis

from app.runtime.pool import Pool
from app.settings import Settings
from tests.eventually import eventually
from tests.served.balancer import balanced
from tests.served.callers import calling
from tests.served.conftest import Served
from tests.writing import running_writer, written

Serve = Callable[..., Awaitable[Served]]


@pytest.mark.usefixtures("clean")
async def test_no_request_fails_while_one_process_after_the_other_is_replaced(
    serve: Serve, settings: Settings, pool: Pool, redis: Redis
) -> None:
    served = await asyncio.gather(*(serve(GROUNDSWELL_STOP_SECONDS="10") for _ in range(2)))
    before = [one.process for one in served]
    async with (
        balanced(*(one.port for one in served)) as balancer,
        calling(balancer.port) as callers,
    ):
        for one in served:
            await callers.are_answered()
            await one.stop()
            await callers.are_answered()
            await one.start()
            await eventually(lambda: balancer.has(*(one.port for one in served)))
    assert {one.process for one in served}.isdisjoint(before)
    assert set(callers.answers) == {200, 202}
    async with running_writer(settings, pool, redis):

        async def is_written() -> bool:
            return (await written(pool)).rows >= callers.answers[202]

        await eventually(is_written)
    assert (await written(pool)).rows == callers.answers[202]
