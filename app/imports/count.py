"""Count what was imported: into aggregates, scores, windows and lists, by set."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

from app.errors import UnavailableError
from app.imports import queries as imports
from app.runtime.sql import Connection
from app.runtime.tasks import end

LOOK_SECONDS = 0.5
PATIENCE_SECONDS = 600.0

Tell = Callable[[str], None]
"""Is told what is done next."""


async def hold_off_retention(connection: Connection) -> None:
    """Keep events from being dropped before they are counted, as long as the session works.

    Raises `UnavailableError` where the job that drops them does not end.
    """
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            # Nobody tells when a job of the database ends.
            while await imports.hold_off_retention(connection) is not None:  # noqa: ASYNC110
                await asyncio.sleep(LOOK_SECONDS)
    except TimeoutError as error:
        raise UnavailableError("the job maintain_storage does not end") from error


async def count(
    connection: Connection,
    beside: Connection,
    *,
    digests: list[bytes],
    now: datetime,
    tell: Tell,
) -> None:
    """Bring everything up to the events that there are `now`, and note it of the files.

    Aggregates are refreshed on the connection `beside`, while scores and windows are mended.
    """
    tell("scores and windows, and aggregates beside them")
    await connection.execute("call api.run_rankings()")
    aggregating = asyncio.create_task(_aggregate(beside, now=now))
    try:
        await connection.execute("call api.reconcile(is_expected => true)")
        tell("lists")
        await connection.execute("call api.run_rankings(forced => true)")
        await aggregating
    finally:
        await end(aggregating)
    await imports.end_imports(connection, digests=digests, now=now)


async def _aggregate(connection: Connection, *, now: datetime) -> None:
    while not await imports.are_aggregated(connection, now=now):
        # Where the job is running already this does nothing.
        await connection.execute("call api.refresh_aggregates(forced => true)")
        await asyncio.sleep(LOOK_SECONDS)
