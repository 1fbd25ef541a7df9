"""The JSON shapes of what a user did."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from app.http.wire import Wire


class Visit(Wire, frozen=True):
    """One time that the caller viewed or watched an item."""

    id: UUID
    """The event's id."""
    type: Literal["view", "watch_time"]
    """What the caller did."""
    content_id: str
    """Id of the item."""
    content_type: str
    """Type of the item, such as `video`."""
    title: str | None
    """Title in the catalogue; null where it has none."""
    category: str | None
    """Category in the catalogue; null where it has none."""
    creator: str | None
    """Creator in the catalogue; null where it has none."""
    count: int
    """How many such events it stands for."""
    seconds: float | None
    """Seconds watched by each of `count`; null for a view."""
    occurred_at: datetime
    """When it happened."""


class History(Wire, frozen=True):
    """What the caller viewed and watched, newest first."""

    items: list[Visit]
    """The times, in order; an item comes as often as it was viewed."""
    next_cursor: str | None
    """Begins the next page; null on the last one."""
