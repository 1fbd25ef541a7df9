"""The JSON shapes of counts."""

from __future__ import annotations

from datetime import datetime

from app.http.wire import Wire


class ItemStats(Wire, frozen=True):
    """Counts of one item: today and this month in UTC, and over its lifetime."""

    content_id: str
    content_type: str
    views_today: int
    views_month: int
    views_total: int
    likes_today: int
    likes_month: int
    likes_total: int
    comments_today: int
    comments_month: int
    comments_total: int
    shares_today: int
    shares_month: int
    shares_total: int
    watch_seconds_today: float
    watch_seconds_month: float
    watch_seconds_total: float
    as_of: datetime
    stale: bool = False
    """True when the database is down and this is the last known value."""
