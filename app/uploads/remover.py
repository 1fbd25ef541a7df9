"""The remover: takes out of the store what belongs to no upload any more.

The database drops uploads (`api.drop_uploads`, `api.erase_uploads`) and knows nothing of the store;
their rows stay until their objects are gone for good. An upload that was under way when its address
ran out may end after its object was removed, so that is done once more, a day later.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import structlog

from app.errors import UnavailableError
from app.runtime.outage import DATABASE_ERRORS, Outage
from app.runtime.pool import Pool, borrowed
from app.runtime.tasks import first_of
from app.settings import Settings
from app.uploads.metrics import REMOVALS
from app.uploads.queries import claim_removals, settle_removal
from app.uploads.store import Store, open_store

POLL_SECONDS = 60.0
"""How often it is looked for what is dropped."""
AT_ONCE = 20
"""Most objects that are claimed together; they are removed one after the other."""

log = structlog.get_logger(__name__)


async def run_remover(*, settings: Settings, pool: Pool, stop: asyncio.Event) -> None:
    """Remove until `stop` is set; outages are waited out. Any number share the work."""
    async with open_store(settings) as store:
        if store is None:
            return
        remover = Remover(settings=settings, pool=pool, store=store)
        outage = Outage("removal of uploads")
        while not stop.is_set():
            pause = POLL_SECONDS
            try:
                if await remover.remove_due() == AT_ONCE:
                    pause = 0.0
                outage.over()
            except (*DATABASE_ERRORS, UnavailableError) as error:
                pause = outage.failed(error)
            await first_of(stop, within=pause)


class Remover:
    """Removes objects of dropped uploads."""

    def __init__(self, *, settings: Settings, pool: Pool, store: Store) -> None:
        self._pool = pool
        self._store = store
        self._timeout = settings.database_timeout
        each = settings.upload_store_seconds + settings.database_timeout
        self._lease = timedelta(seconds=AT_ONCE * each + 30)

    async def remove_due(self) -> int:
        """Remove what is due, as much as is claimed at once; return how much that was.

        Raises what the database raises, and `UnavailableError` where the store is down: what is
        left is due again when its lease is over.
        """
        async with borrowed(self._pool, within=self._timeout) as connection:
            due = await claim_removals(
                connection, as_of=datetime.now(UTC), lease=self._lease, capacity=AT_ONCE
            )
        for removal in due:
            await self._store.remove(removal.object_key)
            async with borrowed(self._pool, within=self._timeout) as connection:
                await settle_removal(
                    connection, upload_id=removal.upload_id, as_of=datetime.now(UTC)
                )
            REMOVALS.inc()
        if due:
            log.info("objects of dropped uploads removed", removed=len(due))
        return len(due)
