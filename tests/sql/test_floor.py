"""Bounds below a ranking's floor are not kept, and no list is another for it."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from tests.sql.oracle import Event
from tests.sql.test_crowd import CROWD
from tests.sql.world import AS_OF, World

MINUTE = timedelta(minutes=1)
COUNT = 3_000
KEPT = (3 * 10 + 300) * 5 // 4 + 1
"""Bounds that are kept of a list of 10 right after its floor was laid."""

BOUNDS = """
select
    count(*) filter (where score.bound > '-infinity'),
    min(state.floor),
    count(*) filter (
        where real.bound > case
            when score.bound > '-infinity' then score.bound else state.floor
        end + 1e-9
    )
from core.ranking_score as score
inner join core.ranking_state as state on score.score_set = state.score_set
inner join core.ranking as r on state.ranking_id = r.ranking_id
cross join lateral (
    select api.forward_bound(
        api.decay(%(as_of)s - score.decayed_to, r.half_life) * api.weighted_sum(
            state.weights, score.views, score.likes, score.comments, score.shares,
            score.watch_minutes
        ),
        api.decay(%(as_of)s - score.decayed_to, r.recent_half_life) * api.weighted_sum(
            state.weights, score.recent_views, score.recent_likes, score.recent_comments,
            score.recent_shares, score.recent_watch_minutes
        ),
        %(as_of)s, date_part('epoch', r.half_life)
    ) as bound
) as real
"""

LIST = """
select place.rank, place.item_id, place.score
from core.ranking as r
cross join lateral api.ranked(r, %(as_of)s, %(source)s) as place
order by place.rank
"""


@pytest.fixture
async def crowd(world: World) -> World:
    """3,000 items, and one list of ten."""
    await world.ranking("r", half_life="8 hours", recent_half_life="2 hours", size=10)
    await world.execute(CROWD, AS_OF, COUNT)
    await world.run()
    return world


async def kept(world: World, as_of: object = AS_OF, *, places: int = 10) -> tuple[int, float]:
    """Check the list and every bound, and return how many bounds are kept, and the floor."""
    ((known, floor, wrong),) = await world.rows(BOUNDS, {"as_of": as_of})
    assert wrong == 0
    found, expected = [
        await world.rows(LIST, {"as_of": as_of, "source": source}) for source in ("index", "scores")
    ]
    assert found == expected
    assert len(found) == places
    return known, floor


async def test_a_floor_leaves_what_the_list_may_need(crowd: World) -> None:
    known, floor = await kept(crowd)
    assert KEPT <= known <= KEPT + 5, "but for equal bounds, a quarter more than is read"
    assert floor > 0


async def test_bounds_stay_right_whatever_happens(crowd: World) -> None:
    rng = random.Random(9)  # noqa: S311
    _, floor = await kept(crowd)
    for number in range(1, 6):
        as_of = AS_OF + 40 * number * MINUTE
        await crowd.insert(
            [
                Event(
                    item=rng.randint(1, COUNT + 200 * number) % COUNT + 1,
                    type=rng.choice(("view", "like", "unlike", "share", "watch_time")),
                    occurred_at=as_of - rng.random() * timedelta(hours=9),
                    received_at=as_of,
                    count=rng.randint(1, 300),
                    seconds=rng.random() * 600,
                )
                for _ in range(400)
            ]
        )
        await crowd.run(as_of)
        known, raised = await kept(crowd, as_of)
        assert known >= KEPT
        assert raised >= floor
        floor = raised


async def test_it_is_laid_anew_where_too_much_is_undone(crowd: World) -> None:
    """600 are the best by likes, all of which are taken back."""
    floors = []
    for as_of, type_ in ((AS_OF, "like"), (AS_OF + MINUTE, "unlike")):
        await crowd.insert(
            [
                Event(item=item, type=type_, occurred_at=AS_OF, received_at=AS_OF, count=10_000)
                for item in range(1, 601)
            ]
        )
        await crowd.run(as_of)
        known, floor = await kept(crowd, as_of)
        floors.append(floor)
    assert KEPT <= known <= KEPT + 5
    assert 0 < floors[1] < floors[0]


async def test_a_longer_list_sees_below_the_floor_at_once(crowd: World) -> None:
    await crowd.execute("update core.ranking set size = 1000")
    await kept(crowd, places=1_000)
    await crowd.run(AS_OF + MINUTE, forced=True)
    assert await kept(crowd, AS_OF + MINUTE, places=1_000) == (COUNT, float("-inf"))


async def test_new_weights_have_a_floor_of_their_own(crowd: World) -> None:
    _, before = await kept(crowd)
    await crowd.execute("update core.ranking set view_weight = 100")
    await crowd.run(AS_OF + MINUTE)
    known, floor = await kept(crowd, AS_OF + MINUTE)
    assert KEPT <= known <= KEPT + 5
    assert floor > before + 6, "a hundred times the points are more than six doublings"


async def test_most_events_touch_no_index(crowd: World) -> None:
    """Rows below the floor change in their pages, as long as those have room."""
    updated = (
        "select pg_stat_get_xact_tuples_updated(c.oid), pg_stat_get_xact_tuples_hot_updated(c.oid) "
        "from pg_class as c where c.oid = 'core.ranking_score'::regclass"
    )
    low = await crowd.rows("select item_id from core.ranking_score where bound = '-infinity'")
    await crowd.insert(
        [
            Event(item=item, type="view", occurred_at=AS_OF, received_at=AS_OF)
            for (item,) in low[::10]
        ]
    )
    async with crowd.connection.transaction():
        ((every_before, in_place_before),) = await crowd.rows(updated)
        await crowd.execute("select api.add_to_scores('-infinity')")
        ((every, in_place),) = await crowd.rows(updated)
    assert every - every_before == len(low[::10])
    assert in_place - in_place_before > 0.9 * len(low[::10])
