"""People and what they look at, made up from a seed: for recommendations.

A person has a taste, which is a few of twenty genres, and sits down now and then. At a sitting, of
five things on average, most are of one genre, the known ones more often; some follow the one before
in its series of eight; some are whatever is known. Nobody turns to the same thing twice.
"""

from __future__ import annotations

import random
from itertools import accumulate
from typing import NamedTuple

GENRES = 20
SERIES = 8
DAYS = 30
NEXT_IN_SERIES, SAME_GENRE = 0.35, 0.85
"""How often the next thing is the series' or, if not, the genre's; the rest is anything."""
GOES_ON = 0.8
LIKED = 0.1


class Action(NamedTuple):
    """A person turns to an item, some days after the beginning."""

    person: int
    item: int
    day: float
    is_liked: bool


class Shelf:
    """Items to pick from, the known ones more often."""

    def __init__(self, items: list[int], fame: list[float]) -> None:
        self._items = items
        self._up_to = list(accumulate(fame[item] for item in items))

    def pick(self, chance: random.Random) -> int:
        """Return one of them."""
        return chance.choices(self._items, cum_weights=self._up_to)[0]


class Library:
    """All items: how well each is known, of which genre, and what its series is."""

    def __init__(self, chance: random.Random, items: int) -> None:
        fame = [0.0] * items
        for place, item in enumerate(chance.sample(range(items), items), start=1):
            fame[item] = place**-0.8
        genres = [list(range(genre, items, GENRES)) for genre in range(GENRES)]
        self.genres = [Shelf(each, fame) for each in genres]
        self.anything = Shelf(list(range(items)), fame)
        self.series: dict[int, list[int]] = {}
        self.size = items
        for each in genres:
            chance.shuffle(each)
            for start in range(0, len(each), SERIES):
                some = each[start : start + SERIES]
                self.series.update(dict.fromkeys(some, some))

    def next(self, chance: random.Random, genre: Shelf, last: int | None) -> int:
        """Return what somebody turns to who is in the mood for a genre."""
        if last is not None and chance.random() < NEXT_IN_SERIES:
            return chance.choice(self.series[last])
        return (genre if chance.random() < SAME_GENRE else self.anything).pick(chance)


def sittings(seed: int, *, people: int, items: int) -> list[Action]:
    """Return what people turn to, in the order of time."""
    chance = random.Random(seed)
    library = Library(chance, items)
    actions = [action for person in range(people) for action in _of(person, chance, library)]
    return sorted(actions, key=lambda action: action.day)


def _of(person: int, chance: random.Random, library: Library) -> list[Action]:
    """Return what one person turns to."""
    taste = [chance.gammavariate(0.15, 1) for _ in range(GENRES)]
    wanted = min(max(6, round(chance.lognormvariate(3.4, 0.7))), library.size // 2)
    actions: list[Action] = []
    seen: set[int] = set()
    for _ in range(20 * wanted):
        if len(seen) >= wanted:
            break
        genre = chance.choices(library.genres, weights=taste)[0]
        day, last = chance.uniform(0, DAYS), None
        while chance.random() < GOES_ON:
            item = library.next(chance, genre, last)
            if item not in seen:
                seen.add(item)
                day += chance.expovariate(100)
                actions.append(Action(person, item, day, chance.random() < LIKED))
                last = item
    return actions
