"""The JSON shapes of counts."""

from __future__ import annotations

import re
from datetime import datetime
from typing import ClassVar, Literal

from msgspec import UNSET, UnsetType

from app.http.parameters import DEFAULT_TYPE
from app.http.wire import Id, Name, Wire

MOST_ITEMS = 500
"""Most items of one request."""


_WORD = re.compile("_([a-z0-9])")


def field_name(name: str) -> str:
    """Return what callers call a field: `views1h` for `views_1h`."""
    return _WORD.sub(lambda match: match[1].upper(), name)


class ItemStats(Wire, frozen=True, rename=field_name):
    """Counts of one item, over its lifetime, in windows that move and in those of the calendar.

    Moving windows begin where the last scoring run has put them, as those of lists do; for unique
    viewers at the quarter hour before. Below 1,000 unique viewers are exact, else an estimate.
    """

    always: ClassVar = frozenset({"contentId", "contentType", "asOf", "zone", "stale"})

    content_id: str
    """Id of the item."""
    content_type: str
    """Type of the item, such as `video`."""
    views_today: int
    """Views today."""
    views_week: int
    """Views this week."""
    views_month: int
    """Views this month."""
    views_total: int
    """Views ever."""
    views_1h: int
    """Views in the last hour."""
    views_24h: int
    """Views in the last 24 hours."""
    views_7d: int
    """Views in the last 7 days."""
    views_30d: int
    """Views in the last 30 days."""
    likes_today: int
    """Likes, unlikes taken off, today."""
    likes_week: int
    """Likes, unlikes taken off, this week."""
    likes_month: int
    """Likes, unlikes taken off, this month."""
    likes_total: int
    """Likes, unlikes taken off, ever."""
    likes_1h: int
    """Likes, unlikes taken off, in the last hour."""
    likes_24h: int
    """Likes, unlikes taken off, in the last 24 hours."""
    likes_7d: int
    """Likes, unlikes taken off, in the last 7 days."""
    likes_30d: int
    """Likes, unlikes taken off, in the last 30 days."""
    comments_today: int
    """Comments, uncomments taken off, today."""
    comments_week: int
    """Comments, uncomments taken off, this week."""
    comments_month: int
    """Comments, uncomments taken off, this month."""
    comments_total: int
    """Comments, uncomments taken off, ever."""
    comments_1h: int
    """Comments, uncomments taken off, in the last hour."""
    comments_24h: int
    """Comments, uncomments taken off, in the last 24 hours."""
    comments_7d: int
    """Comments, uncomments taken off, in the last 7 days."""
    comments_30d: int
    """Comments, uncomments taken off, in the last 30 days."""
    shares_today: int
    """Shares today."""
    shares_week: int
    """Shares this week."""
    shares_month: int
    """Shares this month."""
    shares_total: int
    """Shares ever."""
    shares_1h: int
    """Shares in the last hour."""
    shares_24h: int
    """Shares in the last 24 hours."""
    shares_7d: int
    """Shares in the last 7 days."""
    shares_30d: int
    """Shares in the last 30 days."""
    watch_seconds_today: float
    """Seconds watched today."""
    watch_seconds_week: float
    """Seconds watched this week."""
    watch_seconds_month: float
    """Seconds watched this month."""
    watch_seconds_total: float
    """Seconds watched ever."""
    watch_seconds_1h: float
    """Seconds watched in the last hour."""
    watch_seconds_24h: float
    """Seconds watched in the last 24 hours."""
    watch_seconds_7d: float
    """Seconds watched in the last 7 days."""
    watch_seconds_30d: float
    """Seconds watched in the last 30 days."""
    average_watch_seconds_today: float | None
    """Seconds watched a view today; null without views."""
    average_watch_seconds_week: float | None
    """Seconds watched a view this week; null without views."""
    average_watch_seconds_month: float | None
    """Seconds watched a view this month; null without views."""
    average_watch_seconds_total: float | None
    """Seconds watched a view ever; null without views."""
    average_watch_seconds_1h: float | None
    """Seconds watched a view in the last hour; null without views."""
    average_watch_seconds_24h: float | None
    """Seconds watched a view in the last 24 hours; null without views."""
    average_watch_seconds_7d: float | None
    """Seconds watched a view in the last 7 days; null without views."""
    average_watch_seconds_30d: float | None
    """Seconds watched a view in the last 30 days; null without views."""
    unique_viewers_today: int
    """Unique viewers today."""
    unique_viewers_week: int
    """Unique viewers this week."""
    unique_viewers_month: int
    """Unique viewers this month."""
    unique_viewers_total: int
    """Unique viewers ever."""
    unique_viewers_1h: int
    """Unique viewers in the last hour."""
    unique_viewers_24h: int
    """Unique viewers in the last 24 hours."""
    unique_viewers_7d: int
    """Unique viewers in the last 7 days."""
    unique_viewers_30d: int
    """Unique viewers in the last 30 days."""
    is_hot: bool
    """Whether it is among the hottest fifth, as of the last run."""
    hot_score: float | None
    """Hot score, 0 to 1; null without an event in the last 24 hours."""
    hot_rank: int | None
    """Place by hot score, from 1; null as the score is."""
    trending_ranks: dict[str, int]
    """Place in each trending list that it is in, by the list's window."""
    as_of: datetime
    """The moment that the counts hold for."""
    windows_as_of: datetime
    """The last scoring run: the last hour, 24 hours, 7 and 30 days begin so long before it."""
    zone: str
    """IANA time zone of today, this week and this month."""
    stale: bool = False
    """True when the database is down and this is the last known value."""
    has_liked: bool | UnsetType | None = UNSET
    """Whether the caller likes it; null while that cannot be known, absent without a caller."""


class ItemRef(Wire, frozen=True, forbid_unknown_fields=True):
    """An item whose counts are wanted."""

    content_id: Id
    """Id of the item; a number means its decimal text."""
    content_type: Name = DEFAULT_TYPE
    """Type of the item."""


class ItemOutcome(Wire, frozen=True):
    """What is known of one item of a request."""

    content_id: str
    """Id of the item."""
    content_type: str
    """Type of the item."""
    outcome: Literal["found", "unknown", "unavailable"]
    """`unknown`: no event and no catalogue entry has named it; `unavailable`: the database is down,
    and no last value is known."""
    stats: ItemStats | None
    """Its counts, or those of `fields`; null unless it was found."""


class StatsOfItems(Wire, frozen=True):
    """Counts of some items."""

    items: list[ItemOutcome]
    """One for each item that was asked for, in that order."""
