"""The first login of a background process: what is down is waited for, a refusal is not."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import psycopg
from redis.asyncio import Redis
from redis.exceptions import NoPermissionError

from app.errors import RefusedError
from app.runtime.backoff import Backoff
from app.runtime.outage import DATABASE_ERRORS, REDIS_ERRORS
from app.runtime.pool import connection_options
from app.runtime.redis_cluster import ClusterRedis
from app.runtime.refusals import WrongKindError, database_refusal, redis_refusal
from app.runtime.tasks import first_of
from app.settings import Settings

_BACKOFF = Backoff(shortest=0.25, longest=5.0)


async def database_lets_in(settings: Settings, stop: asyncio.Event) -> None:
    """Return once a login has succeeded, or `stop` is set.

    Sets `stop` and raises `RefusedError` where the fault stays until somebody mends it, such as a
    wrong password.
    """

    async def log_in() -> None:
        options = connection_options(settings, "first login")
        async with await psycopg.AsyncConnection.connect(settings.database_url, **options):
            pass

    await _until_let_in(log_in, "the database", database_refusal, stop)


async def redis_lets_in(redis: Redis, stop: asyncio.Event) -> None:
    """Do the same with Redis; also where it is a cluster and was not named so, or the reverse."""

    async def log_in() -> None:
        await redis.execute_command("PING")  # type: ignore[no-untyped-call]
        if not isinstance(redis, ClusterRedis):
            with suppress(NoPermissionError):
                state = await redis.info("cluster")
                if state.get("cluster_enabled"):
                    raise WrongKindError

    await _until_let_in(log_in, "Redis", redis_refusal, stop)


async def _until_let_in(
    log_in: Callable[[], Awaitable[object]],
    server: str,
    refusal_of: Callable[[Exception], str | None],
    stop: asyncio.Event,
) -> None:
    tries = 0
    while not stop.is_set():
        try:
            await log_in()
        except (*DATABASE_ERRORS, *REDIS_ERRORS) as error:
            if refusal := refusal_of(error):
                # A command of Redis can swallow the cancelling that follows, before Python 3.12.
                stop.set()
                raise RefusedError(f"{server} does not let this process in: {refusal}") from error
            # That it is down is told by whoever needs it.
            tries += 1
            await first_of(stop, within=_BACKOFF.pause(tries))
        else:
            return
