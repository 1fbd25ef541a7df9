"""Fresh lists: those that people look at first are made anew within seconds of new events.

pg_cron makes all of them each minute, as in production; whoever tries the service looks sooner.
"""

from __future__ import annotations

import asyncio

from app.rankings.queries import first_events, ranking_overviews, refresh_rankings
from app.runtime.outage import DATABASE_ERRORS, Outage
from app.runtime.pool import borrowed, open_pool
from app.settings import Settings

EVERY_SECONDS = 10.0
FRESH = ("trending_1h", "trending_24h", "breakout")


async def keep_fresh(settings: Settings, *, every: float = EVERY_SECONDS) -> None:
    """Compute the lists of `FRESH` again whenever there are new events, for ever."""
    outage = Outage("fresh lists")
    async with open_pool(settings) as pool:
        while True:
            await asyncio.sleep(every)
            try:
                async with borrowed(pool, within=settings.database_timeout) as connection:
                    waiting = (await first_events(connection)).has_events
                    overviews = await ranking_overviews(connection)
                names = [each.name for each in overviews if each.enabled and each.name in FRESH]
                if waiting and names:
                    await refresh_rankings(settings, names=names)
                outage.over()
            except DATABASE_ERRORS as error:
                outage.failed(error)
