"""The rankings, as the newest computation of each tells."""

from __future__ import annotations

import msgspec

from app.runtime.sql import Connection, Query


class RankingStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How the newest computation of an enabled ranking went."""

    name: str
    seconds: float | None
    error: str | None
    """None when all went well."""
    reviews_waiting: int
    """How many items wait for an editor's review."""


_RANKING_STATUS = Query("ranking_status", RankingStatus)


async def ranking_statuses(connection: Connection) -> list[RankingStatus]:
    """Return every enabled ranking that was ever computed, by name."""
    return await _RANKING_STATUS.all(connection)
