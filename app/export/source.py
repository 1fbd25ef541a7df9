"""Which server an export is read from: a standby that has all there is, or the primary."""

from __future__ import annotations

from app.runtime.pool import open_pool
from app.runtime.replicas import open_replicas
from app.settings import Settings


async def reader_of(settings: Settings) -> str | None:
    """Return the URL of a standby that has what the primary has now; None where none has.

    It is given as long for that as it may be behind.
    """
    if not settings.read_database_url:
        return None
    async with open_pool(settings) as pool, open_replicas(settings, pool) as replicas:
        replica = await replicas.caught_up(within=settings.read_lag_seconds)
    return replica.url if replica else None
