"""Taking excluded items out of lists now, not only at the next run."""

from __future__ import annotations

import asyncio

import msgspec
import structlog

from app.rankings.queries import refresh_rankings
from app.runtime.outage import DATABASE_ERRORS
from app.runtime.pool import Pool, borrowed
from app.runtime.sql import Query
from app.settings import Settings

log = structlog.get_logger(__name__)


class _Holding(msgspec.Struct, frozen=True, kw_only=True):
    ranking: str


_LISTS_WITH_EXCLUDED = Query("lists_with_excluded", _Holding)


async def drop_excluded(settings: Settings, pool: Pool) -> None:
    """Compute the rankings anew whose newest list holds an item that has been excluded since.

    Raises nothing: where the database is slow or down, or the scoring job is at work just now, its
    next run does it, within a minute.
    """
    try:
        async with borrowed(pool, within=settings.database_timeout) as connection:
            holding = await _LISTS_WITH_EXCLUDED.all(connection)
        if holding:
            async with asyncio.timeout(settings.admin_seconds):
                await refresh_rankings(settings, names=[one.ranking for one in holding])
    except DATABASE_ERRORS as error:
        log.warning("excluded items leave their lists at the next run only", error=str(error))
