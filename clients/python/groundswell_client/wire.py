"""What goes over the wire.

Made from the OpenAPI document by `python -m tests.clients.made_types`.
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict


class Accepted(TypedDict):
    """What became of the events of a request."""

    accepted: int
    rejected: list[Rejection]
    duplicates: NotRequired[int | None]
    uncounted: NotRequired[list[Uncounted] | None]


Bucket = TypedDict(
    "Bucket",
    {
        "views": "NotRequired[int]",
        "likes": "NotRequired[int]",
        "comments": "NotRequired[int]",
        "shares": "NotRequired[int]",
        "watchSeconds": "NotRequired[float]",
        "averageWatchSeconds": "NotRequired[float | None]",
        "uniqueViewers": "NotRequired[int]",
        "from": "str",
        "to": "str",
        "partial": "bool",
        "previous": "NotRequired[Earlier]",
    },
)
"""What happened in one bucket of time, or up to its end where counts are cumulative."""

Earlier = TypedDict(
    "Earlier",
    {
        "views": "NotRequired[int]",
        "likes": "NotRequired[int]",
        "comments": "NotRequired[int]",
        "shares": "NotRequired[int]",
        "watchSeconds": "NotRequired[float]",
        "averageWatchSeconds": "NotRequired[float | None]",
        "uniqueViewers": "NotRequired[int]",
        "from": "str",
        "to": "str",
    },
)
"""The bucket of the period before that stands in the same place."""


class EventIn(TypedDict):
    """One engagement event as a caller sends it."""

    type: Literal["comment", "like", "share", "uncomment", "unlike", "view", "watch_time"]
    contentId: str | int
    contentType: NotRequired[str]
    id: NotRequired[str | None]
    occurredAt: NotRequired[str | None]
    userId: NotRequired[str | int | None]
    sessionId: NotRequired[str | int | None]
    count: NotRequired[int]
    seconds: NotRequired[float | None]
    userAgent: NotRequired[str | None]
    metadata: NotRequired[dict[str, Any] | None]


class ItemStats(TypedDict):
    """Counts of one item, over its lifetime, in windows that move and in those of the calendar."""

    contentId: str
    contentType: str
    viewsToday: NotRequired[int]
    viewsWeek: NotRequired[int]
    viewsMonth: NotRequired[int]
    viewsTotal: NotRequired[int]
    views1h: NotRequired[int]
    views24h: NotRequired[int]
    views7d: NotRequired[int]
    views30d: NotRequired[int]
    likesToday: NotRequired[int]
    likesWeek: NotRequired[int]
    likesMonth: NotRequired[int]
    likesTotal: NotRequired[int]
    likes1h: NotRequired[int]
    likes24h: NotRequired[int]
    likes7d: NotRequired[int]
    likes30d: NotRequired[int]
    commentsToday: NotRequired[int]
    commentsWeek: NotRequired[int]
    commentsMonth: NotRequired[int]
    commentsTotal: NotRequired[int]
    comments1h: NotRequired[int]
    comments24h: NotRequired[int]
    comments7d: NotRequired[int]
    comments30d: NotRequired[int]
    sharesToday: NotRequired[int]
    sharesWeek: NotRequired[int]
    sharesMonth: NotRequired[int]
    sharesTotal: NotRequired[int]
    shares1h: NotRequired[int]
    shares24h: NotRequired[int]
    shares7d: NotRequired[int]
    shares30d: NotRequired[int]
    watchSecondsToday: NotRequired[float]
    watchSecondsWeek: NotRequired[float]
    watchSecondsMonth: NotRequired[float]
    watchSecondsTotal: NotRequired[float]
    watchSeconds1h: NotRequired[float]
    watchSeconds24h: NotRequired[float]
    watchSeconds7d: NotRequired[float]
    watchSeconds30d: NotRequired[float]
    averageWatchSecondsToday: NotRequired[float | None]
    averageWatchSecondsWeek: NotRequired[float | None]
    averageWatchSecondsMonth: NotRequired[float | None]
    averageWatchSecondsTotal: NotRequired[float | None]
    averageWatchSeconds1h: NotRequired[float | None]
    averageWatchSeconds24h: NotRequired[float | None]
    averageWatchSeconds7d: NotRequired[float | None]
    averageWatchSeconds30d: NotRequired[float | None]
    uniqueViewersToday: NotRequired[int]
    uniqueViewersWeek: NotRequired[int]
    uniqueViewersMonth: NotRequired[int]
    uniqueViewersTotal: NotRequired[int]
    uniqueViewers1h: NotRequired[int]
    uniqueViewers24h: NotRequired[int]
    uniqueViewers7d: NotRequired[int]
    uniqueViewers30d: NotRequired[int]
    isHot: NotRequired[bool]
    hotScore: NotRequired[float | None]
    hotRank: NotRequired[int | None]
    trendingRanks: NotRequired[dict[str, int]]
    asOf: str
    windowsAsOf: NotRequired[str]
    zone: str
    stale: NotRequired[bool]
    hasLiked: NotRequired[bool | None]


class OneSeries(TypedDict):
    """The buckets of one item or name, or of all that were asked for."""

    contentType: NotRequired[str]
    contentId: NotRequired[str]
    category: NotRequired[str]
    creator: NotRequired[str]
    buckets: list[Bucket]


class Rejection(TypedDict):
    """Why the event at `index` of the request was not accepted."""

    index: int
    reason: str


Series = TypedDict(
    "Series",
    {
        "from": "str",
        "to": "str",
        "bucket": "Literal['15m', '1d', '1h', '1m', '1mo', '1w']",
        "zone": "str",
        "compare": "Literal['previous', 'year'] | None",
        "cumulative": "bool",
        "asOf": "str",
        "series": "list[OneSeries]",
    },
)
"""One or more series over the same buckets."""


class Trending(TypedDict):
    """A page of a ranking as of one run; counts are those inside the window."""

    ranking: str
    window: Literal["1h", "24h", "30d", "7d", "all", "month", "today", "week"]
    segment: str | None
    runId: int | None
    asOf: str | None
    stale: bool
    items: list[TrendingItem]
    nextCursor: str | None


class TrendingItem(TypedDict):
    """One line of a ranking."""

    rank: int
    previousRank: int | None
    contentId: str
    contentType: str
    title: str | None
    category: str | None
    creator: str | None
    score: float
    isHot: bool | None
    views: int
    likes: int
    comments: int
    shares: int
    pinned: bool
    featured: bool


class Uncounted(TypedDict):
    """Why the event at `index` of the request is kept, but counted nowhere."""

    index: int
    reason: str
