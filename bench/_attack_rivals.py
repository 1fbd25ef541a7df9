"""How other systems rank the same events, each as it defines itself.

All of them know each event once, by its id, and one vote of an account on an item: a like and what
takes it back. Sources: Reddit's hot sort (Munroe, Salihefendic 2010); Hacker News (Graham,
news.arc 2009); Mastodon's trends of tags, chi-square of today's accounts against yesterday's, whose
highest score fades by half in 4 hours (app/models/trends/tags.rb); Lemmy's hot rank
(r.hot_rank, 2024).
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable
from heapq import nlargest
from math import log10

from app.ingest.packing import TYPE_NUMBERS, PackedEvent
from bench._attack_traffic import DAY, HOUR, Title, account_of

_VIEW, _LIKE, _UNLIKE = (TYPE_NUMBERS[name] for name in ("view", "like", "unlike"))
_REDDIT_EPOCH = 1_134_028_003_000_000
_TAG_THRESHOLD = 5
_TAG_HALF_LIFE = 4 * HOUR
_TAG_COOLDOWN = 2 * DAY


class Rivals:
    """What rivals know of the events so far."""

    def __init__(self, titles: Iterable[Title]) -> None:
        self._born = {title.name: title.born for title in titles}
        self._seen: set[bytes] = set()
        self._voters: defaultdict[str, set[object]] = defaultdict(set)
        self._views: defaultdict[str, int] = defaultdict(int)
        self._last_views: deque[tuple[int, str]] = deque()
        self._accounts: defaultdict[tuple[str, int], set[object]] = defaultdict(set)
        self._highest: dict[str, tuple[float, int]] = {}
        self.formulas: dict[str, Callable[[str, int], float]] = {
            "plain counts": lambda name, _: self._views[name],
            "Reddit hot": self._reddit,
            "Hacker News": self._hacker_news,
            "Mastodon": self._mastodon,
            "Lemmy": self._lemmy,
        }

    def add(self, events: Iterable[PackedEvent]) -> None:
        """Count events, in order of time."""
        for event in events:
            if event.event_id in self._seen:
                continue
            self._seen.add(event.event_id)
            item, who = event.content_id, account_of(event)
            self._accounts[item, event.occurred_at // DAY].add(who)
            if event.type == _VIEW:
                self._views[item] += 1
                self._last_views.append((event.occurred_at, item))
            elif event.type == _LIKE:
                self._voters[item].add(who)
            elif event.type == _UNLIKE:
                self._voters[item].discard(who)

    def best(self, at: int, size: int) -> dict[str, list[str]]:
        """Return the best items of each formula, the best first."""
        while self._last_views and self._last_views[0][0] <= at - DAY:
            self._views[self._last_views.popleft()[1]] -= 1
        born = [name for name, since in self._born.items() if since < at]
        return {
            rival: [
                name
                for score, name in nlargest(size, ((score_of(name, at), name) for name in born))
                if score > 0
            ]
            for rival, score_of in self.formulas.items()
        }

    def _reddit(self, name: str, _: int) -> float:
        seconds = (self._born[name] - _REDDIT_EPOCH) / 1_000_000
        return log10(max(len(self._voters[name]), 1)) + seconds / 45_000

    def _hacker_news(self, name: str, at: int) -> float:
        points = max(len(self._voters[name]) - 1, 0) ** 0.8
        return float(points / (self._hours(name, at) + 2) ** 1.8)

    def _lemmy(self, name: str, at: int) -> float:
        hours = self._hours(name, at)
        if not 0 < hours < 7 * 24:
            return 0.0
        return float(log10(max(2, len(self._voters[name]) + 2)) / (hours + 2) ** 1.8)

    def _mastodon(self, name: str, at: int) -> float:
        observed = len(self._accounts[name, at // DAY])
        expected = len(self._accounts[name, at // DAY - 1]) or 1
        highest, since = self._highest.get(name, (0.0, at))
        if since < at - _TAG_COOLDOWN:
            highest = 0.0
        enough = observed >= max(expected, _TAG_THRESHOLD)
        score = (observed - expected) ** 2 / expected if enough else 0.0
        if score > highest:
            highest, since = score, at
            self._highest[name] = highest, since
        faded = float(highest * 0.5 ** ((at - since) / _TAG_HALF_LIFE))
        return faded if faded >= 1 else 0.0

    def _hours(self, name: str, at: int) -> float:
        return (at - self._born[name]) / HOUR
