"""Made-up visitors: popularity adds up, and lumps are what many visits would have been."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from app.items.wire import ItemIn
from app.replay.visits import ACTIONS, Popularity, Visitors, lumps_at

DAY = 86_400.0
NOON = 1_785_412_800.0
ITEMS = [
    ItemIn(content_id=f"item-{number}", title=f"Title {number}", category=f"C{number % 5}")
    for number in range(40)
]


def chance(seed: int = 1) -> random.Random:
    return random.Random(seed)  # noqa: S311


def test_popularity_is_shared_out_and_items_take_turns() -> None:
    popularity = Popularity(ITEMS)
    leaders = set()
    for day in range(30):
        shares = popularity.at(NOON + day * DAY)
        assert sum(shares) == pytest.approx(1)
        assert min(shares) > 0
        leaders.add(max(range(len(ITEMS)), key=shares.__getitem__))
    assert len(leaders) > 1
    assert popularity.at(NOON) == Popularity(ITEMS).at(NOON)


def test_lumps_are_right_on_average_and_never_more_than_views() -> None:
    seen = Counter[str]()
    dice = chance()
    for _ in range(2_000):
        lump = Counter[str]()
        for event in lumps_at(NOON, item=ITEMS[3], views=0.7, chance=dice):
            lump[event.type] += event.count
        assert max(lump.values(), default=0) == lump["view"]
        seen += lump
    assert seen["view"] == pytest.approx(1_400, rel=0.1)
    assert seen["like"] == pytest.approx(1_400 * ACTIONS["like"], rel=0.6)


def test_whoever_likes_has_looked_in_the_same_session() -> None:
    visitors = Visitors(ITEMS, chance=chance())
    for _ in range(500):
        view, *others = visitors.visit(NOON)
        assert view.type == "view"
        for event in others:
            assert event.type in ACTIONS
            assert (event.content_id, event.session_id, event.occurred_at) == (
                view.content_id,
                view.session_id,
                view.occurred_at,
            )


def test_a_visitor_comes_back_to_what_it_likes() -> None:
    visitors = Visitors(ITEMS, chance=chance())
    of = {item.content_id: item.category for item in ITEMS}
    views = Counter(of[visitors.visit(NOON, visitor=6)[0].content_id] for _ in range(400))
    assert views.most_common(1)[0][1] > 200


def test_the_same_seed_makes_the_same_visits() -> None:
    first, again = (Visitors(ITEMS, chance=chance(3)) for _ in range(2))
    assert [first.visit(NOON + at) for at in range(50)] == [
        again.visit(NOON + at) for at in range(50)
    ]
