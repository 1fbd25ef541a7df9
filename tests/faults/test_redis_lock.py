"""The lock in Redis: one holder at a time, whoever is slow, paused, killed or cut off."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import pytest
import redis.asyncio
from redis.crc import key_slot

from app.errors import AlreadyRunningError, LockLostError, UnavailableError
from app.runtime.redis_client import open_redis
from app.runtime.redis_lock import acquire, hold, holder_key
from app.settings import Settings
from tests.engines.redis import KillableRedis
from tests.eventually import eventually

NAME = "tests"
SHORT = 0.2
"""Seconds after which a lock of these tests runs out."""

HOLDER = """
import asyncio, sys
from app.errors import LockLostError
from app.runtime.redis_client import open_redis
from app.runtime.redis_lock import holder_key, hold
from app.settings import Settings

async def main():
    async with open_redis(Settings(redis_url=sys.argv[1])) as redis:
        try:
            async with hold(redis, "tests", seconds=float(sys.argv[2])):
                print("held", flush=True)
                await asyncio.sleep(60)
        except LockLostError as error:
            print(error.slug, flush=True)

asyncio.run(main())
"""

pytestmark = pytest.mark.usefixtures("empty")


@pytest.fixture
async def empty(redis: redis.asyncio.Redis) -> None:
    await redis.flushall()


@pytest.fixture
async def own_redis(tmp_path: Path) -> AsyncIterator[KillableRedis]:
    server = KillableRedis(tmp_path / "redis")
    await server.start()
    yield server
    await server.stop()


async def held_by_nobody(redis: redis.asyncio.Redis) -> bool:
    return not await redis.exists(holder_key(NAME))


async def test_only_one_holds_it_and_the_next_may_after_it(redis: redis.asyncio.Redis) -> None:
    async with hold(redis, NAME):
        with pytest.raises(AlreadyRunningError) as refused:
            await acquire(redis, NAME)
        assert refused.value.retry_after is not None
        assert 0 < refused.value.retry_after <= 10
        async with hold(redis, "another") as other:
            assert other.name == "another"
    async with hold(redis, NAME):
        assert not await held_by_nobody(redis)
    assert await held_by_nobody(redis)


async def test_it_is_let_go_of_when_the_block_fails_or_is_cancelled(
    redis: redis.asyncio.Redis,
) -> None:
    with pytest.raises(ZeroDivisionError):
        async with hold(redis, NAME):
            1 / 0  # noqa: B018
    assert await held_by_nobody(redis)

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.02), hold(redis, NAME):
            await asyncio.Event().wait()
    assert await held_by_nobody(redis)


async def test_it_lasts_as_long_as_the_work(redis: redis.asyncio.Redis) -> None:
    ends = time.monotonic() + 3 * SHORT
    async with hold(redis, NAME, seconds=SHORT) as lease:
        while time.monotonic() < ends:
            with pytest.raises(AlreadyRunningError):
                await acquire(redis, NAME)
            lease.check()
            await asyncio.sleep(0.01)


async def test_an_expired_holder_can_neither_extend_nor_release_anothers(
    redis: redis.asyncio.Redis,
) -> None:
    slow = await acquire(redis, NAME, seconds=0.05)
    await eventually(lambda: held_by_nobody(redis))
    other = await acquire(redis, NAME)

    with pytest.raises(LockLostError):
        slow.check()
    for attempt in (slow.extend, slow.release, slow.extend):
        with pytest.raises(LockLostError):
            await attempt()

    other.check()
    assert await redis.pttl(holder_key(NAME)) > 9_000
    await other.release()
    assert await held_by_nobody(redis)


async def test_what_is_lost_stays_lost_though_nobody_took_it(redis: redis.asyncio.Redis) -> None:
    lease = await acquire(redis, NAME, seconds=0.05)
    await eventually(lambda: held_by_nobody(redis))
    with pytest.raises(LockLostError):
        await lease.extend()
    again = await acquire(redis, NAME)
    with pytest.raises(LockLostError):
        await lease.release()
    await again.release()


async def test_there_are_never_two_holders_though_all_outstay_their_time(
    settings: Settings,
) -> None:
    """Eight clients take it for 30 ms, and work for up to twice that without extending it."""
    chance = random.Random(5)  # noqa: S311 - chance, not secrets
    turns: list[tuple[float, float]] = []
    ends = time.monotonic() + 1.5

    async def work() -> None:
        async with open_redis(settings) as client:
            while time.monotonic() < ends:
                with suppress(AlreadyRunningError, LockLostError):
                    lease = await acquire(client, NAME, seconds=0.03)
                    began = held_until = time.monotonic()
                    stops = began + chance.uniform(0, 0.06)
                    try:
                        while time.monotonic() < stops:
                            lease.check()
                            held_until = time.monotonic()
                            await asyncio.sleep(0.001)
                    finally:
                        turns.append((began, held_until))
                        await lease.release()
                await asyncio.sleep(0.001)

    await asyncio.gather(*(work() for _ in range(8)))

    turns.sort()
    assert len(turns) > 20
    for (_, held_until), (began, _) in pairwise(turns):
        assert held_until <= began


async def test_its_key_lives_on_the_shard_of_its_name() -> None:
    assert key_slot(holder_key("a b").encode()) == key_slot(b"lock:a b")
    assert holder_key("a") != holder_key("b")


async def test_it_is_kept_though_redis_forgets_its_scripts(redis: redis.asyncio.Redis) -> None:
    lease = await acquire(redis, NAME, seconds=5)
    for step in (lease.extend, lease.release):
        await redis.script_flush()
        await step()
    assert await held_by_nobody(redis)


async def test_who_loses_it_is_cancelled_and_told(redis: redis.asyncio.Redis) -> None:
    async def work() -> None:
        async with hold(redis, NAME, seconds=SHORT):
            await redis.delete(holder_key(NAME))
            await asyncio.sleep(30)

    with pytest.raises(LockLostError, match="given up"):
        await work()
    holder = asyncio.current_task()
    assert holder is not None
    assert holder.cancelling() == 0
    await asyncio.sleep(0)


async def test_who_wants_to_end_its_work_is_told_at_the_end(redis: redis.asyncio.Redis) -> None:
    done = []

    async def work() -> None:
        async with hold(redis, NAME, seconds=SHORT, cancel=False) as lease:
            await redis.delete(holder_key(NAME))
            lease.check()
            await asyncio.sleep(SHORT)
            with pytest.raises(LockLostError):
                lease.check()
            done.append(True)

    with pytest.raises(LockLostError, match="no longer held"):
        await work()
    assert done


async def test_who_blocks_its_loop_for_too_long_is_told(redis: redis.asyncio.Redis) -> None:
    """The work is over before anybody could have extended the lock, or cancelled the work."""
    with pytest.raises(LockLostError):
        async with hold(redis, NAME, seconds=SHORT):
            time.sleep(1.5 * SHORT)  # noqa: ASYNC251 - that is the point
    assert await held_by_nobody(redis)


async def test_a_cancellation_from_elsewhere_stays_one(redis: redis.asyncio.Redis) -> None:
    """Also where the lock is lost in the same moment."""
    inside = asyncio.Event()

    async def work() -> None:
        async with hold(redis, NAME, seconds=SHORT):
            inside.set()
            await asyncio.sleep(30)

    task = asyncio.create_task(work())
    await inside.wait()
    await redis.delete(holder_key(NAME))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_without_redis_it_says_so(own_redis: KillableRedis) -> None:
    async with open_redis(Settings(redis_url=own_redis.url, redis_timeout=0.5)) as client:
        await own_redis.kill()
        with pytest.raises(UnavailableError, match="Redis does not answer") as refused:
            await acquire(client, NAME)
        assert refused.value.retry_after


@pytest.mark.parametrize("number", [signal.SIGSTOP, signal.SIGKILL], ids=["hangs", "dies"])
async def test_who_cannot_extend_it_stops_when_it_runs_out(
    own_redis: KillableRedis, number: int
) -> None:
    """Also where Redis takes longer not to answer than the lock lasts."""
    ended = []

    async def work(client: redis.asyncio.Redis) -> None:
        async with hold(client, NAME, seconds=0.5):
            own_redis.signal(number)
            try:
                await asyncio.sleep(30)
            finally:
                ended.append(time.monotonic())
                if number == signal.SIGSTOP:
                    own_redis.signal(signal.SIGCONT)

    async with open_redis(Settings(redis_url=own_redis.url, redis_timeout=3)) as client:
        began = time.monotonic()
        with pytest.raises(LockLostError):
            await work(client)
    assert 0.3 < ended[0] - began < 0.9


async def holder(url: str, seconds: float) -> asyncio.subprocess.Process:
    """Start a process that holds the lock."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HOLDER, url, str(seconds), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"held\n"
    return process


async def test_a_paused_process_loses_it_and_is_told_when_it_wakes(
    redis: redis.asyncio.Redis, settings: Settings
) -> None:
    process = await holder(settings.redis_url, SHORT)
    with pytest.raises(AlreadyRunningError):
        await acquire(redis, NAME)
    os.kill(process.pid, signal.SIGSTOP)
    await eventually(lambda: held_by_nobody(redis))
    async with hold(redis, NAME) as lease:
        os.kill(process.pid, signal.SIGCONT)
        assert process.stdout is not None
        assert await process.stdout.readline() == b"lock-lost\n"
        assert await process.wait() == 0
        await lease.extend()


async def test_a_killed_process_s_lock_runs_out(
    redis: redis.asyncio.Redis, settings: Settings
) -> None:
    process = await holder(settings.redis_url, SHORT)
    process.kill()
    await process.wait()

    async def taken() -> bool:
        with suppress(AlreadyRunningError):
            await (await acquire(redis, NAME)).release()
            return True
        return False

    assert await eventually(taken)
