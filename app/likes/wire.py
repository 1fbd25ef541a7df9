"""The JSON shapes of likes."""

from __future__ import annotations

from datetime import datetime

from app.http.wire import Wire


class Like(Wire, frozen=True):
    """Whether the caller likes an item, and how many users do."""

    has_liked: bool
    likes_count: int
    """Users who like it now; the `likes` of stats are counts of events."""


class LikedItem(Wire, frozen=True):
    """One item that the caller likes."""

    content_id: str
    content_type: str
    title: str | None
    category: str | None
    creator: str | None
    liked_at: datetime


class LikedItems(Wire, frozen=True):
    """What the caller likes, newest first."""

    items: list[LikedItem]
    next_cursor: str | None
    """Begins the next page; null on the last one."""
