"""A lock in Redis: one holder at a time on any number of processes, until it lets go or dies.

    async with hold(redis, "rankings") as lease:
        ...

It is redis-py's lock: only its holder can extend or release it, and it expires by itself. Here it
is extended for as long as the block runs. Whoever loses it nevertheless (it was paused for too
long, or Redis was down or emptied) is told: the block is cancelled, and `LockLostError` raised.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import structlog
from redis.asyncio import Redis
from redis.asyncio.lock import Lock
from redis.exceptions import LockError

from app.errors import AlreadyRunningError, LockLostError, UnavailableError
from app.runtime.outage import REDIS_ERRORS
from app.runtime.redis_keys import redis_key
from app.runtime.tasks import end

HOLD_SECONDS = 10.0
"""After this time without a word from its holder, a lock is free."""
EXTENSIONS = 4
"""How often a lock is extended within the time after which it would expire."""

log = structlog.get_logger(__name__)


class Lease:
    """A lock that this process has taken; `acquire` makes it."""

    def __init__(self, redis: Redis, name: str, *, seconds: float) -> None:
        self.name = name
        self.seconds = seconds
        self.lock = Lock(redis, holder_key(name), timeout=seconds, blocking=False)
        self._until = time.monotonic() + seconds

    @property
    def remaining(self) -> float:
        """Seconds for which it is certainly held if nobody extends it."""
        return self._until - time.monotonic()

    def check(self) -> None:
        """Raise `LockLostError` if the lock may be another's by now.

        Asks nobody: for the moment before a step that cannot be taken back.
        """
        if self.remaining <= 0:
            self._until = 0.0
            raise _lost(self.name, "is no longer held")

    async def extend(self) -> None:
        """Hold it for its whole time from now on; raises `LockLostError`, and errors of Redis."""
        until = time.monotonic() + self.seconds
        try:
            await self.lock.reacquire()
        except LockError:
            self._until = 0.0
        # What was lost stays lost, though Redis may not have noticed it.
        self._until = self._until and until
        self.check()

    async def release(self) -> None:
        """Let go of it; raises `LockLostError` if it was no longer ours, and errors of Redis."""
        try:
            await self.lock.release()
        except LockError:
            self._until = 0.0
        self.check()
        self._until = 0.0


async def acquire(redis: Redis, name: str, *, seconds: float = HOLD_SECONDS) -> Lease:
    """Take the lock `name` for `seconds`, without waiting for it.

    Raises `AlreadyRunningError` while another holds it, `UnavailableError` while Redis is down.
    """
    lease = Lease(redis, name, seconds=seconds)
    try:
        if await lease.lock.acquire():
            return lease
        held_for = await redis.pttl(lease.lock.name)
    except REDIS_ERRORS as error:
        raise UnavailableError(
            f"Redis does not answer, so the lock {name!r} cannot be taken"
        ) from error
    raise AlreadyRunningError(
        f"another process holds the lock {name!r}", retry_after=max(1, held_for) / 1_000
    )


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
    # Runs out with the lock, though Redis hangs; extensions put it off.
    limit = asyncio.timeout(lease.remaining if cancel else None)
    keeper = asyncio.create_task(_keep(lease, limit if cancel else None), name=f"lock {name}")
    try:
        async with limit:
            try:
                yield lease
            finally:
                keeper.cancel()
    except BaseException as error:
        with suppress(LockLostError):
            await _let_go(lease, keeper)
        if isinstance(error, TimeoutError) and limit.expired():
            raise _lost(name, "was lost, and the work given up") from None
        raise
    await _let_go(lease, keeper)


async def _keep(lease: Lease, limit: asyncio.Timeout | None) -> None:
    """Extend it again and again; let the limit of the work end where it does."""
    while lease.remaining > 0:
        await asyncio.sleep(lease.seconds / EXTENSIONS)
        try:
            with suppress(LockLostError):
                await lease.extend()
        except REDIS_ERRORS as error:
            log.warning("lock not extended", lock=lease.name, error=repr(error))
        if limit is not None and not limit.expired():
            limit.reschedule(asyncio.get_running_loop().time() + lease.remaining)


async def _let_go(lease: Lease, keeper: asyncio.Task[None]) -> None:
    await end(keeper)
    try:
        await lease.release()
    except REDIS_ERRORS as error:
        # It runs out by itself.
        log.warning("lock not released", lock=lease.name, error=repr(error))
        lease.check()


def _lost(name: str, how: str) -> LockLostError:
    return LockLostError(f"the lock {name!r} {how}")


def holder_key(name: str) -> str:
    """Return the key that holds the token of whoever has the lock `name`, until it expires."""
    return redis_key(("lock", name), "holder")
