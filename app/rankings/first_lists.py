"""The first lists of an empty database: made as soon as there is an event, not in up to a minute.

Whoever tries the service looks at the lists right after the first event.
"""

from __future__ import annotations

import asyncio

import structlog

from app.rankings.queries import first_events, refresh_rankings
from app.runtime.outage import DATABASE_ERRORS, Outage
from app.runtime.pool import Pool, borrowed
from app.runtime.tasks import first_of
from app.settings import Settings

LOOK_SECONDS = 1.0
"""How often an empty database is looked at."""

log = structlog.get_logger(__name__)


async def run_first_lists(*, settings: Settings, pool: Pool, stop: asyncio.Event) -> None:
    """Have rankings computed once there is a first event; return when something is scored."""
    outage = Outage("first lists")
    while not stop.is_set():
        pause = LOOK_SECONDS
        try:
            async with borrowed(pool, within=settings.database_timeout) as connection:
                state = await first_events(connection)
            if state.is_scored:
                return
            if state.has_events and await refresh_rankings(settings) is not None:
                log.info("first lists made")
            outage.over()
        except DATABASE_ERRORS as error:
            pause = outage.failed(error)
        await first_of(stop, within=pause)
