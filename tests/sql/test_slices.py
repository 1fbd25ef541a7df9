"""Backlogs, recounts and mending go in slices; in between and after, each event counts once."""

from __future__ import annotations

import random
import time
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from tests.cleaning import Cleaner
from tests.sql.comparing import assert_recounted, assert_stats
from tests.sql.oracle import Event
from tests.sql.test_oracle import populate
from tests.sql.world import AS_OF, World

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
TYPES = ("view", "view", "like", "unlike", "comment", "uncomment", "share", "watch_time")


def happened(rng: random.Random, until: datetime, number: int) -> list[Event]:
    """Events of the 33 days before, some with clocks that run ahead, some at one moment."""
    found = []
    for _ in range(number):
        occurred_at = until - rng.choice((HOUR, DAY, 33 * DAY)) * rng.random()
        found.append(
            Event(
                item=rng.randint(1, 5),
                type=rng.choice(TYPES),
                occurred_at=occurred_at,
                received_at=min(until, occurred_at + rng.choice((-1, 1)) * rng.random() * HOUR),
                count=rng.randint(1, 9),
                seconds=float(rng.randint(1, 900)),
            )
        )
    return [*found, *(replace(event, id=uuid4()) for event in found[:3])]


async def scored(world: World, as_of: datetime, at_most: int) -> bool:
    """Score one slice, and return whether more waits."""
    async with world.connection.transaction():
        await world.execute("set transaction isolation level repeatable read")
        rows = await world.rows("select * from api.score_events(%s, %s)", [as_of, at_most])
    assert rows[0][0] <= at_most + 6, "all of one moment, and no more"
    return bool(rows[0][1])


async def counted_further(world: World, at_most: int) -> bool:
    """Count one slice of what is counted anew, and return whether more is left."""
    async with world.connection.transaction():
        await world.execute("set transaction isolation level repeatable read")
        await world.execute("select api.continue_recounts(%s)", at_most)
    return bool(await world.value("select count(*) from core.recount"))


async def is_reconciled(world: World) -> None:
    await world.execute("call api.reconcile(%s)", AS_OF)
    assert await world.rows(
        "select row_count, error from core.job_run where job = 'reconcile' "
        "order by job_run_id desc limit 1"
    ) == [(0, None)]


@pytest.mark.parametrize("seed", range(4))
async def test_a_backlog_in_slices_comes_to_the_same(world: World, seed: int) -> None:
    """While windows move on and turn, with what was never scored in them, and more comes in."""
    rng = random.Random(seed)  # noqa: S311
    await populate(world)
    if seed % 2:
        await world.run(AS_OF - 2 * DAY)
    as_of = AS_OF
    await world.insert(happened(rng, as_of, 60))
    has_more = True
    while has_more:
        has_more = await scored(world, as_of, 9)
        await assert_stats(world, as_of)
        await is_reconciled(world)
        as_of += rng.choice((MINUTE, 40 * MINUTE, 13 * HOUR))
        if rng.random() < 0.3:
            await world.insert(happened(rng, as_of, 2))
    await world.run(as_of, forced=True)
    await assert_recounted(world, as_of)


FEED = """
with made as materialized (
    select n as item_id, %(at)s::timestamptz - n * interval '1 ms' as at
    from generate_series(1, %(items)s) as n
),
stored as (
    insert into core.event (event_id, occurred_at, received_at, item_id, event_type)
    select gen_random_uuid(), at, at, item_id, 'view' from made
)
insert into core.score_feed (item_id, occurred_at, event_type, count)
select item_id, at, 'view', 1 from made
"""


async def first_slices(world: World, items: int) -> float:
    """Return how long two slices take, when all that is known is that there was nothing yet."""
    await world.execute("vacuum analyze core.ranking_score, core.item_window, core.score_feed")
    begun = time.perf_counter()
    for minutes in (2, 1):
        await world.connection.execute(FEED, {"at": AS_OF - minutes * MINUTE, "items": items})
        await scored(world, AS_OF, 1_000_000)
    return time.perf_counter() - begun


