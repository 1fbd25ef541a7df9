"""The rankings themselves: what there is, why an item stands where it does, what would be."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

import msgspec
import psycopg
from psycopg import IsolationLevel

from app.rankings.wire import Discount, PastPlace, PreviewItem, RankingOverview, RefreshedRanking
from app.runtime.pool import PooledConnection, connection_options
from app.runtime.sql import Connection, Query
from app.settings import Settings

SCORING_JOB = "run_rankings"
"""Name of the job in the ledger and of its lock."""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where a run has put an item; None where it is not in the list."""

    rank: int | None
    previous_rank: int | None
    excluded_because: str | None
    """Why rankings leave it out now; None where they do not."""


class ScorePart(msgspec.Struct, frozen=True, kw_only=True):
    """One component of a score, and the whole score."""

    component: str
    points: float
    weight: float | None
    half_life_seconds: float | None
    last_hour: float | None
    score: float


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a lock was free, and is ours now."""

    taken: bool


class Released(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a lock was ours."""

    released: bool


class FirstEvents(msgspec.Struct, frozen=True, kw_only=True):
    """How a database begins."""

    is_scored: bool
    """Whether some events were ever scored."""
    has_events: bool
    """Whether some wait to be."""


_RANKING_OVERVIEWS = Query("ranking_overviews", RankingOverview)
_ITEM_PLACE = Query("item_place", Place)
_EXPLAIN_SCORE = Query("explain_score", ScorePart)
_ITEM_DISCOUNTS = Query("item_discounts", Discount)
_RANK_HISTORY = Query("rank_history", PastPlace)
_PREVIEW_RANKING = Query("preview_ranking", PreviewItem)
_REFRESH_RANKINGS = Query("refresh_rankings", RefreshedRanking)
_FIRST_EVENTS = Query("first_events", FirstEvents)
_TRY_JOB_LOCK = Query("try_job_lock", Taken)
_RELEASE_JOB_LOCK = Query("release_job_lock", Released)


async def ranking_overviews(connection: Connection) -> list[RankingOverview]:
    """Return every ranking, ordered by name."""
    return await _RANKING_OVERVIEWS.all(connection, name=None)


async def ranking_overview(connection: Connection, *, name: str) -> RankingOverview | None:
    """Return one ranking, or None where there is none of that name."""
    return await _RANKING_OVERVIEWS.first(connection, name=name)


async def item_place(
    connection: Connection, *, run_id: int | None, content_type: str, content_id: str
) -> Place | None:
    """Return the item's place in a run (none of it without a run), or None for an unknown item."""
    return await _ITEM_PLACE.first(
        connection, run_id=run_id, content_type=content_type, content_id=content_id
    )


async def item_discounts(
    connection: Connection, *, content_type: str, content_id: str
) -> list[Discount]:
    """Return what of an item's counts lists that fade leave out, by reason."""
    return await _ITEM_DISCOUNTS.all(connection, content_type=content_type, content_id=content_id)


async def explain_score(
    connection: Connection, *, ranking: str, content_type: str, content_id: str, as_of: datetime
) -> list[ScorePart]:
    """Return the components of an item's score at `as_of`; none for an item without a score."""
    return await _EXPLAIN_SCORE.all(
        connection,
        ranking=ranking,
        content_type=content_type,
        content_id=content_id,
        as_of=as_of,
    )


async def rank_history(
    connection: Connection, *, ranking: str, content_type: str, content_id: str, since: datetime
) -> list[PastPlace]:
    """Return an item's places in the kept runs since a moment, oldest first."""
    return await _RANK_HISTORY.all(
        connection,
        ranking=ranking,
        content_type=content_type,
        content_id=content_id,
        since=since,
    )


async def preview_ranking(
    connection: Connection, *, ranking: str, changes: bytes, as_of: datetime
) -> list[PreviewItem]:
    """Return the places under `changes` (a JSON object of columns), then what has left.

    Raises `psycopg.errors.NoDataFound` for an unknown ranking, `CheckViolation` for nonsense.
    """
    return await _PREVIEW_RANKING.all(
        connection, ranking=ranking, changes=changes.decode(), as_of=as_of
    )


async def first_events(connection: Connection) -> FirstEvents:
    """Return whether anything was scored, or waits for it."""
    (state,) = await _FIRST_EVENTS.all(connection)
    return state


async def refresh_rankings(
    settings: Settings, *, names: Sequence[str] = (), daily: bool = False
) -> list[RefreshedRanking] | None:
    """Compute every enabled ranking now; None where the scoring job is running already.

    With `names` or `daily` only these, and the daily ones. Raises `psycopg.errors.NoDataFound` for
    an unknown name, `CheckViolation` for one that is not enabled.

    It has a connection of its own: the job's lock belongs to the session, and would outlive a
    cancelled run in the pool.
    """
    connection = await PooledConnection.connect(
        settings.database_url, **connection_options(settings, "refresh")
    )
    async with connection:
        taken = await _TRY_JOB_LOCK.first(connection, job=SCORING_JOB)
        if taken is None or not taken.taken:
            return None
        # After the lock: the transaction must see what the last run before it has done.
        await connection.set_isolation_level(IsolationLevel.REPEATABLE_READ)
        try:
            async with connection.transaction():
                return await _REFRESH_RANKINGS.all(connection, names=list(names), daily=daily)
        finally:
            with suppress(psycopg.Error):
                await _RELEASE_JOB_LOCK.first(connection, job=SCORING_JOB)
