"""Hearing of promotions: each process keeps to the newest epoch that Redis knows of."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from redis.asyncio import Redis

from app.runtime.epochs import epoch_of, newest_epoch
from app.runtime.outage import DATABASE_ERRORS, REDIS_ERRORS
from app.runtime.pool import Pool, borrowed
from app.runtime.tasks import running

LOOK_SECONDS = 1.0
"""How often the database is asked for its epoch, and Redis for that of others."""
ASK_SECONDS = 1.0
"""How long each may take to say so."""


@asynccontextmanager
async def epochs_heard(pool: Pool, redis: Redis) -> AsyncIterator[None]:
    """Let the pool hear of promotions, from its own server and, by Redis, from all processes."""

    async def hear() -> None:
        with suppress(*REDIS_ERRORS):
            async with asyncio.timeout(ASK_SECONDS):
                pool.raise_fence(await newest_epoch(redis, pool.fence))

    async def look() -> None:
        while True:
            try:
                async with borrowed(pool, within=ASK_SECONDS) as connection:
                    # It may have been promoted while it was connected.
                    connection.epoch = await epoch_of(connection)
                    pool.raise_fence(connection.epoch)
            except DATABASE_ERRORS:
                # Where it was cut off, another one may have been promoted.
                with suppress(*DATABASE_ERRORS):
                    await pool.try_next_host(within=ASK_SECONDS)
            await hear()
            await asyncio.sleep(LOOK_SECONDS)

    pool.hear = hear
    try:
        async with running(look(), "epochs"):
            yield
    finally:
        pool.hear = None
