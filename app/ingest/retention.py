"""How far back events are taken: as far as raw events are kept."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from app.ingest.raw_retention import RawRetention, raw_retention
from app.runtime.outage import DATABASE_ERRORS, Outage
from app.runtime.pool import Pool, borrowed

REFRESH_SECONDS = 60.0
_RETRY_SECONDS = 5.0
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
"""Nothing older is taken: a broken clock must not make a chunk for each day since year one."""
DEFAULT = RawRetention(keep_seconds=35 * 86_400.0, closed_before=EARLIEST)
"""As long as the database has never been asked."""


class Retention:
    """`core.storage_policy`'s word on raw events, at most a minute old while the database is up."""

    def __init__(self, pool: Pool, *, timeout: float) -> None:
        self._pool = pool
        self._timeout = timeout
        self._outage = Outage("database, for the retention")
        self.kept = DEFAULT

    async def run(self) -> None:
        """Keep it up to date until cancelled."""
        while True:
            pause = REFRESH_SECONDS if await self.refresh() else _RETRY_SECONDS
            await asyncio.sleep(pause)

    async def refresh(self) -> bool:
        """Ask the database, and say whether it answered."""
        try:
            async with borrowed(self._pool, within=self._timeout) as connection:
                self.kept = await raw_retention(connection) or self.kept
        except DATABASE_ERRORS as error:
            self._outage.failed(error)
            return False
        self._outage.over()
        return True
