"""Users with tastes who come back: sessions as MovieLens has them, made up, the same every time.

Items lie in a space of tastes, around the middle of their genre, and are popular by a power law
(Zipf) that taste has no part in. A user is a mixture of some genres, and each session has a mood:
one of them. What is turned to is drawn by popularity, taste and mood together, never the same item
twice, as nobody rates a film twice. So what is popular is a good guess for everybody, as it is in
real data, and what the same users turned to is a better one.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

FACTORS, GENRES = 16, 24
ZIPF = 0.9
"""Exponent of popularity; that of MovieLens' films is about that."""
TASTE, MOOD = 2.2, 1.6
"""How much taste and mood say beside popularity, in units of the logarithm of chances."""
SESSIONS = 6
DAYS = 24
LIKES = 0.2
"""Part of what is turned to that is liked, too: that which fits best."""


class Act(NamedTuple):
    """One thing that a user did."""

    at: datetime
    user: int
    item: int
    type: str


class Tastes(NamedTuple):
    """What is known, in time order, and what each user turned to afterwards."""

    known: list[Act]
    held_out: dict[int, list[int]]


def made_tastes(*, seed: int, users: int, items: int, until: datetime) -> Tastes:
    """Return sessions of some weeks up to a moment; the last of each user is held out."""
    chance = np.random.default_rng(seed)
    genres = chance.normal(size=(GENRES, FACTORS))
    of_item = chance.integers(GENRES, size=items)
    vectors = _unit(genres[of_item] + 0.6 * chance.normal(size=(items, FACTORS)))
    popular = -ZIPF * np.log(1 + chance.permutation(items))
    known, held_out = list[Act](), dict[int, list[int]]()
    for user in range(users):
        favourites = genres[chance.choice(GENRES, size=3, replace=False)]
        taste = _unit(favourites.T @ chance.dirichlet(np.ones(3)))
        seen = np.zeros(items, dtype=bool)
        begins = np.sort(chance.uniform(0, DAYS, size=SESSIONS))
        for number, begin in enumerate(begins):
            mood = _unit(favourites[chance.integers(3)])
            fit = TASTE * vectors @ taste + MOOD * vectors @ mood
            length = 4 + int(chance.poisson(6))
            # The largest of so many values of Gumbel's are a draw without putting back.
            drawn = popular + fit + chance.gumbel(size=items)
            drawn[seen] = -np.inf
            chosen = np.argsort(-drawn)[:length]
            chance.shuffle(chosen)
            seen[chosen] = True
            if number == SESSIONS - 1:
                held_out[user] = [int(item) + 1 for item in chosen]
                continue
            start = until - timedelta(days=float(DAYS - begin), hours=3)
            best = np.quantile(fit[chosen], 1 - LIKES)
            for place, item in enumerate(chosen):
                at = start + timedelta(minutes=9 * place, seconds=user % 60)
                known.append(Act(at, user, int(item) + 1, "view"))
                if fit[item] >= best:
                    liked = at + timedelta(minutes=5)
                    known.append(Act(liked, user, int(item) + 1, "like"))
    return Tastes(sorted(known), held_out)


def _unit(vectors: Floats) -> Floats:
    scaled: Floats = vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
    return scaled
