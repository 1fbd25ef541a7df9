"""How far back events are taken: as far as raw events are kept."""

from __future__ import annotations

import asyncio

from app.database.pool import Pool
from app.database.retention import raw_retention
from app.serving.outage import DATABASE_ERRORS, Outage

REFRESH_SECONDS = 60.0
_RETRY_SECONDS = 5.0
DEFAULT_SECONDS = 35 * 86_400.0
"""As long as the database has never been asked."""


class Retention:
    """`core.storage_policy`'s word on raw events, at most a minute old while the database is up."""

    def __init__(self, pool: Pool, *, timeout: float) -> None:
        self._pool = pool
        self._timeout = timeout
        self._outage = Outage("database, for the retention")
        self.seconds: float | None = DEFAULT_SECONDS
        """How long raw events are kept; None is for ever."""

    async def run(self) -> None:
        """Keep it up to date until cancelled."""
        while True:
            pause = REFRESH_SECONDS if await self.refresh() else _RETRY_SECONDS
            await asyncio.sleep(pause)

    async def refresh(self) -> bool:
        """Ask the database, and say whether it answered."""
        try:
            async with asyncio.timeout(self._timeout), self._pool.connection() as connection:
                self.seconds = await raw_retention(connection)
        except DATABASE_ERRORS as error:
            self._outage.failed(error)
            return False
        self._outage.over()
        return True
