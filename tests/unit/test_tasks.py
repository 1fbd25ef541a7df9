"""Tasks end, also those that a cancellation was lost in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress

import pytest

from app.runtime.notifications import Notifications
from app.runtime.tasks import end, finish, run_together


async def deaf(lost: int) -> None:
    """Lose so many cancellations, as `asyncio.wait_for` may before Python 3.12."""
    for _ in range(lost):
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(3_600)
    await asyncio.sleep(3_600)


async def test_a_lost_cancellation_is_made_again() -> None:
    tasks = [asyncio.create_task(deaf(lost)) for lost in (0, 1)]
    await asyncio.sleep(0)
    async with asyncio.timeout(2):
        await end(*tasks)
    assert all(task.cancelled() for task in tasks)


async def test_who_ends_a_task_and_is_cancelled_waits_for_it_all_the_same() -> None:
    inner = asyncio.create_task(deaf(1))
    outer = asyncio.create_task(end(inner))
    await asyncio.sleep(0)
    outer.cancel()
    async with asyncio.timeout(3):
        await asyncio.wait({outer})
    assert outer.cancelled()
    assert inner.cancelled()


async def test_what_is_left_after_its_time_is_ended() -> None:
    slow = asyncio.create_task(deaf(1))
    quick = asyncio.create_task(asyncio.sleep(0))
    async with asyncio.timeout(3):
        await finish({slow, quick}, within=0.05)
    assert slow.cancelled()
    assert quick.done()
    assert not quick.cancelled()


async def test_a_part_that_fails_ends_the_others_and_is_what_is_told() -> None:
    """With a task group, a part that lost its only cancellation kept a worker from ending."""

    async def fail() -> None:
        await asyncio.sleep(0.01)
        raise LookupError

    deafs = {f"deaf {lost}": deaf(lost) for lost in (0, 1)}
    with pytest.raises(LookupError):
        async with asyncio.timeout(3):
            await run_together({**deafs, "failing": fail()})


async def test_parts_that_end_are_waited_for() -> None:
    ended = list[float]()

    async def part(seconds: float) -> None:
        await asyncio.sleep(seconds)
        ended.append(seconds)

    await run_together({"b": part(0.02), "a": part(0.0)})
    assert ended == [0.0, 0.02]


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
