"""core.item_hot with more active items than the longest list: what is exact, what is written."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.sql.world import AS_OF, World

MINUTE = timedelta(minutes=1)
ITEMS = 11_000
EXACT = 10_000

# Item n has n views, and its newest event in the minute of the run.
FILL = """
insert into core.item (content_type, external_id) select 'video', n from generate_series(1, %s) as n
"""
ACTIVE = """
insert into core.item_window
("window", item_id, views, likes, comments, shares, watch_seconds, last_event_at)
select '24h', item_id, item_id, 0, 0, 0, 0, %s from core.item
"""
STORE = "select api.store_hot((select r from core.ranking as r where r.name = 'hot'), %s)"
STORED = "select item_id, hot_score, hot_rank, is_hot from core.item_hot"
COMPUTED = """
select hot.item_id, hot.score, row_number() over (order by hot.score desc, hot.item_id)
from api.minmax_hot((select r from core.ranking as r where r.name = 'hot'), %s) as hot
"""
VERSIONS = "select item_id, xmin::text from core.item_hot"


@pytest.fixture
async def crowd(world: World) -> World:
    """More active items than are exact, stored as of AS_OF."""
    await world.execute(FILL, ITEMS)
    await world.execute(ACTIVE, AS_OF)
    await world.execute(STORE, AS_OF)
    return world


async def written(world: World, at: timedelta) -> int:
    """Store as of that long after AS_OF, and return how many rows are new or were rewritten."""
    before = set(await world.rows(VERSIONS))
    await world.execute(STORE, AS_OF + at)
    return len(set(await world.rows(VERSIONS)) - before)


async def check(world: World, at: timedelta) -> None:
    """Compare what is stored with what is computed."""
    stored = {item: row for item, *row in await world.rows(STORED)}
    computed = await world.rows(COMPUTED, [AS_OF + at])
    assert stored.keys() == {item for item, *_ in computed}
    hottest = -(-len(computed) // 5)
    for item, score, rank in computed:
        stored_score, stored_rank, is_hot = stored[item]
        assert is_hot == (rank <= hottest)
        if rank <= EXACT:
            assert (stored_rank, stored_score) == (rank, pytest.approx(score, rel=1e-12))
        else:
            assert stored_rank > EXACT
            assert abs(stored_rank - rank) <= rank / 100
            assert abs(stored_score - score) <= 0.001


async def test_all_is_exact_at_first(crowd: World) -> None:
    stored = await crowd.rows(STORED)
    assert {(item, rank) for item, _, rank, _ in stored} == {
        (item, ITEMS + 1 - item) for item in range(1, ITEMS + 1)
    }
    assert sum(is_hot for *_, is_hot in stored) == ITEMS / 5
    await check(crowd, timedelta(0))


async def test_a_minute_in_which_nothing_happens_rewrites_the_top_alone(crowd: World) -> None:
    """All scores have faded by 0.00025, and no rank has changed."""
    assert await written(crowd, MINUTE) == EXACT
    await check(crowd, MINUTE)


async def test_one_that_rises_moves_the_exact_ranks_alone(crowd: World) -> None:
    """Item 1 goes from the last place to the second; what was in place 10,000 leaves the top."""
    await crowd.execute("update core.item_window set views = views + 10998 where item_id = 1")
    assert await written(crowd, MINUTE) == EXACT + 1
    await check(crowd, MINUTE)


async def test_small_moves_add_up_to_a_rewrite(crowd: World) -> None:
    """The last rise, 25 at a time and at one moment: the ranks of those they pass are a hundredth
    of 10,000 off after four times, and too far off after five."""
    rewritten = []
    for number in range(1, 7):
        await crowd.execute(
            "update core.item_window set views = 10990 where item_id between 2 and %s", 25 * number
        )
        rewritten.append(await written(crowd, timedelta(0)) - EXACT)
        await check(crowd, timedelta(0))
    assert max(rewritten[:4]) <= 25
    assert rewritten[4] > 800
    assert rewritten[5] < 100


async def test_scores_far_down_are_never_far_off(crowd: World) -> None:
    for number in range(1, 7):
        await crowd.execute(STORE, AS_OF + number * MINUTE)
        await check(crowd, number * MINUTE)


async def test_who_is_no_longer_active_leaves_from_anywhere(crowd: World) -> None:
    await crowd.execute("delete from core.item_window where item_id in (5, 500, 9000)")
    await written(crowd, MINUTE)
    await check(crowd, MINUTE)
