"""Finished runs of the rankings, and what they ranked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from itertools import groupby

import msgspec

from app.rankings.wire import TrendingItem, Window
from app.runtime.sql import Connection, Query


class RunOfRanking(msgspec.Struct, frozen=True, kw_only=True):
    """One finished run of a ranking."""

    run_id: int
    ranking: str
    window: Window
    as_of: datetime
    segments: list[str]
    """By what it ranked in parts too: category, content_type, creator, language."""


class Run(RunOfRanking, frozen=True, kw_only=True):
    """The newest finished run of an enabled ranking."""

    formula: str
    confirmed_at: datetime
    """Up to when its order and counts are known to hold."""
    fresh_at: datetime
    """Up to when it is what its schedule promises."""
    redis_seconds: int
    """How long Redis keeps it."""
    schedule: str
    """When it is computed: five cron fields."""


class _Entry(TrendingItem, frozen=True, kw_only=True):
    """One line of one list."""

    segment: str


_LATEST_RUNS = Query("latest_runs", Run)
_RUN_AT = Query("run_at", RunOfRanking)
_STORED_RUN = Query("stored_run", RunOfRanking)
_SNAPSHOT_ENTRIES = Query("snapshot_entries", TrendingItem)
_SNAPSHOT_SEGMENTS = Query("snapshot_segments", _Entry)


async def latest_runs(connection: Connection) -> list[Run]:
    """Return the newest finished run of every enabled ranking, ordered by ranking."""
    return await _LATEST_RUNS.all(connection, ranking=None)


async def latest_run(connection: Connection, *, ranking: str) -> Run | None:
    """Return the newest finished run of `ranking`, or None before its first."""
    return await _LATEST_RUNS.first(connection, ranking=ranking)


async def run_at(connection: Connection, *, ranking: str, as_of: datetime) -> RunOfRanking | None:
    """Return the run that was the newest then, or None where no such run is kept."""
    return await _RUN_AT.first(connection, ranking=ranking, as_of=as_of)


async def stored_run(connection: Connection, *, ranking: str, run_id: int) -> RunOfRanking | None:
    """Return that run, or None where it is no longer kept, or never was one of `ranking`."""
    return await _STORED_RUN.first(connection, ranking=ranking, run_id=run_id)


async def snapshot_entries(
    connection: Connection, *, run_id: int, segment: str = ""
) -> list[TrendingItem]:
    """Return the entries of one list of a run, best first; none too when the run is unknown."""
    return await _SNAPSHOT_ENTRIES.all(connection, run_id=run_id, segment=segment)


async def snapshot_segments(
    connection: Connection, *, run_id: int
) -> Mapping[str, list[TrendingItem]]:
    """Return all lists of a run by segment, each best first; the whole list is always there."""
    entries = await _SNAPSHOT_SEGMENTS.all(connection, run_id=run_id)
    return {"": []} | {
        segment: [msgspec.convert(entry, TrendingItem, from_attributes=True) for entry in listed]
        for segment, listed in groupby(entries, key=lambda entry: entry.segment)
    }
