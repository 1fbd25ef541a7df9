"""Tasks end, also those that a cancellation was lost in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress

import pytest

from app.runtime.ending import end
from app.runtime.notifications import Notifications


async def deaf(lost: int) -> None:
    """Lose so many cancellations, as `asyncio.wait_for` may before Python 3.12."""
    for _ in range(lost):
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(3_600)
    await asyncio.sleep(3_600)


async def test_a_lost_cancellation_is_made_again() -> None:
    tasks = [asyncio.create_task(deaf(lost)) for lost in (0, 1, 2)]
    await asyncio.sleep(0)
    async with asyncio.timeout(2):
        await end(*tasks)
    assert all(task.cancelled() for task in tasks)


@pytest.mark.parametrize("sources", [1, 3])
async def test_listening_ends_with_whoever_listens(sources: int) -> None:
    """One source that lost the only cancellation kept an API from ever stopping."""
    open_sources = 0

    async def source() -> AsyncGenerator[str, None]:
        nonlocal open_sources
        open_sources += 1
        try:
            yield ""
            await deaf(1)
        finally:
            open_sources -= 1

    notifications = Notifications("a test", *[source] * sources)
    async with asyncio.timeout(2):
        async with notifications.subscribed("news") as wake:
            await wake.wait()
            await asyncio.sleep(0)
            assert open_sources == sources
        assert open_sources == 0