async def test_the_first_runs_take_no_square_of_their_items(world: World, cleaner: Cleaner) -> None:
    """200,000 events of 50,000 items took four minutes: each looked through all the others'."""
    few = await first_slices(world, 2_000)
    await cleaner.clean(world.connection)
    many = await first_slices(world, 8_000)
    assert many < 7 * few


async def test_the_newest_come_first(world: World) -> None:
    await populate(world)
    await world.only("trending_all")
    await world.run(AS_OF - DAY)
    for hours in (1, 900, 2, 800, 3):
        await world.happened(1, "view", hours, ago=hours * HOUR)
    assert await scored(world, AS_OF, 3)
    assert await world.value("select views from core.item_window where \"window\" = 'all'") == 6
    assert await world.value("select count(*) from core.score_feed") == 2


MANY = """
with made as (
    insert into core.event (event_id, occurred_at, received_at, item_id, event_type, count)
    select gen_random_uuid(), made.at, made.at, 1 + mod(n, 5), 'view', 1
    from generate_series(1, 51000) as n
    cross join lateral (select %s - n * interval '10 seconds' as at) as made
    returning item_id, occurred_at, event_type, count, seconds
)
insert into core.score_feed (item_id, occurred_at, event_type, count, seconds)
select * from made
"""


async def test_a_run_makes_lists_when_it_is_time(world: World) -> None:
    """Of 51,000 events a run without time scores one slice, 50,000, and its lists show them."""
    await populate(world)
    await world.only("top_viewed", "trending_7d")
    await world.execute(MANY, AS_OF)

    await world.execute("call api.run_rankings(%s, work_for => '0 seconds')", AS_OF)

    assert await world.value("select count(*) from core.score_feed") == 1_000
    assert len(await world.places("trending_7d")) == 5
    total = "select sum(views)::integer from core.item_window where \"window\" = 'all'"
    assert await world.value(total) == 50_000
    await world.run(AS_OF + MINUTE)
    assert await world.value("select count(*) from core.score_feed") == 0
    assert await world.value(total) == 51_000


@pytest.mark.parametrize("seed", range(3))
async def test_other_half_lives_are_counted_in_slices(world: World, seed: int) -> None:
    """Until all is counted, the list has the old ones; late events and new ones come meanwhile."""
    rng = random.Random(seed)  # noqa: S311
    await populate(world)
    await world.only("trending_7d")
    await world.insert(happened(rng, AS_OF - HOUR, 40))
    await world.run()
    old = (await world.settings("trending_7d"))[0]
    change = (
        "update core.ranking set half_life = '9 hours', recent_half_life = '3 hours', "
        "content_type = 'video'"
    )
    await world.execute(change)

    as_of, is_left, rounds = AS_OF, True, 0
    while is_left:
        as_of += MINUTE
        await world.insert(happened(rng, as_of, 3))
        while await scored(world, as_of, 4):
            pass
        in_force = await world.rows(
            "select date_part('epoch', (api.ranking_in_force(r)).half_life) from core.ranking as r"
        )
        assert in_force == [(old.half_life.total_seconds() if old.half_life else None,)]
        is_left = await counted_further(world, 7)
        rounds += 1
    assert rounds > 3
    await world.run(as_of, forced=True)
    await assert_recounted(world, as_of)
    await is_reconciled(world)
    assert await world.value("select count(distinct score_set) from core.ranking_score") == 1


async def test_a_change_taken_back_counts_nothing_anew(world: World) -> None:
    await populate(world)
    await world.only("trending_7d")
    await world.happened(1)
    await world.run()
    of_set = await world.value("select score_set from core.ranking_state")
    await world.execute("update core.ranking set half_life = '57 hours'")
    await scored(world, AS_OF, 10)
    assert await world.value("select count(*) from core.recount") == 1
    await world.execute("update core.ranking set half_life = '56 hours'")
    await world.run(AS_OF + MINUTE)
    assert await world.value("select count(*) from core.recount") == 0
    assert await world.value("select score_set from core.ranking_state") == of_set


