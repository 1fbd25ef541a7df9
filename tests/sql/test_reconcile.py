"""api.reconcile: proves that scores and windows equal the events, or makes them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest

from app.settings import Settings
from tests.engines import Engine
from tests.sql.comparing import assert_recounted
from tests.sql.world import AS_OF, World

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


async def reconcile(world: World) -> tuple[int, str | None]:
    """Run the job and return how many sums and counts it says differed, and where."""
    await world.execute("call api.reconcile(%s)", AS_OF)
    rows = await world.rows(
        """
        select row_count, error from core.job_run
        where job = 'reconcile' order by job_run_id desc limit 1
        """
    )
    return rows[0][0], rows[0][1]


async def populate(world: World) -> None:
    a, b = [await world.item(name, category="ape") for name in "ab"]
    for item, ago in ((a, HOUR), (a, 30 * HOUR), (b, 2 * HOUR), (b, 10 * DAY)):
        for type_ in ("view", "like", "share"):
            await world.happened(item, type_, 3, ago=ago)
    await world.run()


async def test_where_all_is_well_nothing_differs(world: World) -> None:
    await populate(world)
    assert await reconcile(world) == (0, None)


async def test_events_taken_out_of_the_count_leave_scores_and_windows(world: World) -> None:
    """And come back when they are put back."""
    await populate(world)
    for counted in (False, True):
        await world.execute("update core.event set counted = %s where item_id = 1", counted)
        world.events = [
            replace(event, counted=counted) if event.item == 1 else event for event in world.events
        ]

        differed, where = await reconcile(world)

        assert differed > 0
        assert where is not None
        assert "trending_24h: 1 differed" in where
        assert await reconcile(world) == (0, None)
        await world.run(forced=True)
        await assert_recounted(world, AS_OF)


async def test_sums_and_counts_changed_by_hand_are_mended(world: World) -> None:
    await populate(world)
    await world.only("trending_7d")
    await world.execute("update core.ranking_score set likes = likes + 1 where item_id = 1")
    await world.execute("delete from core.ranking_score where item_id = 2")
    await world.execute("""update core.item_window set views = 0 where "window" = '7d'""")

    differed, where = await reconcile(world)

    assert (differed, where) == (4, "trending_7d: 2 differed; windows: 2 differed")
    await world.run(forced=True)
    await assert_recounted(world, AS_OF)


async def test_events_that_wait_are_no_drift(world: World) -> None:
    """Scoring is not held off for them: they are scored once, by the next run."""
    await populate(world)
    await world.happened(2, "view", 5)

    assert await reconcile(world) == (0, None)

    assert await world.value("select count(*) from core.score_feed") == 1
    await world.run(forced=True)
    await assert_recounted(world, AS_OF)


async def test_scoring_goes_on_meanwhile(world: World, engine: Engine, settings: Settings) -> None:
    """Where nothing differs, it needs no lock of the scoring job."""
    if not engine.shares_server:
        pytest.skip(
            "the embedded engine's clients share one session, so its locks exclude nobody: "
            "run with TEST_DATABASE_URL or Docker"
        )
    await populate(world)
    async with await psycopg.AsyncConnection.connect(settings.database_url) as other:
        await other.execute("select api.start_job('run_rankings')")

        assert await reconcile(world) == (0, None)

        await other.rollback()
