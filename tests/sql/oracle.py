"""A recount of every window and every score from a plain list of events, to hold the SQL to.

Nothing here is incremental, clever or fast, and nothing is shared with the SQL but the meaning of
the rows of core.ranking.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import cache
from typing import NamedTuple, TypeGuard
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
DEFAULT_OPTIONS: dict[str, dict[str, float | str]] = {
    "weighted_decay": {},
    "minmax_hot": {"hits": 0.60, "shares": 0.25, "recency": 0.15, "lambda": 0.1, "hotShare": 0.2},
    "top_count": {"metric": "views"},
    "wilson": {"z": 1.96},
    "reddit_hot": {"seconds": 45000},
    "gravity": {"pointsExponent": 0.8, "ageExponent": 1.8, "ageOffset": 2},
    "breakout": {"metric": "views", "strength": 10, "minSupport": 20},
    "rating": {"scale": 10, "strength": 50, "z": 1.96},
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
    id: UUID = field(default_factory=uuid4)

    @property
    def at(self) -> datetime:
        """When it counts: a clock that runs ahead wins nothing."""
        return min(self.occurred_at, self.received_at)


@dataclass(frozen=True, kw_only=True)
class Item:
    """One row of core.item."""

    item_id: int
    content_type: str = "video"
    category: str | None = None
    creator: str | None = None
    born_at: datetime
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
    options: Mapping[str, float | str] = field(default_factory=dict)
    subject: str = "item"
    content_type: str | None = None
    segments: Sequence[str] = ()
    size: int = 1000
    segment_size: int = 100


class Counts(NamedTuple):
    """What events add up to."""

    views: int = 0
    likes: int = 0
    comments: int = 0
    shares: int = 0
    watch_seconds: float = 0.0

    def plus(self, other: Counts) -> Counts:
        return Counts(
            self.views + other.views,
            self.likes + other.likes,
            self.comments + other.comments,
            self.shares + other.shares,
            self.watch_seconds + other.watch_seconds,
        )

    def points(self, weights: Sequence[float]) -> float:
        views, likes, comments, shares, seconds = self
        metrics = (views, likes, comments, shares, seconds / 60)
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


def stats(
    events: Iterable[Event], as_of: datetime, zone: tzinfo = UTC
) -> tuple[Counts, Counts, Counts]:
    """Counts of today, this month and the lifetime."""
    sums = [Counts(), Counts(), Counts()]
    since = (calendar_start("today", as_of, zone), calendar_start("month", as_of, zone), None)
    for event in events:
        for place, start in enumerate(since):
            if event.counted and (start is None or event.at >= start):
                sums[place] = sums[place].plus(counts(event))
    return sums[0], sums[1], sums[2]


class World:
    """Items and events as of a moment, and the scores of any ranking over them."""

    def __init__(self, items: Iterable[Item], events: Iterable[Event], as_of: datetime) -> None:
        self.items = {item.item_id: item for item in items}
        self.events = [event for event in events if event.counted]
        self.as_of = as_of
        self.by_item: dict[int, list[Event]] = {}
        for event in self.events:
            self.by_item.setdefault(event.item, []).append(event)

    def scores(self, ranking: Ranking) -> dict[Key, Score]:
        """Score everything the ranking may show, in no order and of no limited number."""
        scores: dict[Key, Score] = getattr(self, f"_{ranking.formula}")(ranking)
        return scores

    def segments(self, ranking: Ranking) -> dict[str, dict[Key, Score]]:
        """The scores of the whole list ('') and of each segment."""
        whole = self.scores(ranking)
        found: dict[str, dict[Key, Score]] = {"": whole}
        for kind in ranking.segments:
            for key, score in whole.items():
                assert isinstance(key, int)
                value = getattr(self.items[key], kind)
                if value is not None:
                    found.setdefault(f"{kind}:{value}", {})[key] = score
        return found

    def candidates(self, ranking: Ranking, window: str | None = None) -> dict[int, Counts]:
        """Items of the ranking's content type with an event in the window."""
        inner = window_counts(self.events, window or ranking.window, self.as_of)
        wanted = ranking.content_type
        return {
            item: sums
            for item, sums in inner.items()
            if wanted is None or self.items[item].content_type == wanted
        }

    def _subject(self, ranking: Ranking, item: int) -> Key | None:
        return item if ranking.subject == "item" else getattr(self.items[item], ranking.subject)

    def _weighted_decay(self, ranking: Ranking) -> dict[Key, Score]:
        return {key: score for key, score in self.decayed(ranking).items() if score.value > 0}

    def decayed(self, ranking: Ranking) -> dict[Key, Score]:
        """What weighted_decay comes to for every active item, the negative and the zero too."""
        found: dict[Key, Score] = {}
        for item in self.candidates(ranking):
            value = gross = 0.0
            for event in self.by_item[item]:
                age = self.as_of - event.at
                fade = half(age, ranking.half_life)
                if ranking.recent_half_life is not None:
                    fade += half(age, ranking.recent_half_life)
                part = counts(event).points(ranking.weights) * fade
                value += part
                gross += abs(part)
            found[item] = Score(value, gross)
        return found

    def _minmax_hot(self, ranking: Ranking) -> dict[Key, Score]:
        option = DEFAULT_OPTIONS["minmax_hot"] | dict(ranking.options)
        active = self.candidates(ranking)
        found: dict[Key, Score] = {}
        for item, sums in active.items():
            newest = max(event.at for event in self.by_item[item])
            hours = max((self.as_of - newest).total_seconds(), 0) / 3600
            value = (
                float(option["hits"]) * spread(sums.views, [c.views for c in active.values()])
                + float(option["shares"]) * spread(sums.shares, [c.shares for c in active.values()])
                + float(option["recency"]) * math.exp(-float(option["lambda"]) * hours)
            )
            found[item] = Score(value, value)
        return found

    def hot(self, ranking: Ranking) -> dict[int, tuple[int, bool]]:
        """Rank and badge of every active item."""
        share = float((DEFAULT_OPTIONS["minmax_hot"] | dict(ranking.options))["hotShare"])
        places = in_order(self.scores(ranking))
        return {
            int(key): (rank, rank <= math.ceil(len(places) * share))
            for rank, (key, _) in enumerate(places, start=1)
        }

    def _top_count(self, ranking: Ranking) -> dict[Key, Score]:
        metric = str((DEFAULT_OPTIONS["top_count"] | dict(ranking.options))["metric"])
        sums: dict[Key, float] = {}
        for item, counted in self.candidates(ranking).items():
            subject = self._subject(ranking, item)
            if subject is not None:
                sums[subject] = sums.get(subject, 0) + getattr(counted, metric)
        return {key: Score(value, value) for key, value in sums.items() if value > 0}

    def _wilson(self, ranking: Ranking) -> dict[Key, Score]:
        z = float((DEFAULT_OPTIONS[ranking.formula] | dict(ranking.options))["z"])
        found: dict[Key, Score] = {}
        for item, sums in self.candidates(ranking).items():
            n = sums.views
            if n > 0:
                p = min(max(sums.likes, 0), n) / n
                root = z * math.sqrt((p * (1 - p) + z * z / (4 * n)) / n)
                value = (p + z * z / (2 * n) - root) / (1 + z * z / n)
                found[item] = Score(max(value, 0.0), 1.0)
        return found

    def _rating(self, ranking: Ranking) -> dict[Key, Score]:
        given = DEFAULT_OPTIONS["rating"] | dict(ranking.options)
        option = {name: float(value) for name, value in given.items()}
        rated: dict[int, tuple[float, float]] = {}
        for item in self.items.values():
            if ranking.content_type in {None, item.content_type}:
                found = rating(item.attributes, scale=option["scale"])
                if found is not None:
                    rated[item.item_id] = found
        scores = {
            key: Score(score.value - 1, 1.0)
            for key, score in self._wilson(ranking).items()
            if key not in rated
        }
        for key, (value, ratings) in rated.items():
            like = [
                one
                for other, (one, _) in rated.items()
                if self.items[other].content_type == self.items[key].content_type
            ]
            mean, strength = sum(like) / len(like), option["strength"]
            score = (ratings * value + strength * mean) / (ratings + strength)
            scores[key] = Score(score, 1.0)
        return scores

    def _reddit_hot(self, ranking: Ranking) -> dict[Key, Score]:
        seconds = float((DEFAULT_OPTIONS["reddit_hot"] | dict(ranking.options))["seconds"])
        lifetime = total(self.events)
        found: dict[Key, Score] = {}
        for item in self.candidates(ranking):
            born = self.items[item].born_at
            if born <= self.as_of:
                points = lifetime[item].points(ranking.weights)
                magnitude = math.copysign(math.log10(max(abs(points), 1)), points)
                age = (born - REDDIT_EPOCH).total_seconds() / seconds if seconds else 0.0
                found[item] = Score(magnitude + age, abs(magnitude) + abs(age))
        return found

    def _gravity(self, ranking: Ranking) -> dict[Key, Score]:
        given = DEFAULT_OPTIONS["gravity"] | dict(ranking.options)
        option = {name: float(value) for name, value in given.items()}
        lifetime = total(self.events)
        found: dict[Key, Score] = {}
        for item in self.candidates(ranking):
            hours = max((self.as_of - self.items[item].born_at).total_seconds(), 0) / 3600
            points = max(lifetime[item].points(ranking.weights) - 1, 0)
            sinking = (hours + max(option["ageOffset"], 0.01)) ** option["ageExponent"]
            value = points ** option["pointsExponent"] / sinking
            found[item] = Score(value, value)
        return found

    def _breakout(self, ranking: Ranking) -> dict[Key, Score]:
        option = DEFAULT_OPTIONS["breakout"] | dict(ranking.options)
        metric, strength = str(option["metric"]), max(float(option["strength"]), 0.001)
        longer = LONGER[ranking.window]
        short, long = WINDOWS[ranking.window], WINDOWS[longer]
        assert short is not None
        assert long is not None
        ratio = short / (long - short)
        recent: dict[Key | None, int] = {}
        baseline: dict[Key | None, int] = {}
        inner = self.candidates(ranking)
        for item, sums in self.candidates(ranking, longer).items():
            subject = self._subject(ranking, item)
            got = getattr(inner.get(item, Counts()), metric)
            recent[subject] = recent.get(subject, 0) + got
            baseline[subject] = baseline.get(subject, 0) + getattr(sums, metric) - got
        rest = {subject: max(value, 0) for subject, value in baseline.items()}
        site = sum(rest.values()) * ratio
        growth = sum(recent.values()) / site if site else 0.0
        found: dict[Key, Score] = {}
        for subject, got in recent.items():
            if subject is not None and got >= float(option["minSupport"]) and growth > 0:
                value = (got + strength) / (rest[subject] * ratio * growth + strength)
                found[subject] = Score(value, value)
        return found


def half(age: timedelta, half_life: timedelta | None) -> float:
    """What is left of 1 after `age`."""
    return 1.0 if half_life is None else 2.0 ** (-(age / half_life))


def rating(attributes: Mapping[str, object], *, scale: float) -> tuple[float, float] | None:
    """Rating from 0 to 1, and how many gave it; None where attributes hold none that can be."""
    value, ratings = attributes.get("rating"), attributes.get("ratingCount")
    if not is_number(value) or not 0 <= value <= scale or (is_number(ratings) and ratings == 0):
        return None
    number = float(ratings) if is_number(ratings) and 0 <= ratings <= 1e12 else 1.0
    return (value / scale if scale else 0.0), number


def is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def spread(value: int, values: Iterable[int]) -> float:
    """Where a value lies between the least and the greatest, 0 to 1; 0 where all are the same."""
    every = list(values)
    least, most = min(every), max(every)
    return (value - least) / (most - least) if most > least else 0.0


def in_order(scores: Mapping[Key, Score]) -> list[tuple[Key, float]]:
    """Best first; ties go to the smaller item_id, or the name that sorts first."""
    return sorted(
        ((key, score.value) for key, score in scores.items()),
        key=lambda place: (-place[1], place[0]),
    )
