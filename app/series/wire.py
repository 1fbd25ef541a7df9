"""The JSON shapes of series, totals and breakdowns."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import UNSET, UnsetType, field

from app.http.wire import Wire
from app.series.period import Compare, Width

Metric = Literal[
    "views",
    "likes",
    "comments",
    "shares",
    "watchSeconds",
    "averageWatchSeconds",
    "uniqueViewers",
]


class Metrics(Wire, frozen=True, kw_only=True):
    """Counts, those that were asked for."""

    views: int | UnsetType = UNSET
    """Views."""
    likes: int | UnsetType = UNSET
    """Likes, unlikes taken off: below zero where more were taken back than given."""
    comments: int | UnsetType = UNSET
    """Comments, uncomments taken off, as likes."""
    shares: int | UnsetType = UNSET
    """Shares."""
    watch_seconds: float | UnsetType = UNSET
    """Seconds watched."""
    average_watch_seconds: float | UnsetType | None = UNSET
    """Seconds watched a view; null where nothing was viewed."""
    unique_viewers: int | UnsetType = UNSET
    """Unique viewers, only where they are asked for by `metrics`: exact while few, else within
    about 2 %."""


class Earlier(Metrics, frozen=True, kw_only=True):
    """The bucket of the period before that stands in the same place."""

    from_: datetime = field(name="from")
    """Its first moment."""
    to: datetime
    """The first moment after it."""


class Bucket(Earlier, frozen=True, kw_only=True):
    """What happened in one bucket of time, or up to its end where counts are cumulative."""

    partial: bool
    """Whether it has not ended yet."""
    previous: Earlier | UnsetType = UNSET
    """What it is compared with."""


class OneSeries(Wire, frozen=True, kw_only=True):
    """The buckets of one item or name, or of all that were asked for."""

    content_type: str | UnsetType = UNSET
    """Type of the item, or the type that it is the series of."""
    content_id: str | UnsetType = UNSET
    """Id of the item."""
    category: str | UnsetType = UNSET
    """The category that it is the series of."""
    creator: str | UnsetType = UNSET
    """The creator that it is the series of."""
    buckets: list[Bucket]
    """In order, without gaps."""


class Series(Wire, frozen=True, kw_only=True):
    """One or more series over the same buckets."""

    from_: datetime = field(name="from")
    """Where the first bucket begins."""
    to: datetime
    """Where the last bucket ends."""
    bucket: Width
    """How wide the buckets are."""
    zone: str
    """IANA time zone whose hours, days, weeks (from Monday) and months they are."""
    compare: Compare | None
    """What `previous` is: as many buckets just before, or a year (52 weeks) earlier."""
    cumulative: bool
    """Whether each bucket includes those before it."""
    as_of: datetime
    """The moment that the counts hold for."""
    series: list[OneSeries]
    """One for each item or name that was asked for apart, else one of all."""


class Change(Wire, frozen=True, kw_only=True):
    """By what part counts have changed: 0.25 is a quarter more; null where there was nothing."""

    views: float | UnsetType | None = UNSET
    """Views."""
    likes: float | UnsetType | None = UNSET
    """Likes."""
    comments: float | UnsetType | None = UNSET
    """Comments."""
    shares: float | UnsetType | None = UNSET
    """Shares."""
    watch_seconds: float | UnsetType | None = UNSET
    """Seconds watched."""
    average_watch_seconds: float | UnsetType | None = UNSET
    """Seconds watched a view."""
    unique_viewers: float | UnsetType | None = UNSET
    """Unique viewers."""


class Totals(Earlier, frozen=True, kw_only=True):
    """What a period adds up to."""

    zone: str
    """IANA time zone whose days `from` and `to` are, where they are days."""
    compare: Compare | None
    """What `previous` is: as much time just before, or the same time a year earlier."""
    as_of: datetime
    """The moment that the counts hold for."""
    previous: Earlier | UnsetType = UNSET
    """What it is compared with."""
    change: Change | UnsetType = UNSET
    """How the counts have changed since then."""


class Part(Metrics, frozen=True, kw_only=True):
    """One part of a period."""

    name: str | UnsetType | None = UNSET
    """The category, type, creator, kind of event or value; null of what has none."""
    count: int | UnsetType | None = UNSET
    """Events of this type, each by its `count`, unlikes taken off likes and uncomments off
    comments; null of `watch_time`, which has seconds. Only by `eventType`."""
    content_type: str | UnsetType = UNSET
    """Type of the item."""
    content_id: str | UnsetType = UNSET
    """Id of the item."""
    title: str | UnsetType | None = UNSET
    """Title in the catalogue; null where it has none."""
    category: str | UnsetType | None = UNSET
    """Category in the catalogue; null where it has none."""
    creator: str | UnsetType | None = UNSET
    """Creator in the catalogue; null where it has none."""
    share: float | None
    """Its part of the whole, by the metric that they are ordered by; null where that is nothing."""
    previous: int | float | UnsetType = UNSET
    """That metric in the period that it is compared with."""
    change: float | UnsetType | None = UNSET
    """By what part it has changed since then; null where there was nothing."""


class Breakdown(Wire, frozen=True, kw_only=True):
    """A page of what a period is made of, the greatest parts first."""

    by: str
    """What tells the parts apart."""
    metric: str
    """What they are ordered by."""
    from_: datetime = field(name="from")
    """First moment of the period."""
    to: datetime
    """The first moment after it."""
    zone: str
    """IANA time zone whose days `from` and `to` are, where they are days."""
    compare: Compare | None
    """What `previous` is of: as much time just before, or the same time a year earlier."""
    as_of: datetime
    """The moment that the counts hold for."""
    total: int | float
    """The metric of all parts together, those of other pages too."""
    parts: list[Part]
    """Those with an event in the period."""
    next_cursor: str | None
    """Leads to the next page; null on the last."""


class Mover(Wire, frozen=True, kw_only=True):
    """An item that is viewed more than it was."""

    content_type: str
    """Type of the item."""
    content_id: str
    """Id of the item."""
    title: str | None
    """Title in the catalogue; null where it has none."""
    views: int
    """Views of the last five minutes."""
    previous: int
    """Views of the five minutes before."""


class Present(Wire, frozen=True, kw_only=True):
    """What is happening."""

    as_of: datetime
    """The moment that it holds for."""
    events_per_second: float
    """Events that count, a second, on the average of the last minute."""
    viewers: int
    """Unique viewers of anything in the last five minutes."""
    movers: list[Mover]
    """The items whose views have risen most, that with the greatest rise first."""
