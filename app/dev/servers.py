"""The database and the Redis that `groundswell dev` uses: the environment's, or embedded ones."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import msgspec

from app.embedded import EmbeddedError, embedded_redis, embedded_services, embedded_timescaledb
from app.embedded.supervise import watch
from app.errors import ServiceError


class Servers(msgspec.Struct, frozen=True, kw_only=True):
    """Where database and Redis are, and how to learn that one of them is lost."""

    database_url: str
    redis_url: str
    lost: Callable[[], Awaitable[str]] | None
    """Waits until an embedded server is given up and says why; None where none is embedded."""

    async def failed(self) -> None:
        """Wait for ever; raises `ServiceError` once an embedded server cannot be kept running."""
        if self.lost:
            raise ServiceError(await self.lost())


@asynccontextmanager
async def open_servers(data: Path, environ: Mapping[str, str]) -> AsyncIterator[Servers]:
    """Start what DATABASE_URL and REDIS_URL do not name, on the folder `data`.

    Raises `ServiceError` when it cannot be started.
    """
    async with AsyncExitStack() as stack:
        try:
            servers = await _open(
                stack, data, environ.get("DATABASE_URL"), environ.get("REDIS_URL")
            )
        except EmbeddedError as error:
            raise ServiceError(str(error)) from error
        yield servers


async def _open(
    stack: AsyncExitStack, data: Path, database_url: str | None, redis_url: str | None
) -> Servers:
    if database_url and redis_url:
        return Servers(database_url=database_url, redis_url=redis_url, lost=None)
    if database_url:
        redis = await stack.enter_async_context(embedded_redis(data))
        return Servers(database_url=database_url, redis_url=redis.url, lost=lambda: watch(redis))
    if redis_url:
        database = await stack.enter_async_context(embedded_timescaledb(data))
        return Servers(database_url=database.url, redis_url=redis_url, lost=lambda: watch(database))
    both = await stack.enter_async_context(embedded_services(data))
    return Servers(database_url=both.database_url, redis_url=both.redis_url, lost=both.failed)
