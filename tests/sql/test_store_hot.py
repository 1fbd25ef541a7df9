"""core.item_hot with more active items than are exact: which are, and what is written."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.sql.world import AS_OF, World

MINUTE = timedelta(minutes=1)
ITEMS = 3_000
EXACT = 100
NEAR = 1_000
TURNS = 60
"""Minutes until each row further down had its turn."""

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


async def check(world: World, at: timedelta, *, had_turns: bool = True) -> None:
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
            if had_turns or rank <= NEAR:
                assert abs(stored_rank - rank) <= rank / 100
            if had_turns:
                assert abs(stored_score - score) <= 0.025


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
    """Item 1 goes from the last place to the second; what was in place 100 leaves the
    top, and what was in place 600 is no longer hot."""
    await crowd.execute("update core.item_window set views = views + 2998 where item_id = 1")
    assert await written(crowd, MINUTE) == EXACT + 2
    await check(crowd, MINUTE)


async def test_a_badge_that_changes_leaves_the_rank_in_its_index(crowd: World) -> None:
    """What was in place 600 lost its badge to one that rose; it is 601 only in its turn:
    a rank is in an index, a badge is not."""
    (place_600,) = [item for item, _, rank, _ in await crowd.rows(STORED) if rank == ITEMS / 5]
    await crowd.execute("update core.item_window set views = views + 2998 where item_id = 1")
    await written(crowd, MINUTE)
    stored = {item: row for item, *row in await crowd.rows(STORED)}
    assert stored[place_600][1:] == [ITEMS / 5, False]


async def test_further_down_each_row_is_rewritten_in_its_turn(crowd: World) -> None:
    """300 pass 1,700 others, whose ranks are off by so many until the last had its turn."""
    await crowd.execute("update core.item_window set views = 3000 where item_id between 2 and 301")
    assert await written(crowd, MINUTE) <= NEAR + 300 + ITEMS / TURNS
    await check(crowd, MINUTE, had_turns=False)
    for number in range(2, TURNS + 1):
        assert await written(crowd, number * MINUTE) <= EXACT + ITEMS / TURNS
    await check(crowd, TURNS * MINUTE)


async def test_scores_far_down_are_never_far_off(crowd: World) -> None:
    """They fade by 0.00025 a minute: none is rewritten before it is off by 0.01."""
    for number in range(30, 80):
        rewritten = await written(crowd, number * MINUTE)
        assert rewritten == EXACT if number <= 40 else rewritten <= EXACT + ITEMS / TURNS
    await check(crowd, 79 * MINUTE, had_turns=False)
    for number in range(80, 101):
        await written(crowd, number * MINUTE)
    await check(crowd, 100 * MINUTE)


async def test_who_is_no_longer_active_leaves_from_anywhere(crowd: World) -> None:
    await crowd.execute("delete from core.item_window where item_id in (5, 500, 2500)")
    await written(crowd, MINUTE)
    await check(crowd, MINUTE)
