"""What a run rewrites: an open transaction keeps each version of a row, so there must be few."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.sql.world import AS_OF, World

MINUTE = timedelta(minutes=1)
WINDOWS = ("1h", "24h", "7d", "30d", "all", "today", "week", "month")

VERSIONS = """
select tableoid::regclass::text, ctid::text, xmin::text from core.ranking_score
union all
select tableoid::regclass::text, ctid::text, xmin::text from core.item_window
"""
SUMS = """
select
    decayed_to, views, recent_views, likes, recent_likes, comments, recent_comments, shares,
    recent_shares, watch_minutes, recent_watch_minutes
from core.ranking_score
where item_id = %s
"""


async def rewritten(world: World, as_of: timedelta) -> dict[str, int]:
    """Run the job, and count the new versions of rows by table."""
    before = set(await world.rows(VERSIONS))
    await world.run(AS_OF + as_of)
    fresh = [table for table, *_ in set(await world.rows(VERSIONS)) - before]
    return {table: fresh.count(table) for table in set(fresh)}


async def test_an_event_rewrites_its_item_in_each_ranking_and_window_alone(world: World) -> None:
    for number in range(20):
        await world.happened(await world.item(f"i{number}"), "like", 3, ago=10 * MINUTE)
    await world.run()
    assert await rewritten(world, MINUTE) == {}

    await world.happened(7, "view", ago=-MINUTE)
    assert await rewritten(world, 2 * MINUTE) == {
        "core.ranking_score": await world.value(
            "select count(*) from core.ranking where formula = 'weighted_decay'"
        ),
        **{f"core.item_window_{window}": 1 for window in WINDOWS},
    }


async def test_an_event_changes_no_sum_but_its_own(world: World) -> None:
    """The other sums stay to the last bit, until the moment they hold for is 64 half-lives old."""
    await world.ranking("r", half_life="20 minutes", recent_half_life="5 minutes", window="all")
    item = await world.item("i")
    for type_ in ("view", "like", "comment"):
        await world.happened(item, type_, 3, ago=7 * MINUTE)
    await world.run()
    (before,) = await world.rows(SUMS, [item])

    await world.happened(item, "share", ago=-312 * MINUTE)
    await world.run(AS_OF + 320 * MINUTE)
    (after,) = await world.rows(SUMS, [item])
    assert after[:7] == before[:7]
    assert after[7:9] == pytest.approx((2 ** (319 / 20), 2 ** (319 / 5)))

    await world.happened(item, "share", ago=-340 * MINUTE)
    await world.run(AS_OF + 340 * MINUTE)
    (moved,) = await world.rows(SUMS, [item])
    assert moved[0] == AS_OF + 340 * MINUTE
    assert 1 < moved[8] < 2


async def test_a_score_that_hardly_grows_moves_no_bound(world: World) -> None:
    await world.ranking("r", half_life="8 hours", recent_half_life="2 hours", window="all")
    item = await world.item("i")
    await world.happened(item, "view", 100)
    await world.run()
    bound = "select bound from core.ranking_score"
    bounds = []
    for minute in range(1, 21):
        await world.happened(item, "view", ago=-minute * MINUTE)
        await world.run(AS_OF + minute * MINUTE)
        bounds.append(await world.value(bound))
    assert len(set(bounds)) <= 2
