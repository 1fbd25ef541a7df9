"""The JSON shapes of series, totals and breakdowns."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import UNSET, UnsetType, field

from app.http.wire import Wire
from app.series.period import Compare, Width

Metric = Literal["views", "likes", "comments", "shares", "watchSeconds", "averageWatchSeconds"]


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
