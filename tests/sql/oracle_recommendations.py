"""Recommendations by their definition, in plain Python: every pair from every event, every time."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import NamedTuple

WEIGHTS = {"view": 1.0, "like": 5.0, "comment": 3.0, "share": 4.0, "watch_time": 1.0}
REACH = timedelta(days=1)
HALF_LIFE = timedelta(days=14)
TRAIL, DAILY, NEIGHBOURS, SEEDS, PER_CREATOR = 10, 200, 50, 100, 3
RECENCY, DAMPING = 0.5, 0.3
SHRINK = 3.0


class Action(NamedTuple):
    """One event of a user; they sort as they happened."""

    at: datetime
    event_id: str
    user: str
    item: int
    type: str


Pairs = dict[tuple[int, int], float]


def fade(seconds: timedelta) -> float:
    return float(2 ** (-(seconds / HALF_LIFE)))


def pairs_of(
    actions: list[Action], as_of: datetime, *, trail: int = TRAIL, daily: int = DAILY
) -> Pairs:
    """Return the weight of every pair, both ways round, as of a moment."""
    by_user = defaultdict[str, list[Action]](list)
    for action in sorted(actions):
        if action.type in WEIGHTS:
            by_user[action.user].append(action)
    found = defaultdict[tuple[int, int], float](float)
    for mine in by_user.values():
        for place, action in enumerate(mine):
            today = sum(other.at.date() == action.at.date() for other in mine[: place + 1])
            before = [
                other
                for other in mine[max(0, place - trail) : place]
                if other.at >= action.at - REACH
            ]
            again = any((one.item, one.type) == (action.item, action.type) for one in before)
            if today > daily or again:
                continue
            weight = WEIGHTS[action.type] * fade(as_of - action.at)
            for item in {one.item for one in before} - {action.item}:
                found[action.item, item] += weight
                found[item, action.item] += weight
    return dict(found)


def neighbours_of(pairs: Pairs) -> dict[int, tuple[float, dict[int, float]]]:
    """Return the total of each item, and the weights of its neighbours."""
    found: dict[int, tuple[float, dict[int, float]]] = {}
    for item in {item for item, _ in pairs}:
        of_item = {other: weight for (one, other), weight in pairs.items() if one == item}
        found[item] = sum(of_item.values()), of_item
    return found


def recommended(
    actions: list[Action],
    as_of: datetime,
    *,
    user: str | None = None,
    beside: int | None = None,
    hidden: frozenset[int] = frozenset(),
    creators: dict[int, str],
) -> list[tuple[int, float, int]]:
    """Return items with score and reason, best first, as co-engagement has them."""
    known = neighbours_of(pairs_of(actions, as_of))
    strengths: dict[int, float] = {}
    mine: dict[int, tuple[datetime, float]] = {}
    for action in sorted(actions):
        if action.user == user and action.type in WEIGHTS:
            _, heaviest = mine.get(action.item, (action.at, 0.0))
            mine[action.item] = action.at, max(heaviest, WEIGHTS[action.type])
    newest = sorted(mine, key=lambda item: (-mine[item][0].timestamp(), item))
    shown = [item for item in newest if item not in hidden][:SEEDS]
    for place, item in enumerate(shown, start=1):
        strengths[item] = mine[item][1] / place**RECENCY
    if beside is not None:
        strengths[beside] = 1.0
    parts = defaultdict[int, dict[int, float]](dict)
    for seed, strength in strengths.items():
        total, others = known.get(seed, (0.0, {}))
        for other, weight in others.items():
            damped = weight / (total * known[other][0]) ** DAMPING
            parts[other][seed] = strength * weight / (weight + SHRINK) * damped
    scores = {
        item: sum(of_seeds.values())
        for item, of_seeds in parts.items()
        if item not in mine and item not in hidden and item != beside
    }
    answer, taken = list[tuple[int, float, int]](), defaultdict[str, int](int)
    for item in sorted(scores, key=lambda item: (-scores[item], item)):
        creator = creators.get(item, f"item {item}")
        taken[creator] += 1
        if taken[creator] <= PER_CREATOR:
            reason = min(parts[item], key=lambda seed: (-parts[item][seed], seed))
            answer.append((item, scores[item], reason))
    return answer
