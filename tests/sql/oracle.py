"""A recount of every window from a plain list of events; of scores: `oracle_scores`.

Nothing here is incremental, clever or fast, and nothing is shared with the SQL but the meaning of
the rows of core.ranking.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID, uuid4

WINDOWS = {
    "1h": timedelta(hours=1),
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
    "all": None,
}
QUARTER = timedelta(minutes=15)
CALENDAR = ("today", "week", "month")
LONGER = {"1h": "24h", "24h": "7d", "7d": "30d"}
DEFAULT_WEIGHTS = (1.0, 5.0, 3.0, 4.0, 0.1)
DEFAULT_OPTIONS: dict[str, dict[str, Any]] = {
    "weighted_decay": {"discount": 1},
    "minmax_hot": {"hits": 0.60, "shares": 0.25, "recency": 0.15, "lambda": 0.1, "hotShare": 0.2},
    "top_count": {"metric": "views"},
    "wilson": {"z": 1.96},
    "reddit_hot": {"seconds": 45000},
    "gravity": {"pointsExponent": 0.8, "ageExponent": 1.8, "ageOffset": 2},
    "breakout": {"metric": "views", "strength": 10, "minSupport": 20},
    "rating": {"scale": 10, "strength": 50, "z": 1.96, "contentTypes": []},
}
REDDIT_EPOCH = datetime(2005, 12, 8, 7, 46, 43, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Event:
    """One row of core.event; `item` is the item_id."""

    item: int
    type: str
    occurred_at: datetime
    received_at: datetime
    count: int = 1
    seconds: float | None = None
    counted: bool = True
    viewer: int | None = None
    id: UUID = field(default_factory=uuid4)

    @property
    def at(self) -> datetime:
        """When it counts: a clock that runs ahead wins nothing."""
        return min(self.occurred_at, self.received_at)

    @property
    def gives(self) -> bool:
        """Whether it makes its item active; taking back never does."""
        return self.type not in {"unlike", "uncomment"}


@dataclass(frozen=True, kw_only=True)
class Item:
    """One row of core.item."""

    item_id: int
    content_type: str = "video"
    category: str | None = None
    creator: str | None = None
    published_at: datetime
    attributes: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Ranking:
    """One row of core.ranking, with every default filled in."""

    name: str
    formula: str
    window: str
    half_life: timedelta | None = None
    recent_half_life: timedelta | None = None
    weights: tuple[float, float, float, float, float] = DEFAULT_WEIGHTS
    options: Mapping[str, Any] = field(default_factory=dict)
    subject: str = "item"
    content_type: str | None = None
    segments: Sequence[str] = ()
    size: int = 1000
    segment_size: int = 100


class Counts(NamedTuple):
    """What events add up to."""

    views: float = 0
    likes: float = 0
    comments: float = 0
    shares: float = 0
    watch_seconds: float = 0.0

    def plus(self, other: Counts) -> Counts:
        return Counts(
            self.views + other.views,
            self.likes + other.likes,
            self.comments + other.comments,
            self.shares + other.shares,
            self.watch_seconds + other.watch_seconds,
        )

    def times(self, factor: float) -> Counts:
        return Counts(*(metric * factor for metric in self))

    def shown(self) -> Counts:
        """More taken back than given is shown as none."""
        return self._replace(likes=max(self.likes, 0), comments=max(self.comments, 0))

    def points(self, weights: Sequence[float]) -> float:
        views, likes, comments, shares, seconds = self
        metrics = (views, max(likes, 0), max(comments, 0), shares, seconds / 60)
        return sum(w * metric for w, metric in zip(weights, metrics, strict=True))


class Score(NamedTuple):
    """A score, and the sum of its parts without their signs: what float error is relative to."""

    value: float
    gross: float


Key = int | str
"""What is ranked: an item_id, or the name of a category or creator."""


def counts(event: Event) -> Counts:
    """What one event adds to each metric."""
    n = event.count
    return {
        "view": Counts(views=n),
        "like": Counts(likes=n),
        "unlike": Counts(likes=-n),
        "comment": Counts(comments=n),
        "uncomment": Counts(comments=-n),
        "share": Counts(shares=n),
        "watch_time": Counts(watch_seconds=n * (event.seconds or 0.0)),
    }[event.type]


def total(events: Iterable[Event]) -> dict[int, Counts]:
    """Sum the events of each item."""
    sums: dict[int, Counts] = {}
    for event in events:
        sums[event.item] = sums.get(event.item, Counts()).plus(counts(event))
    return sums


def inside(
    events: Iterable[Event], window: str, as_of: datetime, zone: tzinfo = UTC
) -> list[Event]:
    """The counted events of a window that ends at `as_of`."""
    if window in CALENDAR:
        start = calendar_start(window, as_of, zone)
        return [e for e in events if e.counted and e.at >= start]
    length = WINDOWS[window]
    return [e for e in events if e.counted and (length is None or e.at > as_of - length)]


def calendar_start(window: str, as_of: datetime, zone: tzinfo) -> datetime:
    """The first moment of the local day, week or month."""
    return first_moment(day_of(window, as_of.astimezone(zone).date()), zone)


@cache
def first_moment(day: date, zone: tzinfo) -> datetime:
    """The first quarter-hour at which clocks show that day, found by looking at each."""
    moment = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=15)
    while moment.astimezone(zone).date() < day:
        moment += QUARTER
    return moment


def day_of(window: str, day: date) -> date:
    """The first day of the window that a day lies in."""
    if window == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if window == "month" else day


def window_counts(events: Iterable[Event], window: str, as_of: datetime) -> dict[int, Counts]:
    """Counts of every item with an event in the window."""
    return total(inside(events, window, as_of))


def stats_since(window: str, as_of: datetime, zone: tzinfo) -> datetime | None:
    """After when a window's events happened; None: whenever."""
    if window in CALENDAR:
        return calendar_start(window, as_of, zone) - timedelta(microseconds=1)
    length = WINDOWS[window]
    return None if length is None else as_of - length


def sum_of(events: Iterable[Event]) -> Counts:
    """Sum events of one item, seconds to the microsecond."""
    sums = Counts()
    for event in events:
        sums = sums.plus(counts(event))
    return sums._replace(watch_seconds=round(sums.watch_seconds, 6))
