"""wilson: the lower bound of the Wilson score interval of likes among views."""

from __future__ import annotations

import pytest

from tests.sql.world import World


async def scored(world: World, *likes_of_views: tuple[int, int], **options: object) -> list[float]:
    """Scores of items with so many likes of so many views, in the order given."""
    await world.ranking("r", formula="wilson", options=options)
    for number, (likes, views) in enumerate(likes_of_views):
        item = await world.item(str(number))
        if likes:
            await world.happened(item, "like" if likes > 0 else "unlike", abs(likes))
        if views:
            await world.happened(item, "view", views)
    await world.run()
    found = await world.scores("r")
    return [found[item_id] for item_id in sorted(found, key=int)]


async def test_a_large_sample_beats_a_perfect_small_one(world: World) -> None:
    """z² = 3.8416. 1 of 1: (1 + 1.9208 - 1.96·sqrt(0.9604)) / 4.8416 = 1/4.8416.
    80 of 100: (0.8 + 0.019208 - 1.96·sqrt((0.16 + 0.009604)/100)) / 1.038416 = 0.711169."""
    assert await scored(world, (1, 1), (80, 100)) == [
        pytest.approx(1 / 4.8416),
        pytest.approx(0.711169, abs=1e-6),
    ]


async def test_no_likes_are_worth_nothing(world: World) -> None:
    """p = 0: z²/2n - z·sqrt(z²/4n²) = 0, and never less, for unlikes neither."""
    assert await scored(world, (0, 10), (-5, 10)) == [pytest.approx(0), pytest.approx(0)]


async def test_more_likes_than_views_count_as_all_views(world: World) -> None:
    assert await scored(world, (50, 1), (1, 1)) == [pytest.approx(1 / 4.8416)] * 2


async def test_items_without_views_are_left_out(world: World) -> None:
    assert await scored(world, (3, 0)) == []


async def test_without_doubt_it_is_the_plain_share(world: World) -> None:
    """z = 0: 3 of 4 is 0.75."""
    assert await scored(world, (3, 4), z=0) == [pytest.approx(0.75)]


async def test_more_confidence_means_a_lower_bound(world: World) -> None:
    """z = 3, 1 of 1: (1 + 4.5 - 3·sqrt(9/4)) / 10 = 0.1."""
    assert await scored(world, (1, 1), z=3) == [pytest.approx(0.1)]
