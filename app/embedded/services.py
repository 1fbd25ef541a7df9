"""The embedded TimescaleDB and Redis together, watched and healed."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from app.embedded.redis import EmbeddedRedis, Fsync
from app.embedded.supervise import DEFAULT_POLICY, RestartPolicy, watch
from app.embedded.timescaledb import EmbeddedTimescaledb
from app.runtime.tasks import end


class EmbeddedServices:
    """Both servers, running; a crashed one is started again on its port."""

    def __init__(
        self, timescaledb: EmbeddedTimescaledb, redis: EmbeddedRedis, policy: RestartPolicy
    ) -> None:
        self.timescaledb = timescaledb
        self.redis = redis
        self._watches = [
            asyncio.create_task(watch(service, policy)) for service in (timescaledb, redis)
        ]

    @property
    def database_url(self) -> str:
        """TimescaleDB's address."""
        return self.timescaledb.url

    @property
    def redis_url(self) -> str:
        """Redis' address."""
        return self.redis.url

    async def failed(self) -> str:
        """Wait until one of the servers is given up, and return one line saying which and why."""
        done, _ = await asyncio.wait(self._watches, return_when=asyncio.FIRST_COMPLETED)
        return done.pop().result()

    async def stop(self) -> None:
        """Stop watching, then stop both servers cleanly."""
        await end(*self._watches)
        await asyncio.gather(self.timescaledb.stop(), self.redis.stop())


@asynccontextmanager
async def embedded_services(
    data: Path,
    *,
    postgres_port: int = 0,
    redis_port: int = 0,
    redis_fsync: Fsync = "everysec",
    policy: RestartPolicy = DEFAULT_POLICY,
) -> AsyncIterator[EmbeddedServices]:
    """Run both servers on the folder `data`, watched; port 0 is any free one.

    Raises EmbeddedError if one cannot be started; the other is stopped again.
    """
    timescaledb = EmbeddedTimescaledb(data, port=postgres_port)
    redis = EmbeddedRedis(data, port=redis_port, fsync=redis_fsync)
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(timescaledb.start())
            group.create_task(redis.start())
    except BaseExceptionGroup as problems:
        with contextlib.suppress(ProcessLookupError):
            await asyncio.gather(timescaledb.stop(), redis.stop())
        raise problems.exceptions[0] from None
    services = EmbeddedServices(timescaledb, redis, policy)
    try:
        yield services
    finally:
        await services.stop()
