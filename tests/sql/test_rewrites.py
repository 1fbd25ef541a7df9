"""What a run rewrites: an open transaction keeps each version of a row, so there must be few."""

from __future__ import annotations

from datetime import timedelta

import psycopg
import pytest

from app.settings import Settings
from tests.engines import Engine
from tests.sql.oracle import Event
from tests.sql.test_crowd import CROWD
from tests.sql.test_storage import ONE_SESSION
from tests.sql.world import AS_OF, World

MINUTE = timedelta(minutes=1)
WINDOWS = ("1h", "24h", "7d", "30d", "all", "today", "week", "month")

SPARE = 4 * 8192
"""Bytes of pages that are begun."""

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


async def test_a_transaction_left_open_makes_tables_no_larger_than_what_changed(
    world: World, engine: Engine, settings: Settings
) -> None:
    """Four minutes of it keep each version of a row: one a minute of each item that had an event.
    What they took is used again, once it is over."""
    if not engine.shares_server:
        pytest.skip(ONE_SESSION)
    busy, minutes, items = 100, 4, 2_000
    await world.execute(CROWD, AS_OF, items)
    await world.run()
    await world.execute("vacuum core.ranking_score, core.item_window, core.item_hot")
    versions = (
        busy
        * minutes
        * await world.value("select count(*) from core.ranking_state where weights is not null")
    )
    before = await pages(world)
    async with (
        await psycopg.AsyncConnection.connect(settings.database_url) as other,
        other.transaction(),
    ):
        await other.execute("set transaction isolation level repeatable read")
        await other.execute("select count(*) from core.item")
        for minute in range(1, minutes + 1):
            await world.insert([event(item, minute) for item in range(1, busy + 1)])
            await world.run(AS_OF + minute * MINUTE)
        held = await pages(world)
    await world.execute("vacuum core.ranking_score, core.item_window, core.item_hot")
    for minute in range(minutes + 1, 2 * minutes + 1):
        await world.insert([event(item, minute) for item in range(1, busy + 1)])
        await world.run(AS_OF + minute * MINUTE)
    after = await pages(world)

    row_bytes, window_bytes, hot_bytes = 180, 140, 60
    assert held["core.ranking_score"] - before["core.ranking_score"] <= versions * row_bytes + SPARE
    for window in WINDOWS:
        table = f"core.item_window_{window}"
        assert held[table] - before[table] <= busy * minutes * window_bytes + SPARE
    # Ranks move without an event: those of the first thousand, and of a sixtieth of the others.
    moved = (1_000 + items // 60 + busy) * minutes
    assert held["core.item_hot"] - before["core.item_hot"] <= moved * hot_bytes + SPARE
    assert {table: after[table] for table in held if after[table] > held[table] + SPARE} == {}


def event(item: int, minute: int) -> Event:
    """Return a view of an item in the minutes after AS_OF."""
    at = AS_OF + minute * MINUTE
    return Event(item=item, type="view", occurred_at=at, received_at=at)


async def pages(world: World) -> dict[str, int]:
    """Return how many bytes each table that a run rewrites has, without its indexes."""
    return dict(
        await world.rows(
            """
            select oid::regclass::text, pg_relation_size(oid)
            from pg_class
            where
                relkind = 'r'
                and relnamespace = 'core'::regnamespace
                and relname ~ '^(ranking_score|item_hot|item_window_.*)$'
            """
        )
    )
