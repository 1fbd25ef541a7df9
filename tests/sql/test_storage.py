"""api.maintain_storage: retention, columnstore and thinning, as core.storage_policy says."""

from __future__ import annotations

from datetime import datetime, timedelta

import psycopg
import pytest

from app.settings import Settings
from tests.engines import Engine
from tests.sql.comparing import assert_recounted
from tests.sql.world import AS_OF, World

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
ONE_SESSION = (
    "the embedded engine's clients share one session, so its locks exclude nobody: "
    "run with TEST_DATABASE_URL or Docker"
)


async def maintain(world: World, as_of: datetime = AS_OF) -> int:
    """Run the job and return what its line in the ledger counts: chunks."""
    await world.execute("call api.maintain_storage(%s)", as_of)
    ((chunks, error),) = await world.rows(
        """
        select row_count, error from core.job_run
        where job = 'maintain_storage' order by job_run_id desc limit 1
        """
    )
    assert error is None
    return int(chunks)


async def chunks(world: World) -> list[tuple[int, bool]]:
    """Age in days of the youngest event each chunk of core.event could hold; whether columnar."""
    return [
        ((AS_OF.replace(hour=0) - start) // DAY, is_compressed)
        for start, is_compressed in await world.rows(
            """
            select range_start, is_compressed
            from timescaledb_information.chunks
            where hypertable_schema = 'core' and hypertable_name = 'event'
            order by range_start
            """
        )
    ]


async def test_chunks_are_dropped_and_turn_columnar_by_age(world: World) -> None:
    """Kept 35 days, columnar after 3, and only as a whole: one that reaches into the time since
    stays as it is. AS_OF is noon."""
    a = await world.item("a")
    for days in (0, 2, 3, 4, 35, 36, 40):
        await world.happened(a, ago=days * DAY)
    await world.execute("call api.refresh_aggregates(%s, true)", AS_OF)

    await maintain(world)

    assert await chunks(world) == [(35, True), (4, True), (3, False), (2, False), (0, False)]
    assert await maintain(world) == 0


async def test_counts_outlive_the_events(world: World) -> None:
    """An event that was aggregated when it came is in the lifetime after its raw row is gone."""
    a = await world.item("a")
    await world.happened(a, "view", 7, ago=40 * DAY)
    await world.execute("call api.refresh_aggregates(%s, true)", AS_OF - 39 * DAY)
    await world.happened(a, "view", 1)

    await maintain(world)
    await world.execute("call api.refresh_aggregates(%s, true)", AS_OF)

    assert await world.value("select count(*) from core.event") == 1
    assert await world.value("select views_total from api.item_stats('video', 'a', %s)", AS_OF) == 8


async def test_a_late_event_is_taken_into_a_columnar_chunk(world: World) -> None:
    """And counted in windows, scores and stats like any other."""
    a = await world.item("a", category="ape")
    await world.happened(a, "view", 2, ago=5 * DAY)
    await world.run()
    await maintain(world)
    assert await chunks(world) == [(5, True)]

    await world.happened(a, "view", 3, ago=5 * DAY)
    await world.happened(a, "like", 1, ago=5 * DAY + MINUTE)
    await world.run(AS_OF + MINUTE, forced=True)
    await world.execute("call api.refresh_aggregates(%s, true)", AS_OF + MINUTE)

    await assert_recounted(world, AS_OF + MINUTE)
    opened = """
        select count(*) from api.level_chunks()
        where level = 'event' and _timescaledb_functions.chunk_status(chunk::regclass) & 8 = 8
    """
    assert await world.value(opened) == 1
    assert await maintain(world) == 1
    assert await world.value(opened) == 0
    # They leave the window again out of the columnar chunk.
    await world.run(AS_OF + 2 * DAY, forced=True)
    await assert_recounted(world, AS_OF + 2 * DAY)


async def test_old_events_are_counted_before_they_are_dropped(world: World) -> None:
    """A backfill of what was never here: no retention has reached it, so all levels count it."""
    a = await world.item("a")
    await world.happened(a, "view", 7, ago=400 * DAY)
    await world.happened(a, "view", 2, ago=90 * DAY)
    await world.happened(a, "view", 1)
    await world.run()

    await maintain(world)

    assert await world.value("select count(*) from core.event") == 1
    total = "select views_total from api.item_stats('video', 'a', %s)"
    assert await world.value(total, AS_OF) == 10
    # The minutes' chunks are ten days long, so theirs are not dropped up to the same day.
    assert AS_OF - 90 * DAY < await world.value("select api.closed_before()") < AS_OF - 40 * DAY
    await world.execute("call api.reconcile(%s)", AS_OF)
    drift = "select row_count, error from core.job_run where job = 'reconcile'"
    assert await world.rows(drift) == [(0, None)]
    assert await world.value(total, AS_OF) == 10


async def test_keeping_more_from_now_on_brings_nothing_dropped_back_into_question(
    world: World,
) -> None:
    """What was dropped stays as it was counted, however long events are kept thereafter."""
    a = await world.item("a")
    await world.happened(a, "view", 7, ago=50 * DAY)
    await maintain(world)
    await world.execute(
        "update core.storage_policy set keep_for = '400 days' "
        "where level in ('event', 'engagement_1m')"
    )
    # As if it had come by another way than the writer, who would have been stopped.
    await world.happened(a, "view", 100, ago=50 * DAY)

    await world.execute("call api.refresh_aggregates(%s, true)", AS_OF)

    assert await world.value("select sum(views) from agg.engagement_1d") == 7
    with pytest.raises(psycopg.DataError, match="events have been dropped"):
        await world.execute("select api.hold_raw_events(%s)", AS_OF - 50 * DAY)
    closed = await world.value("select api.closed_before()")
    await world.execute("select api.hold_raw_events(%s)", closed)


async def test_what_the_next_level_has_not_counted_is_not_dropped(
    world: World, engine: Engine, settings: Settings
) -> None:
    """Here because another session is refreshing just now."""
    if not engine.shares_server:
        pytest.skip(ONE_SESSION)
    a = await world.item("a")
    await world.happened(a, "view", 1)
    await world.execute("call api.refresh_aggregates(%s, true)", AS_OF)
    await world.happened(a, "view", 7, ago=50 * DAY)
    async with (
        await psycopg.AsyncConnection.connect(settings.database_url) as other,
        other.transaction(),
    ):
        await other.execute("select api.start_job('refresh_aggregates')")

        await world.execute("call api.maintain_storage(%s)", AS_OF)

        await other.execute("select pg_advisory_unlock_all()")
    error = "select error from core.job_run where job = 'maintain_storage'"
    assert await world.value(error) == (
        "event: nothing dropped, as engagement_1m has not counted all of it"
    )
    assert await world.value("select count(*) from core.event") == 2
    assert await world.value("select api.closed_before()") < AS_OF - 50 * DAY
    assert await maintain(world) > 0
    assert await world.value("select views_total from api.item_stats('video', 'a', %s)", AS_OF) == 8


@pytest.mark.parametrize("age", [10, 50], ids=["to be columnar", "to be dropped"])
async def test_a_transaction_left_open_holds_up_nobody(
    world: World, engine: Engine, settings: Settings, age: int
) -> None:
    """Whoever waits for its lock has all others wait behind: the job gives up, and says so."""
    if not engine.shares_server:
        pytest.skip(ONE_SESSION)
    a = await world.item("a")
    await world.happened(a, "view", 1, ago=age * DAY)
    async with await psycopg.AsyncConnection.connect(settings.database_url) as other:
        await other.execute("select count(*) from core.event")
        await world.execute("set statement_timeout = '20s'")
        await world.execute("call api.maintain_storage(%s)", AS_OF)
        await world.execute("reset statement_timeout")
    error = await world.value("select error from core.job_run where job = 'maintain_storage'")
    assert error.endswith(" is in use: left to the next run"), error
    assert await maintain(world) > 0


async def test_a_policy_is_changed_by_one_statement(world: World) -> None:
    a = await world.item("a")
    for days in (2, 50):
        await world.happened(a, ago=days * DAY)
    await world.execute(
        """
        update core.storage_policy set
            keep_for = '60 days',
            columnstore_after = case level when 'event' then interval '1 day' end
        where level in ('event', 'engagement_1m')
        """
    )

    await maintain(world)

    assert await chunks(world) == [(50, True), (2, True)]


async def test_where_nothing_is_dropped_late_events_wait_for_their_beat(world: World) -> None:
    item = await world.item("a")
    await world.happened(item, ago=40 * DAY)
    keep = "update core.storage_policy set keep_for = %s where level in ('event', 'engagement_1m')"
    await world.execute(keep, 60 * DAY)
    late = "select count(*) from core.job_run where job = 'refresh engagement_1d late'"
    await maintain(world)
    assert await world.value(late) == 1
    await maintain(world, AS_OF + HOUR)
    assert await world.value(late) == 1

    await world.execute(keep, 35 * DAY)
    await maintain(world, AS_OF + 2 * HOUR)
    assert await world.value(late) == 2


async def test_old_snapshots_are_thinned_to_one_an_hour(world: World) -> None:
    """A run every 20 minutes for six hours: all of the last two hours, else the last of an hour."""
    await world.only("trending_24h")
    for minutes in range(0, 361, 20):
        await world.execute(
            """
            insert into core.ranking_run
                (ranking_id, as_of, confirmed_at, finished_at, parameters, print)
            select ranking_id, at, at, at, '{}', '' from core.ranking, cast(%s as timestamptz) as at
            """,
            AS_OF - minutes * MINUTE,
        )

    await maintain(world)

    kept = [
        (AS_OF - at) // MINUTE
        for (at,) in await world.rows("select as_of from core.ranking_run order by as_of desc")
    ]
    # AS_OF is a full hour, so 9:40, 8:40, 7:40 and 6:40 were the last runs of their hours.
    assert kept == [0, 20, 40, 60, 80, 100, 120, 140, 200, 260, 320]


async def test_the_newest_run_is_kept_whatever_its_age(world: World) -> None:
    await world.only("trending_24h", "hot")
    await world.run(AS_OF - 200 * DAY)
    await world.execute("update core.ranking set size = 10 where name = 'hot'")
    await world.run(AS_OF - 199 * DAY)

    await maintain(world)

    assert await world.rows("select ranking, as_of from api.latest_run order by ranking") == [
        ("hot", AS_OF - 199 * DAY),
        ("trending_24h", AS_OF - 200 * DAY),
    ]
    assert await world.value("select count(*) from core.ranking_run") == 2


async def test_the_ledger_is_pruned_after_a_week(world: World) -> None:
    await world.execute(
        """
        insert into core.job_run (job, started_at, finished_at)
        select 'old', at, at from unnest(%s::timestamptz[]) as at
        """,
        [AS_OF - 8 * DAY, AS_OF - 6 * DAY],
    )

    await maintain(world)

    assert await world.rows("select started_at from core.job_run where job = 'old'") == [
        (AS_OF - 6 * DAY,)
    ]
