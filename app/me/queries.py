"""What is asked about a user."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from app.runtime.sql import Connection, Query


class VisitRow(msgspec.Struct, frozen=True, kw_only=True):
    """One event of a user, with its item."""

    event_id: UUID
    event_type: Literal["view", "watch_time"]
    content_id: str
    content_type: str
    title: str | None
    category: str | None
    creator: str | None
    count: int
    seconds: float | None
    occurred_at: datetime


_USER_HISTORY = Query("user_history", VisitRow)


async def user_history(
    connection: Connection, *, user_id: str, before: datetime, before_event: UUID, most: int
) -> list[VisitRow]:
    """Return what a user viewed and watched, newest first, from below a place on.

    It goes back as far as raw events are kept. Items that were erased are left out.
    """
    return await _USER_HISTORY.all(
        connection, user_id=user_id, before=before, before_event=before_event, most=most
    )
