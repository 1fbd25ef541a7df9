"""What events add up to, and how it is shown."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import accumulate
from typing import Any, NamedTuple, get_args

from app.series.queries import Sums
from app.series.wire import Metric

UNIQUE: Metric = "uniqueViewers"
METRICS: tuple[Metric, ...] = tuple(name for name in get_args(Metric) if name != UNIQUE)
"""Those of every answer that none are chosen for; unique viewers cost more."""


class Counts(NamedTuple):
    """The five that are counted, from which averages follow, and who viewed."""

    views: int = 0
    likes: int = 0
    comments: int = 0
    shares: int = 0
    watch_seconds: float = 0.0
    unique_viewers: int = 0
    """Filled in where they are asked for (unique.py); no sum of theirs means anything."""

    def plus(self, other: Counts) -> Counts:
        """Return both together."""
        return Counts(
            self.views + other.views,
            self.likes + other.likes,
            self.comments + other.comments,
            self.shares + other.shares,
            self.watch_seconds + other.watch_seconds,
        )

    def shown(self, metrics: Iterable[Metric]) -> dict[str, Any]:
        """Return those that are asked for, by the names of the fields of `Metrics`."""
        average = self.watch_seconds / self.views if self.views > 0 else None
        every: dict[Metric, tuple[str, Any]] = {
            "views": ("views", self.views),
            "likes": ("likes", self.likes),
            "comments": ("comments", self.comments),
            "shares": ("shares", self.shares),
            "watchSeconds": ("watch_seconds", self.watch_seconds),
            "averageWatchSeconds": ("average_watch_seconds", average),
            "uniqueViewers": ("unique_viewers", self.unique_viewers),
        }
        return dict(every[metric] for metric in metrics)


def counts_of(sums: Sums) -> Counts:
    """Return the counts of a row."""
    return Counts(sums.views, sums.likes, sums.comments, sums.shares, sums.watch_seconds)


def running(counts: Iterable[Counts]) -> Iterable[Counts]:
    """Return each with all before it."""
    return accumulate(counts, Counts.plus)


def change(now: float | None, before: float | None) -> float | None:
    """Return by what part a count has changed; None where it was nothing, or less."""
    if now is None or before is None or before <= 0:
        return None
    return (now - before) / before
