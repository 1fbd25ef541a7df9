"""Made-up visitors: what they look at, and what they do there; the same for the same seed."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import cache

from app.http.wire import id_text
from app.ingest.wire import EventIn, EventType
from app.items.wire import ItemIn
from app.replay.events import uuid7_of
from app.replay.timeline import DAY

ACTIONS: dict[EventType, float] = {
    "watch_time": 0.3,
    "like": 0.07,
    "comment": 0.015,
    "share": 0.02,
}
"""How many of a hundred views come with each of these."""
VISITORS = 5_000
_ZIPF = 0.9
"""Exponent: the item of rank n gets n to the power of minus it of what the first gets."""
_SWING = 1.2
"""An item's popularity runs from 2 to the power of minus it, to 2 to the power of it."""
_DAYS = (2.0, 12.0)
"""Shortest and longest time in which an item's popularity comes and goes."""
_TASTE = 0.5
"""Part of a visitor's views that are of the favourite category."""
_WATCH_SECONDS = 150.0
_LONGEST_WATCH = 3_600.0


class Popularity:
    """How views spread over `items`, the most popular first: few get most, and they take turns."""

    def __init__(self, items: Sequence[ItemIn]) -> None:
        self._waves = []
        for rank, item in enumerate(items, start=1):
            own = random.Random(f"{item.content_type}/{item.content_id}")  # noqa: S311
            self._waves.append((1 / rank**_ZIPF, own.uniform(*_DAYS) * DAY, own.random()))

    def at(self, moment: float) -> list[float]:
        """Return each item's share of all views at a moment in epoch seconds."""
        weights = [
            base * 2 ** (_SWING * math.sin(math.tau * (moment / period + phase)))
            for base, period, phase in self._waves
        ]
        total = sum(weights)
        return [weight / total for weight in weights]


class Visitors:
    """Some thousand visitors, each with a favourite category; every third is a known user."""

    def __init__(self, items: Sequence[ItemIn], *, chance: random.Random) -> None:
        """Make the same ones each time; what they do is decided by `chance`."""
        self._items = list(items)
        self._chance = chance
        self._popularity = Popularity(items)
        self._places: dict[object, list[int]] = {}
        for place, item in enumerate(self._items):
            self._places.setdefault(item.category, []).append(place)
        self._minute = -1
        self._all: list[float] = []
        self._of_category: dict[object, list[float]] = {}
        taste = random.Random(VISITORS)  # noqa: S311
        self._favourites = [
            item.category
            for item in taste.choices(self._items, weights=self._popularity.at(0.0), k=VISITORS)
        ]

    def visit(self, at: float, *, visitor: int | None = None) -> list[EventIn]:
        """Return what one visitor does at a moment in epoch seconds: a view, and what follows."""
        chance = self._chance
        if visitor is None:
            visitor = chance.randrange(VISITORS)
        user = f"visitor-{visitor}" if visitor % 3 == 0 else None
        session = f"session-{visitor}-{int(at // 3_600)}"
        item = self._chosen(at, self._favourites[visitor % VISITORS])
        return list(self.actions(item, at, user=user, session=session))

    def actions(
        self, item: ItemIn, at: float, *, user: str | None, session: str
    ) -> Iterator[EventIn]:
        """Yield a view of `item`, and what follows at the same moment."""
        kinds = (kind for kind, share in ACTIONS.items() if self._chance.random() < share)
        for kind in ("view", *kinds):
            yield event_at(
                at,
                item=item,
                kind=kind,
                chance=self._chance,
                user_id=user,
                session_id=session,
                seconds=watched(self._chance) if kind == "watch_time" else None,
            )

    def _chosen(self, at: float, favourite: object) -> ItemIn:
        if at // 60 != self._minute:
            self._minute = int(at // 60)
            shares = self._popularity.at(at)
            self._all = list(itertools.accumulate(shares))
            self._of_category = {
                category: list(itertools.accumulate(shares[place] for place in places))
                for category, places in self._places.items()
            }
        if self._chance.random() < _TASTE:
            places, weights = self._places[favourite], self._of_category[favourite]
            return self._items[self._chance.choices(places, cum_weights=weights)[0]]
        return self._chance.choices(self._items, cum_weights=self._all)[0]


def event_at(  # noqa: PLR0913  # what an event says
    at: float,
    *,
    item: ItemIn,
    kind: EventType,
    chance: random.Random,
    count: int = 1,
    user_id: str | None = None,
    session_id: str | None = None,
    seconds: float | None = None,
) -> EventIn:
    """Return an event of a moment in epoch seconds, under an id by chance."""
    milliseconds = int(at * 1_000)
    return EventIn(
        id=uuid7_of(milliseconds, chance.randbytes(10)),
        type=kind,
        content_id=id_text(item.content_id),
        content_type=item.content_type,
        occurred_at=datetime.fromtimestamp(milliseconds / 1_000, UTC),
        count=count,
        user_id=user_id,
        session_id=session_id,
        seconds=seconds,
    )


def watched(chance: random.Random) -> float:
    """Return for how many seconds somebody watched."""
    return round(min(chance.expovariate(1 / _WATCH_SECONDS), _LONGEST_WATCH), 1)


def lumps_at(at: float, *, item: ItemIn, views: float, chance: random.Random) -> Iterator[EventIn]:
    """Yield what many unknown visitors did about a moment: an event of each kind for all of them.

    A part of a view is one by chance, so that sums are right on average.
    """
    seen = int(views + chance.random())
    if seen == 0:
        return
    yield event_at(at, item=item, kind="view", chance=chance, count=seen)
    yield from followers_at(at, item=item, views=seen, chance=chance)


def followers_at(
    at: float,
    *,
    item: ItemIn,
    views: int,
    chance: random.Random,
    kinds: Sequence[EventType] = tuple(ACTIONS),
) -> Iterator[EventIn]:
    """Yield what comes with so many views, of some kinds, never more than there are views."""
    for kind in kinds:
        # Some items are liked more than others, and always are.
        leaning = _leaning(item.content_type, item.content_id, kind)
        count = min(int(views * ACTIONS[kind] * leaning + chance.random()), views)
        if count:
            seconds = watched(chance) if kind == "watch_time" else None
            yield event_at(at, item=item, kind=kind, chance=chance, count=count, seconds=seconds)


@cache
def _leaning(content_type: str, content_id: str | int, kind: str) -> float:
    own = random.Random(f"{kind}/{content_type}/{content_id}")  # noqa: S311
    return own.uniform(0.5, 1.5)
