"""minmax_hot: 0.60·views + 0.25·shares, each between the least and the most, + 0.15·e^(-0.1·h)."""

from __future__ import annotations

from datetime import timedelta
from math import exp

import pytest

from tests.sql.world import AS_OF, World

HOUR = timedelta(hours=1)


async def hot_items(world: World) -> dict[int, tuple[int, bool]]:
    rows = await world.rows("select item_id, hot_rank, is_hot from core.item_hot order by hot_rank")
    return {item_id: (rank, is_hot) for item_id, rank, is_hot in rows}


async def test_views_shares_and_recency(world: World) -> None:
    """a: 10 views, no shares, now: 0 + 0 + 0.15. b: 110 views, 4 shares, 10 h ago: 0.60 + 0.25
    + 0.15/e. c: 60 views and 2 shares are half of each spread, 5 h ago: 0.30 + 0.125 + 0.15/e^0.5.
    A fifth of three, rounded up: one is hot."""
    a, b, c = [await world.item(name) for name in "abc"]
    await world.only("hot")
    await world.happened(a, "view", 10)
    for item, views, shares, ago in ((b, 110, 4, 10 * HOUR), (c, 60, 2, 5 * HOUR)):
        await world.happened(item, "view", views, ago=ago)
        await world.happened(item, "share", shares, ago=ago)

    await world.run()

    assert await world.scores("hot") == {
        b: pytest.approx(0.85 + 0.15 * exp(-1)),
        c: pytest.approx(0.425 + 0.15 * exp(-0.5)),
        a: pytest.approx(0.15),
    }
    assert (await world.components("hot"))[c] == pytest.approx([0.3, 0.125, 0.15 * exp(-0.5)])
    assert await hot_items(world) == {b: (1, True), c: (2, False), a: (3, False)}


async def test_where_all_are_equal_only_recency_counts(world: World) -> None:
    """Nothing to tell apart by views or shares: 0.15·e^0 and 0.15·e^-0.1, not a division by 0."""
    a, b = [await world.item(name) for name in "ab"]
    await world.only("hot")
    await world.happened(a, "view", 7, ago=HOUR)
    await world.happened(b, "view", 7)

    await world.run()

    assert await world.scores("hot") == {
        b: pytest.approx(0.15),
        a: pytest.approx(0.15 * exp(-0.1)),
    }


async def test_the_only_item_is_hot(world: World) -> None:
    a = await world.item("a")
    await world.only("hot")
    await world.happened(a, "like", ago=10 * HOUR)

    await world.run()

    assert await world.scores("hot") == {a: pytest.approx(0.15 * exp(-1))}
    assert await hot_items(world) == {a: (1, True)}


async def test_options_change_the_parts(world: World) -> None:
    """Recency alone, by half as much each hour: lambda = ln 2."""
    a, b = [await world.item(name) for name in "ab"]
    await world.ranking(
        "r",
        formula="minmax_hot",
        options={"hits": 0, "shares": 0, "recency": 1, "lambda": 0.6931471805599453},
    )
    await world.happened(a, "view", 1000, ago=2 * HOUR)
    await world.happened(b, "view", ago=HOUR)

    await world.run()

    assert await world.scores("r") == {b: pytest.approx(0.5), a: pytest.approx(0.25)}


async def test_hot_items_follow_the_window(world: World) -> None:
    """24 h and a minute after its only event, an item is no longer hot, nor is it there at all."""
    a, b = [await world.item(name) for name in "ab"]
    await world.only("hot")
    await world.happened(a, "view", 10)
    await world.happened(b, "view", 1, ago=-HOUR)
    await world.run(AS_OF + HOUR)
    assert await hot_items(world) == {a: (1, True), b: (2, False)}

    await world.run(AS_OF + 24 * HOUR)

    assert await hot_items(world) == {b: (1, True)}


async def test_hot_items_beyond_the_list_follow_the_window_too(world: World) -> None:
    """The list holds one item and does not change; the other one leaves the window."""
    a, b = [await world.item(name) for name in "ab"]
    await world.only("hot")
    await world.execute("update core.ranking set size = 1")
    await world.happened(b, "view", 1)
    await world.happened(a, "view", 10, ago=-HOUR)
    await world.run(AS_OF + HOUR)
    assert await hot_items(world) == {a: (1, True), b: (2, False)}

    await world.run(AS_OF + 24 * HOUR)

    assert await hot_items(world) == {a: (1, True)}
