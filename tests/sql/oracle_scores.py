"""A recount of every score from a plain list of events, to hold the SQL to.

As `tests.sql.oracle`: nothing here is incremental, clever or fast.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TypeGuard
from uuid import UUID

from tests.sql.oracle import (
    DEFAULT_OPTIONS,
    LONGER,
    REDDIT_EPOCH,
    WINDOWS,
    Counts,
    Event,
    Item,
    Key,
    Ranking,
    Score,
    counts,
    inside,
    total,
)

RATIO = 0.5
"""What an actor's repeated action counts of the next newer one; four of them count."""

Label = tuple[int, date, date]
"""A labelled viewer, since which day and until which."""


def credits_of(events: Sequence[Event], labels: Sequence[Label]) -> dict[UUID, float]:
    """Return what each event counts in lists that fade, as a part of what it would alone."""
    found: dict[UUID, float] = {}
    groups: dict[tuple[object, ...], list[Event]] = {}
    for event in events:
        found[event.id] = 1.0
        day = event.at.astimezone(UTC).date()
        if any(event.viewer == who and since <= day < until for who, since, until in labels):
            found[event.id] = 0.0
        elif event.viewer is not None and event.type != "watch_time":
            key = (event.viewer, event.item, event.type, day)
            groups.setdefault(key, []).append(event)
    for group in groups.values():
        places = 0
        for event in sorted(group, key=lambda each: each.at, reverse=True):
            counting = range(places, min(places + event.count, 4))
            found[event.id] = sum(RATIO**place for place in counting) / event.count
            places += event.count
    return found


class World:
    """Items and events as of a moment, and the scores of any ranking over them."""

    def __init__(
        self,
        items: Iterable[Item],
        events: Iterable[Event],
        as_of: datetime,
        *,
        labels: Sequence[Label] = (),
    ) -> None:
        self.items = {item.item_id: item for item in items}
        self.events = [event for event in events if event.counted]
        self.as_of = as_of
        self.by_item: dict[int, list[Event]] = {}
        for event in self.events:
            self.by_item.setdefault(event.item, []).append(event)
        self.credits = credits_of(self.events, labels)

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
        """Items of the ranking's content type to which something was given in the window."""
        events = inside(self.events, window or ranking.window, self.as_of)
        active = {event.item for event in events if event.gives}
        return {item: sums for item, sums in self._counted(ranking, events) if item in active}

    def _counted(self, ranking: Ranking, events: Iterable[Event]) -> Iterable[tuple[int, Counts]]:
        wanted = ranking.content_type
        return (
            (item, sums)
            for item, sums in total(events).items()
            if wanted is None or self.items[item].content_type == wanted
        )

    def _born(self, item: int) -> datetime:
        """The earlier of its publication and its first event."""
        return min([self.items[item].published_at, *(e.at for e in self.by_item[item])])

    def _subject(self, ranking: Ranking, item: int) -> Key | None:
        return item if ranking.subject == "item" else getattr(self.items[item], ranking.subject)

    def _weighted_decay(self, ranking: Ranking) -> dict[Key, Score]:
        return {key: score for key, score in self.decayed(ranking).items() if score.value > 0}

    def decayed(self, ranking: Ranking) -> dict[Key, Score]:
        """What weighted_decay comes to for every active item, the zero too."""
        discount = (DEFAULT_OPTIONS["weighted_decay"] | dict(ranking.options))["discount"]
        found: dict[Key, Score] = {}
        for item in self.candidates(ranking):
            value = gross = 0.0
            terms = [ranking.half_life]
            if ranking.recent_half_life is not None:
                terms.append(ranking.recent_half_life)
            for half_life in terms:
                faded = Counts()
                for event in self.by_item[item]:
                    whole = counts(event).times(half(self.as_of - event.at, half_life))
                    taken = discount * (1 - self.credits[event.id])
                    part = whole.times(1 - taken)
                    faded = faded.plus(part)
                    gross += Counts(*map(abs, whole)).points(ranking.weights)
                value += faded.points(ranking.weights)
            found[item] = Score(value, gross)
        return found

    def _minmax_hot(self, ranking: Ranking) -> dict[Key, Score]:
        option = DEFAULT_OPTIONS["minmax_hot"] | dict(ranking.options)
        active = self.candidates(ranking)
        found: dict[Key, Score] = {}
        for item, sums in active.items():
            newest = max(event.at for event in self.by_item[item] if event.gives)
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
        events = inside(self.events, ranking.window, self.as_of)
        for item, counted in self._counted(ranking, events):
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
        types = given["contentTypes"]
        option = {name: float(given[name]) for name in ("scale", "strength", "z")}
        rated: dict[int, tuple[float, float]] = {}
        for item in self.items.values():
            if ranking.content_type in {None, item.content_type} and (
                not types or item.content_type in types
            ):
                found = rating(item.attributes, scale=option["scale"])
                if found is not None:
                    rated[item.item_id] = found
        scores = {
            key: Score(score.value - 1, 1.0)
            for key, score in self._wilson(ranking).items()
            if key not in rated and (not types or self.items[int(key)].content_type in types)
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
            magnitude = math.log10(max(lifetime[item].points(ranking.weights), 1))
            born = self._born(item)
            age = (born - REDDIT_EPOCH).total_seconds() / seconds if seconds else 0.0
            found[item] = Score(magnitude + age, magnitude + abs(age))
        return found

    def _gravity(self, ranking: Ranking) -> dict[Key, Score]:
        given = DEFAULT_OPTIONS["gravity"] | dict(ranking.options)
        option = {name: float(value) for name, value in given.items()}
        lifetime = total(self.events)
        found: dict[Key, Score] = {}
        for item in self.candidates(ranking):
            hours = max((self.as_of - self._born(item)).total_seconds(), 0) / 3600
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
        given: dict[Key | None, int] = {}
        since = self.as_of - short
        for event in inside(self.events, longer, self.as_of):
            if ranking.content_type in {None, self.items[event.item].content_type}:
                subject = self._subject(ranking, event.item)
                is_recent = event.at > since
                count = getattr(counts(event), metric)
                recent[subject] = recent.get(subject, 0) + (count if is_recent else 0)
                before = 0 if is_recent or not event.gives else count
                given[subject] = given.get(subject, 0) + before
        active = {self._subject(ranking, item) for item in self.candidates(ranking, longer)}
        recent = {subject: max(value, 0) for subject, value in recent.items()}
        site = sum(given.values()) * ratio
        growth = sum(recent.values()) / site if site else 0.0
        found: dict[Key, Score] = {}
        for subject, got in recent.items():
            is_listed = subject in active and got >= float(option["minSupport"])
            if subject is not None and is_listed and growth > 0:
                value = (got + strength) / (given[subject] * ratio * growth + strength)
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


def spread(value: float, values: Iterable[float]) -> float:
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
