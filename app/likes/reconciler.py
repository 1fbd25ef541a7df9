"""The job that compares the like counts in Redis with the database, every five minutes.

A count in Redis is behind where a process died between its commit and its write, and where Redis
was down or came back with an older file. Every such count has changed since the last good run, so
only those are looked at; one that Redis does not hold cannot be wrong.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import NamedTuple

import structlog
from redis.asyncio import Redis

from app.likes.counts import KEPT_SECONDS, LikeCounts
from app.likes.metrics import LIKE_COUNTS_MENDED
from app.likes.queries import (
    Reconciliation,
    begin_like_reconciliation,
    changed_like_counts,
    end_like_reconciliation,
)
from app.runtime.outage import DATABASE_ERRORS, REDIS_ERRORS, Outage
from app.runtime.pool import Pool
from app.runtime.sql import Connection
from app.settings import Settings

EVERY = timedelta(minutes=4, seconds=45)
"""Least time between two runs of any worker: polling makes it five minutes, and no more."""
POLL_SECONDS = 15.0
OVERLAP = timedelta(minutes=1)
"""A change that began before the last run may have been committed after it."""
PAGE = 1_000

log = structlog.get_logger(__name__)


class Mended(NamedTuple):
    """What a run came to."""

    compared: int
    mended: int


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
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), pause)


class LikeReconciler:
    """Mends what is behind in Redis."""

    def __init__(self, *, settings: Settings, pool: Pool, redis: Redis) -> None:
        self._timeout = settings.database_timeout
        self._pool = pool
        self._redis = redis
        self._counts = LikeCounts(redis)

    async def reconcile(self, *, every: timedelta = EVERY) -> Mended | None:
        """Compare what has changed since the last run; None where another runs, or just ran.

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
                found = await self._mend(connection, run)
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

    async def _mend(self, connection: Connection, run: Reconciliation) -> Mended:
        oldest = run.until - timedelta(seconds=KEPT_SECONDS)
        after = max(oldest, run.since - OVERLAP) if run.since else oldest
        after_item = compared = mended = 0
        while True:
            async with asyncio.timeout(self._timeout):
                page = await changed_like_counts(
                    connection, after=after, after_item=after_item, until=run.until, most=PAGE
                )
            counts = [((count.content_type, count.content_id), count) for count in page]
            if counts:
                mended += len(await self._counts.mend(counts))
                after, after_item = page[-1].changed_at, page[-1].item_id
            compared += len(page)
            if len(page) < PAGE:
                return Mended(compared, mended)

    async def _end(
        self, connection: Connection, run: Reconciliation, *, mended: int, error: str | None = None
    ) -> None:
        async with asyncio.timeout(self._timeout):
            await end_like_reconciliation(
                connection, ledger_id=run.ledger_id, mended=mended, error=error
            )
