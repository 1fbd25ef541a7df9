"""api.item_popularity: lifetime counts are exact at any time, whatever dies in between."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest
import redis.asyncio
from hypothesis import given

from app.ingest.packing import TYPE_NUMBERS
from app.runtime.pool import Pool
from app.settings import Settings
from tests.eventually import eventually
from tests.profiles import examples
from tests.sql import oracle
from tests.sql.strategies import Batch, batches
from tests.sql.world import AS_OF, World
from tests.writing import packed, put, running_writer, waiting

MINUTE = timedelta(minutes=1)
COUNTS = """
select content_id, views, likes, comments, shares, watch_seconds
from api.item_popularity order by content_id
"""


async def assert_counted(world: World) -> None:
    """Hold the view to a recount of all events so far; items without any are not in it."""
    lifetime = oracle.window_counts(world.events, "all", AS_OF)
    names = await world.rows("select item_id, external_id from core.item order by external_id")
    expected = [(name, *lifetime[item].shown()) for item, name in names if item in lifetime]
    assert await world.rows(COUNTS) == expected


@examples(10)
@given(history=batches(most=12))
async def test_counts_equal_a_recount_though_runs_die(world: World, history: list[Batch]) -> None:
    """Before each run, one gets as far as to the commit, and is killed; after it, one has nothing
    to do."""
    await world.only()
    await world.forget()
    for name in "abcdef":
        await world.item(name)
    for batch in history:
        await world.insert(batch.events)
        await assert_counted(world)
        async with world.connection.transaction(force_rollback=True):
            await world.execute("set transaction isolation level repeatable read")
            await world.execute("select api.score_events(%s)", batch.as_of)
        await world.run(batch.as_of)
        await assert_counted(world)
        await world.run(batch.as_of + MINUTE)
        await assert_counted(world)


async def test_a_session_that_dies_in_the_middle_of_a_run_changes_nothing(
    world: World, settings: Settings
) -> None:
    """Its connection is closed without a word, as by kill -9 of a client or a crash."""
    await world.only()
    a = await world.item("a")
    await world.happened(a, "view", 3)
    await world.run()
    await world.happened(a, "view", 4, ago=-MINUTE)

    dying = await psycopg.AsyncConnection.connect(settings.database_url, autocommit=True)
    await dying.execute("begin isolation level repeatable read")
    await dying.execute("select api.score_events(%s)", [AS_OF + MINUTE])
    await dying.close()

    await assert_fed(world, 1)
    await assert_counted(world)
    await world.run(AS_OF + MINUTE)
    await assert_fed(world, 0)
    await assert_counted(world)


async def assert_fed(world: World, rows: int) -> None:
    assert await world.value("select count(*) from core.score_feed") == rows


async def test_no_events_are_no_fault(world: World) -> None:
    await world.only()
    await world.item("a")
    for minutes in range(3):
        await world.run(AS_OF + minutes * MINUTE)
    assert await world.rows(COUNTS) == []


@pytest.mark.parametrize("total", [2**31 + 5, 2**32 + 5, 10 * 2**32])
async def test_counts_have_64_bits(world: World, total: int) -> None:
    """No event stands for more than 10^9, but they add up: here, in the windows and the stats."""
    a = await world.item("a")
    await world.only("top_viewed", "trending_24h")
    left = total
    events = []
    while left:
        count = min(left, 1_000_000_000)
        left -= count
        events += [
            oracle.Event(item=a, type=type_, occurred_at=AS_OF, received_at=AS_OF, count=count)
            for type_ in ("view", "like", "comment", "share")
        ]
    await world.insert(events)
    await world.run(forced=True)

    assert await world.rows(COUNTS) == [("a", total, total, total, total, 0)]
    assert await world.rows(
        "select views, likes, comments, shares from api.ranking_entry where ranking = 'top_viewed'"
    ) == [(total, total, total, total)]
    assert await world.rows(
        "select views_today, views_total, shares_month from api.item_stats('video', 'a', %s)",
        [AS_OF],
    ) == [(total, total, total)]


async def test_what_is_sent_twice_counts_once_and_unlikes_are_taken_off(
    world: World, pool: Pool, redis: redis.asyncio.Redis, settings: Settings
) -> None:
    """Through the writer: in one entry twice, in two entries, and in an entry delivered again."""
    await world.only()
    views = [packed("a", count=2) for _ in range(5)]
    likes = [packed("a", type=TYPE_NUMBERS["like"]) for _ in range(3)]
    unlike = packed("a", type=TYPE_NUMBERS["unlike"])
    for entry in (views + views[:2], likes, views[1:], [unlike], [unlike], likes + views):
        await put(redis, entry)

    async with running_writer(settings, pool, redis):

        async def all_written() -> bool:
            return await waiting(redis) == 0

        await eventually(all_written)
    now = await world.value("select clock_timestamp()")
    await world.run(now)

    assert await world.rows(COUNTS) == [("a", 10, 2, 0, 0, 0)]


async def test_what_is_not_counted_is_not_popular(world: World) -> None:
    """A bot's view is stored, but never fed to scoring; reconciling agrees."""
    await world.only()
    a = await world.item("a")
    await world.happened(a, "view", 3)
    await world.execute("update core.event set counted = false")
    await world.execute("truncate core.score_feed")
    world.events = [replace(event, counted=False) for event in world.events]
    await world.run()
    await assert_counted(world)
    await world.execute("call api.reconcile(%s)", AS_OF)
    await assert_counted(world)


async def test_the_job_that_counts_runs_every_minute() -> None:
    """Five minutes is what is promised."""
    from app.migrate.schema_files import PROJECT, read_replaceable  # noqa: PLC0415

    (job,) = [
        job for job in read_replaceable(PROJECT).jobs if "groundswell_run_rankings" in job.path
    ]
    assert "'* * * * *', 'call api.run_rankings()'" in job.text
