"""Days and months whose stats are to be rebuilt from raw events: asked for here, done by a job."""

from __future__ import annotations

from datetime import date

from app.runtime.sql import Connection, Query
from app.stats.recompute_wire import Period, Recompute

_REQUEST_RECOMPUTE = Query("request_recompute", Recompute)
_RECOMPUTE = Query("recompute", Recompute)


async def request_recompute(
    connection: Connection, *, period: Period, day: date | None, zone: str, who: str
) -> Recompute:
    """Put a day or a month in line and return it; None is today, or this month.

    Raises `psycopg.errors.CheckViolation` for what cannot be done, with the constraint
    `recompute_from_raw_events` where raw events are gone; `UniqueViolation` while one is waiting.
    """
    requested = await _REQUEST_RECOMPUTE.first(
        connection, period=period, day=day, zone=zone, who=who
    )
    assert requested is not None  # noqa: S101  # it answers one row
    return requested


async def recompute(connection: Connection, *, recompute_id: int) -> Recompute | None:
    """Return how it stands with one, or None where there is none of that number."""
    return await _RECOMPUTE.first(connection, recompute_id=recompute_id)
