"""The job that compares the like counts in Redis with the database, every five minutes.

A count in Redis is behind where a process died between its commit and its write, and where Redis
was down or came back with an older file; it is ahead where the database was restored or has failed
over. So all that Redis holds is looked at, whenever it changed; what it does not hold cannot be
wrong. Before that, the counts of some items in the database are compared with their likes, so that
all of them are within half a day, also those that nobody touches.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import NamedTuple

import structlog
from redis.asyncio import Redis

from app.likes import keys
from app.likes.counts import LikeCounts
from app.likes.metrics import LIKE_COUNTS_MENDED
from app.likes.queries import (
    Reconciliation,
    begin_like_reconciliation,
    end_like_reconciliation,
    like_counts_of,
    recount_likes,
)
from app.runtime.outage import DATABASE_ERRORS, REDIS_ERRORS, Outage
from app.runtime.pool import Pool
from app.runtime.redis_nodes import scanned
from app.runtime.sql import Connection
from app.runtime.tasks import first_of
from app.settings import Settings

EVERY = timedelta(minutes=4, seconds=45)
"""Least time between two runs of any worker: polling makes it five minutes, and no more."""
RUNS = 144
"""In so many runs, half a day, each count in the database is compared with the likes once."""
POLL_SECONDS = 15.0
PAGE = 1_000
"""How many keys Redis looks at in one step."""

log = structlog.get_logger(__name__)


class Mended(NamedTuple):
    """What a run came to."""

    compared: int
    """Counts in Redis."""
    mended: int
    """Of them, and of those in the database."""


async def run_like_reconciler(
    *, settings: Settings, pool: Pool, redis: Redis, stop: asyncio.Event
) -> None:
    """Reconcile until `stop` is set; outages are waited out. Any number may run at once."""
    reconciler = LikeReconciler(settings=settings, pool=pool, redis=redis)
    outage = Outage("like counts")
    while not stop.is_set():
        pause = POLL_SECONDS
        try:
            await reconciler.reconcile()
            outage.over()
        except (*DATABASE_ERRORS, *REDIS_ERRORS) as error:
            pause = outage.failed(error)
        await first_of(stop, within=pause)


class LikeReconciler:
    """Mends what is wrong in Redis."""

    def __init__(self, *, settings: Settings, pool: Pool, redis: Redis) -> None:
        self._timeout = settings.database_timeout
        self._pool = pool
        self._redis = redis
        self._counts = LikeCounts(redis)

    async def reconcile(self, *, every: timedelta = EVERY) -> Mended | None:
        """Compare what Redis holds; None where another runs, or just ran.

        Raises what Redis or the database raise; the ledger has it then, where it can be reached.
        """
        # A run that cannot reach Redis would only fill the ledger.
        await self._redis.ping()
        async with self._pool.connection() as connection:
            async with asyncio.timeout(self._timeout):
                run = await begin_like_reconciliation(connection, every=every)
            if run is None:
                return None
            try:
                found = await self._mend(connection)
            except (*DATABASE_ERRORS, *REDIS_ERRORS) as error:
                fault = f"{type(error).__name__}: {error}"
                with suppress(*DATABASE_ERRORS):
                    await self._end(connection, run, mended=0, error=fault)
                raise
            except asyncio.CancelledError:
                # The lock is the session's: it must not go back to the pool with it.
                await connection.close()
                raise
            await self._end(connection, run, mended=found.mended)
        LIKE_COUNTS_MENDED.inc(found.mended)
        if found.mended:
            log.info("like counts mended", mended=found.mended, compared=found.compared)
        return found

    async def _mend(self, connection: Connection) -> Mended:
        compared = 0
        async with asyncio.timeout(self._timeout):
            mended = await recount_likes(connection, calls=RUNS)
        async for found in scanned(self._redis, keys.ALL_COUNTS, page=PAGE):
            mended += await self._mend_page(connection, found)
            compared += len(found)
        return Mended(compared, mended)

    async def _mend_page(self, connection: Connection, found: list[bytes]) -> int:
        """Put the counts under these keys right: Redis is read first, and the database wins."""
        async with self._redis.pipeline(transaction=False) as pipe:
            for key in found:
                pipe.get(key)
            held: list[bytes | None] = await pipe.execute()
        items = [keys.item_of(key.decode()) for key in found]
        async with asyncio.timeout(self._timeout):
            counted = {
                (one.content_type, one.content_id): one
                for one in await like_counts_of(connection, items=items)
            }
        return await self._counts.mend(
            [
                (item, value, counted.get(item))
                for item, value in zip(items, held, strict=True)
                if value is not None
            ]
        )

    async def _end(
        self, connection: Connection, run: Reconciliation, *, mended: int, error: str | None = None
    ) -> None:
        async with asyncio.timeout(self._timeout):
            await end_like_reconciliation(
                connection, ledger_id=run.ledger_id, mended=mended, error=error
            )
