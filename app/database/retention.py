"""The query on how long raw events are kept."""

from __future__ import annotations

import msgspec

from app.database.sql import Connection, Query


class RawRetention(msgspec.Struct, frozen=True, kw_only=True):
    """How long raw events are kept."""

    keep_seconds: float | None


_RAW_RETENTION = Query("raw_retention", RawRetention)


async def raw_retention(connection: Connection) -> float | None:
    """Return for how many seconds raw events are kept; None is for ever."""
    row = await _RAW_RETENTION.first(connection)
    return row.keep_seconds if row else None
