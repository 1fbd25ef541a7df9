"""Finished runs of the rankings, and what they ranked."""

from __future__ import annotations

from datetime import datetime

import msgspec

from app.database.sql import Connection, Query
from app.wire import TrendingItem, Window


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One finished run of a ranking."""

    run_id: int
    ranking: str
    window: Window
    as_of: datetime


_LATEST_RUNS = Query("latest_runs", Run)
_LATEST_RUN = Query("latest_run", Run)
_SNAPSHOT_ENTRIES = Query("snapshot_entries", TrendingItem)


async def latest_runs(connection: Connection) -> list[Run]:
    """Return the newest finished run of every enabled ranking, ordered by ranking."""
    return await _LATEST_RUNS.all(connection)


async def latest_run(connection: Connection, *, ranking: str) -> Run | None:
    """Return the newest finished run of `ranking`, or None before its first."""
    return await _LATEST_RUN.first(connection, ranking=ranking)


async def snapshot_entries(connection: Connection, *, run_id: int) -> list[TrendingItem]:
    """Return the entries of a run, best first; empty too when the run is unknown."""
    return await _SNAPSHOT_ENTRIES.all(connection, run_id=run_id)
