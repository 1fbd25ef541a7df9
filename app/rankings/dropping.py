"""Computing rankings anew at once where an editor has changed what they show."""

from __future__ import annotations

import asyncio

import msgspec
import structlog
from psycopg import errors

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
    except DATABASE_ERRORS as error:
        log.warning("excluded items leave their lists at the next run only", error=str(error))
        return
    await compute_anew(settings, *(one.ranking for one in holding))


async def compute_anew(settings: Settings, *rankings: str | None) -> None:
    """Compute rankings now; what is for all of them, None, waits for the next run of the job.

    Raises nothing: a ranking that is switched off or gone has no list, and where the database is
    slow or down, or the job is at work just now, its next run does it, within a minute.
    """
    names = [name for name in rankings if name is not None]
    if not names:
        return
    try:
        async with asyncio.timeout(settings.admin_seconds):
            await refresh_rankings(settings, names=names)
    except (errors.CheckViolation, errors.NoDataFound):
        return
    except DATABASE_ERRORS as error:
        log.warning("lists follow at the next run only", rankings=names, error=str(error))
