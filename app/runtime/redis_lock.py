"""A lock in Redis: one holder at a time on any number of processes, until it lets go or dies.

    async with hold(redis, "rankings") as lease:
        ...

The holder's token is random, so nobody else can extend or release the lock. It expires by itself,
and is extended for as long as the block runs. Whoever loses it nevertheless (it was paused for too
long, or Redis was down or emptied) is told: the block is cancelled, and `LockLostError` raised.
What must never be done by two even then takes `lease.fence` along and refuses a smaller one.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import cast

import structlog
from redis.asyncio import Redis

from app.errors import AlreadyRunningError, LockLostError, UnavailableError
from app.runtime.outage import REDIS_ERRORS

HOLD_SECONDS = 10.0
"""After this time without a word from its holder, a lock is free."""
EXTENSIONS = 4
"""How often a lock is extended within the time after which it would expire."""
RETRY_AFTER = 5.0
"""Seconds after which a caller may try again, while Redis is down or after a lock was lost."""

# KEYS: holder, fence; ARGV: token, milliseconds. Answers the fence, or 0 and how long it is held.
# An emptied Redis counts on from the clock, so that no fence comes twice.
_ACQUIRE = """
if not redis.call('set', KEYS[1], ARGV[1], 'nx', 'px', ARGV[2]) then
  return {0, redis.call('pttl', KEYS[1])}
end
if redis.call('exists', KEYS[2]) == 0 then
  local now = redis.call('time')
  redis.call('set', KEYS[2], now[1] * 1000 + math.floor(now[2] / 1000))