SUMS_THAT_DIFFER = """
select found.*
from (
    select r.name, (drift.correction).item_id, greatest(
        abs((drift.correction).views), abs((drift.correction).likes),
        abs((drift.correction).shares), abs((drift.correction).recent_views)
    ) as size
    from core.ranking as r
    cross join lateral api.drifted_scores(r) as drift
    union all
    select (drift.correction)."window", (drift.correction).item_id, greatest(
        abs((drift.correction).views), abs((drift.correction).likes),
        abs((drift.correction).comments), abs((drift.correction).shares)
    ) as size
    from api.drifted_windows() as drift
) as found
where found.size > 1e-6
"""


@pytest.mark.parametrize("seed", range(3))
async def test_what_comes_between_the_look_and_the_mending_stays(world: World, seed: int) -> None:
    """Also where windows have moved on in between; what waited at the look is not added twice."""
    rng = random.Random(seed)  # noqa: S311
    await populate(world)
    await world.only("trending_24h", "trending_all")
    await world.insert(happened(rng, AS_OF, 60))
    await world.run()
    await world.execute("update core.event set counted = false where item_id = 2")
    await world.execute("update core.event set count = count + 1 where item_id = 3")
    world.events = [
        replace(event, counted=event.item != 2, count=event.count + (event.item == 3))
        for event in world.events
    ]
    await world.insert(happened(rng, AS_OF, 5))
    await world.execute(
        "create temporary table looked as "
        "select r as ranking, null::core.window_drift as windows, drift as scores "
        "from core.ranking as r cross join lateral api.drifted_scores(r) as drift "
        "union all select null, drift, null from api.drifted_windows() as drift"
    )
    try:
        as_of = AS_OF + 25 * MINUTE
        await world.insert(happened(rng, as_of, 10))
        await world.run(as_of)
        unsure = await world.value(
            "select sum(found.unsure)::integer from ("
            "select api.mend_scores(ranking, array[scores]) as unsure from looked "
            "where windows is null union all "
            "select api.mend_windows(array_agg(windows)) from looked where not (windows is null)"
            ") as found"
        )
    finally:
        await world.execute("drop table looked")
    # The sums are right at once, but where a row may have been emptied in between.
    assert unsure > 0 or await world.rows(SUMS_THAT_DIFFER) == []
    await world.execute("call api.reconcile(%s, is_expected => true)", as_of)
    await is_reconciled(world)
    await world.run(as_of, forced=True)
    await assert_recounted(world, as_of)


async def test_new_weights_rewrite_only_bounds_that_are_kept(world: World) -> None:
    """Of 3,000 items 413 are; the sums stay in the set that they are in."""
    await world.ranking("r", half_life="8 hours", recent_half_life="2 hours", size=10)
    await world.execute(
        "insert into core.item (content_type, external_id) "
        "select 'video', n::text from generate_series(1, 3000) as n"
    )
    await world.execute(MANY.replace("mod(n, 5)", "mod(n, 3000)"), AS_OF)
    await world.run()
    await world.run()
    of_set = await world.value("select score_set from core.ranking_state")
    updated = (
        "select pg_stat_get_xact_tuples_updated(c.oid) "
        "from pg_class as c where c.oid = 'core.ranking_score'::regclass"
    )
    async with world.connection.transaction():
        await world.execute("set transaction isolation level repeatable read")
        before = await world.value(updated)
        await world.execute("update core.ranking set view_weight = 3")
        await world.execute("select api.score_events(%s)", AS_OF)
        assert 0 < await world.value(updated) - before <= 2 * 413
    assert await world.value("select score_set from core.ranking_state") == of_set
    assert await world.value("select count(*) from core.recount") == 0
