"""How long raw events are kept, and holding them while old ones are added."""

from __future__ import annotations

from datetime import datetime

import msgspec

from app.runtime.sql import Command, Connection, Query


class RawRetention(msgspec.Struct, frozen=True, kw_only=True):
    """How long raw events are kept."""

    keep_seconds: float | None
    """None is for ever."""
    closed_before: datetime
    """Older events would not reach every aggregate any more."""


_RAW_RETENTION = Query("raw_retention", RawRetention)
_HOLD_RAW_EVENTS = Command("hold_raw_events")


async def raw_retention(connection: Connection) -> RawRetention | None:
    """Return how long raw events are kept."""
    return await _RAW_RETENTION.first(connection)


async def hold_raw_events(connection: Connection, *, earliest: datetime) -> None:
    """Keep retention from dropping events until this transaction ends.

    Raises `psycopg.DataError` where events as old as `earliest` have been dropped.
    """
    await _HOLD_RAW_EVENTS.run(connection, earliest=earliest)