end
return {redis.call('incr', KEYS[2]), 0}
"""
# KEYS: holder; ARGV: token, milliseconds.
_EXTEND = """
if redis.call('get', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('pexpire', KEYS[1], ARGV[2])
"""
# KEYS: holder; ARGV: token.
_RELEASE = """
if redis.call('get', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('del', KEYS[1])
"""

log = structlog.get_logger(__name__)


class Lease:
    """A lock that this process has taken; `hold` is the way to one."""

    def __init__(self, redis: Redis, name: str, *, seconds: float) -> None:
        self._redis = redis
        self._token = secrets.token_hex(16)
        self._seconds = seconds
        self._until = 0.0
        self.name = name
        self.fence = 0
        """Greater than that of every holder before; 0 until it is taken."""

    async def acquire(self) -> None:
        """Take it, without waiting; raises `AlreadyRunningError`, and errors of Redis."""
        holder, fence = _holder_key(self.name), _fence_key(self.name)
        began = time.monotonic()
        answer = await self._redis.eval(_ACQUIRE, 2, holder, fence, self._token, self._milliseconds)
        self.fence, held_for = cast("tuple[int, int]", answer)
        if not self.fence:
            raise AlreadyRunningError(
                f"another process holds the lock {self.name!r}", retry_after=held_for / 1_000
            )
        self._until = began + self._seconds

    def check(self) -> None:
        """Raise `LockLostError` if the lock may be another's by now.

        Asks nobody: for the moment before a step that cannot be taken back.
        """
        if time.monotonic() >= self._until:
            self._until = 0.0
            raise LockLostError(
                f"the lock {self.name!r} has run out or was taken away", retry_after=RETRY_AFTER
            )

    async def extend(self) -> None:
        """Hold it for its whole time from now on; raises `LockLostError`, and errors of Redis."""
        began = time.monotonic()
        is_mine = await self._if_mine(_EXTEND, self._milliseconds)
        # What was lost stays lost, whoever had it meanwhile.
        self._until = began + self._seconds if is_mine and self._until else 0.0
        self.check()

    async def release(self) -> None:
        """Let go of it; raises `LockLostError` if it was no longer ours, and errors of Redis."""
        is_mine = await self._if_mine(_RELEASE) and self._until
        self._until = 0.0
        if not is_mine:
            raise LockLostError(
                f"the lock {self.name!r} was no longer held at the end", retry_after=RETRY_AFTER
            )

    async def keep(self) -> None:
        """Extend it again and again; return when it is lost."""
        with suppress(LockLostError):
            while True:
                await asyncio.sleep(min(self._seconds / EXTENSIONS, self._remaining))
                try:
                    # A Redis that hangs must not hide that the time is over.
                    async with asyncio.timeout(self._remaining):
                        await self.extend()
                except REDIS_ERRORS as error:
                    log.warning("lock not extended", lock=self.name, error=repr(error))
                    self.check()

    @property
    def _remaining(self) -> float:
        return max(0.0, self._until - time.monotonic())

    @property
    def _milliseconds(self) -> int:
        return round(self._seconds * 1_000)

    async def _if_mine(self, script: str, *arguments: int) -> bool:
        key = _holder_key(self.name)
        return bool(await self._redis.eval(script, 1, key, self._token, *arguments))


async def acquire(redis: Redis, name: str, *, seconds: float = HOLD_SECONDS) -> Lease:
    """Take the lock `name` for `seconds`, without waiting for it.

    Raises `AlreadyRunningError` while another holds it, `UnavailableError` while Redis is down.
    """
    lease = Lease(redis, name, seconds=seconds)
    try:
        await lease.acquire()
    except REDIS_ERRORS as error:
        raise UnavailableError(
            f"Redis does not answer, so the lock {name!r} cannot be taken", retry_after=RETRY_AFTER
        ) from error
    return lease


@asynccontextmanager
async def hold(
    redis: Redis, name: str, *, seconds: float = HOLD_SECONDS, cancel: bool = True
) -> AsyncIterator[Lease]:
    """Hold the lock `name` while the block runs; it is extended meanwhile.

    Raises what `acquire` raises. Where the lock is lost, the block is cancelled at once and
    `LockLostError` raised; with `cancel=False` the block runs to its end, and `lease.check()` tells
    it. Either way a block that ends after the lock was lost raises `LockLostError`.
    """
    lease = await acquire(redis, name, seconds=seconds)
    keeper = _Keeper(lease, cancel=cancel)
    try:
        yield lease
    except BaseException as error:
        await keeper.end()
        with suppress(LockLostError):
            await _let_go(lease)
        if isinstance(error, asyncio.CancelledError) and keeper.was_alone():
            raise LockLostError(
                f"the lock {name!r} was lost, and the work given up", retry_after=RETRY_AFTER
            ) from None
        raise
    await keeper.end()
    await _let_go(lease)


class _Keeper:
    """Extends a lease in the background, and cancels the task that made it when it is lost."""

    def __init__(self, lease: Lease, *, cancel: bool) -> None:
        holder = asyncio.current_task()
        assert holder is not None  # noqa: S101  # a coroutine runs in a task
        self._holder = holder
        self._cancelling = holder.cancelling()
        self._may_cancel = cancel
        self._has_cancelled = False
        self._task = asyncio.create_task(lease.keep(), name=f"lock {lease.name}")
        self._task.add_done_callback(self._on_end)

    def was_alone(self) -> bool:
        """Whether the holder was cancelled from here and from nowhere else."""
        return self._has_cancelled and self._holder.cancelling() <= self._cancelling

    async def end(self) -> None:
        """Stop, and take back the cancellation where it was ours."""
        self._may_cancel = False
        self._task.cancel()
        if self._has_cancelled:
            self._holder.uncancel()
        try:
            await asyncio.wait({self._task})
        except asyncio.CancelledError:
            # One of ours that the block had left before it could arrive.
            if not self.was_alone():
                raise

    def _on_end(self, task: asyncio.Task[None]) -> None:
        if self._may_cancel and not task.cancelled():
            self._has_cancelled = True
            self._holder.cancel()


async def _let_go(lease: Lease) -> None:
    try:
        await lease.release()
    except REDIS_ERRORS as error:
        # It runs out by itself.
        log.warning("lock not released", lock=lease.name, error=repr(error))
        lease.check()


def _holder_key(name: str) -> str:
    return f"gs:{{lock:{name}}}:holder"


def _fence_key(name: str) -> str:
    return f"gs:{{lock:{name}}}:fence"
