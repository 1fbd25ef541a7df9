"""Whatever drops raw events, what was counted of them stays."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import psycopg
import pytest

from tests.sql.test_aggregates import assert_levels
from tests.sql.world import AS_OF, World, events

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
BORDER = (AS_OF - 15 * DAY).replace(hour=0)
"""Up to here the ways that drop by age do so."""


async def lived(world: World) -> None:
    """Two items with events on some days, counted in every level, window and score."""
    second = timedelta(seconds=20)
    for item in [await world.item(name, category="ape") for name in "ab"]:
        await world.insert(
            [
                event
                for days in (1, 7, 13, 17, 21)
                for event in events(item, AS_OF - days * DAY - second, view=days, like=1)
            ]
        )
        await world.happened(item, "view", 1, ago=30 * MINUTE)
    await world.run()
    await world.execute("call api.refresh_aggregates(%s, true)", AS_OF)


async def drop_by_age(world: World) -> None:
    await world.execute("select drop_chunks('core.event', older_than => %s::timestamptz)", BORDER)


async def retain_by_policy(world: World) -> None:
    job = await world.value(
        "select add_retention_policy('core.event', drop_after => now() - %s::timestamptz)", BORDER
    )
    try:
        await world.execute("call run_job(%s::integer)", job)
    finally:
        await world.execute("select remove_retention_policy('core.event')")


async def drop_from_the_middle(world: World) -> None:
    await world.execute(
        "select drop_chunks('core.event', older_than => %s::timestamptz, "
        "newer_than => %s::timestamptz)",
        BORDER,
        BORDER - 3 * DAY,
    )


async def _chunk(world: World) -> str:
    return str(
        await world.value(
            "select format('%%I.%%I', chunk_schema, chunk_name) "
            "from timescaledb_information.chunks "
            "where hypertable_schema = 'core' and hypertable_name = 'event' and range_end <= %s "
            "order by range_end desc limit 1",
            BORDER,
        )
    )


async def drop_a_chunk_table(world: World) -> None:
    await world.execute(f"drop table {await _chunk(world)}")


async def detach_a_chunk(world: World) -> None:
    if await world.value("select to_regproc('detach_chunk') is null"):
        pytest.skip("this TimescaleDB cannot detach chunks: 2.21 can")
    chunk = await _chunk(world)
    await world.execute(f"call detach_chunk('{chunk}')")
    await world.execute(f"drop table {chunk}")


async def truncate(world: World) -> None:
    await world.execute("truncate core.event")


async def restore_an_older_dump(world: World) -> None:
    """Which has neither the newest days nor all of the day on which it was made."""
    await world.execute("create temporary table dump as select * from core.event")
    await world.execute("truncate core.event")
    await world.execute(
        "insert into core.event select * from dump where occurred_at < %s and item_id = 1",
        AS_OF - 4 * DAY,
    )
    await world.execute("drop table dump")


WAYS = [
    drop_by_age,
    retain_by_policy,
    drop_from_the_middle,
    drop_a_chunk_table,
    detach_a_chunk,
    truncate,
    restore_an_older_dump,
]


@pytest.mark.parametrize("way", WAYS)
async def test_counts_outlive_every_way_of_dropping_events(
    world: World, way: Callable[[World], Awaitable[None]]
) -> None:
    """However the events went, and whatever is refreshed, reconciled or scored after it."""
    await lived(world)
    windows = await world.windows()
    scores = await world.rows(
        "select score_set, item_id, views, likes from core.ranking_score order by 1, 2"
    )

    await way(world)

    # The first notices, the second is what would delete what the first has moved between logs.
    for _ in range(2):
        await world.execute("call api.refresh_aggregates(%s, true)", AS_OF)
    await world.execute("call api.reconcile(%s)", AS_OF)
    await assert_levels(world)
    assert await world.windows() == windows
    assert scores == await world.rows(
        "select score_set, item_id, views, likes from core.ranking_score order by 1, 2"
    )
    assert await world.rows("select error from core.job_run where error is not null") == []
    with pytest.raises(psycopg.DataError, match="events have been dropped"):
        await world.execute("select api.hold_raw_events(%s)", BORDER - 2 * DAY)


@pytest.mark.parametrize("way", [drop_by_age, truncate])
async def test_what_comes_after_the_loss_counts(
    world: World, way: Callable[[World], Awaitable[None]]
) -> None:
    """Also on the day that was lost while it ran, and what is gone still leaves its windows."""
    await lived(world)
    await way(world)
    later = AS_OF + 5 * MINUTE
    await world.happened(1, "view", 3, ago=AS_OF - later)
    await world.run(later + MINUTE)
    await world.execute("call api.refresh_aggregates(%s, true)", later + 2 * MINUTE)
    await world.execute("call api.refresh_aggregates(%s, true)", later + 2 * MINUTE)
    await assert_levels(world)
    await world.execute("select api.hold_raw_events(%s)", later)

    far = AS_OF + 8 * DAY
    await world.run(far)
    assert await in_window(world, "30d") == expected(world, far)
    await world.execute("call api.reconcile(%s)", far)
    assert await world.rows(
        "select row_count, error from core.job_run where job = 'reconcile'"
    ) == [(0, None)]


async def in_window(world: World, window: str) -> dict[int, int]:
    counts = (await world.windows())[window]
    return {item: round(counts.views) for item, counts in counts.items()}


def expected(world: World, as_of: datetime) -> dict[int, int]:
    """Views of the last 30 days, recounted."""
    found: dict[int, int] = {}
    for event in world.events:
        if event.type == "view" and event.occurred_at > as_of - 30 * DAY:
            found[event.item] = found.get(event.item, 0) + event.count
    return found


async def test_events_that_come_back_to_a_dropped_day_change_nothing(world: World) -> None:
    """Somebody restores a few of them: the day's chunk is there again, but not what it held."""
    await lived(world)
    counted = list(world.events)
    await drop_by_age(world)
    await world.happened(1, "view", 100, ago=21 * DAY)
    world.events = counted

    await world.execute("call api.refresh_aggregates(%s, true)", AS_OF)

    await assert_levels(world)


async def test_minutes_that_somebody_drops_stay_in_quarter_hours(world: World) -> None:
    """The same for a level that another is made of."""
    await lived(world)
    total = "select views_total from api.item_stats('video', 'a', %s)"
    before = await world.value(total, AS_OF)
    await world.execute(
        "select drop_chunks('agg.engagement_1m', older_than => %s::timestamptz)", AS_OF
    )

    for _ in range(2):
        await world.execute("call api.refresh_aggregates(%s, true)", AS_OF)

    assert await world.value(total, AS_OF) == before
