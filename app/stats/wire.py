"""The JSON shapes of counts."""

from __future__ import annotations

from datetime import datetime

from app.http.wire import Wire


class ItemStats(Wire, frozen=True):
    """Counts of one item: today and this month in the service's zone, and over its lifetime."""

    content_id: str
    """Id of the item."""
    content_type: str
    """Type of the item, such as `video`."""
    views_today: int
    """Views today."""
    views_month: int
    """Views this month."""
    views_total: int
    """Views ever."""
    likes_today: int
    """Likes, unlikes taken off, today."""
    likes_month: int
    """Likes, unlikes taken off, this month."""
    likes_total: int
    """Likes, unlikes taken off, ever."""
    comments_today: int
    """Comments, uncomments taken off, today."""
    comments_month: int
    """Comments, uncomments taken off, this month."""
    comments_total: int
    """Comments, uncomments taken off, ever."""
    shares_today: int
    """Shares today."""
    shares_month: int
    """Shares this month."""
    shares_total: int
    """Shares ever."""
    watch_seconds_today: float
    """Seconds watched today."""
    watch_seconds_month: float
    """Seconds watched this month."""
    watch_seconds_total: float
    """Seconds watched ever."""
    as_of: datetime
    """The moment that the counts hold for."""
    zone: str
    """IANA time zone whose day is today, and whose month is this month."""
    stale: bool = False
    """True when the database is down and this is the last known value."""
