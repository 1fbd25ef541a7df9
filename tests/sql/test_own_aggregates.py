"""A DBA's own continuous aggregate of core.event, which drains the log that ours read."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from tests.sql.test_aggregates import assert_levels, refresh
from tests.sql.test_storage import maintain
from tests.sql.world import AS_OF, World

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture
async def own(world: World) -> AsyncIterator[int]:
    """Hourly counts of event types, with a refresh policy of its own."""
    await world.execute("create schema mine")
    await world.execute(
        """
        create materialized view mine.hourly
        with (timescaledb.continuous, timescaledb.materialized_only = true) as
        select
            time_bucket(interval '1 hour', occurred_at) as bucket, event_type,
            sum(count) as events
        from core.event
        group by time_bucket(interval '1 hour', occurred_at), event_type
        with no data
        """
    )
    yield await world.value(
        """
        select add_continuous_aggregate_policy(
            'mine.hourly', start_offset => null, end_offset => null,
            schedule_interval => interval '1 day', initial_start => 'infinity'
        )
        """
    )
    await world.execute("drop materialized view mine.hourly")
    await world.execute("drop schema mine")


async def refresh_own(world: World, job: int) -> None:
    await world.execute("call run_job(%s::integer)", job)
    assert await world.value("select sum(events) from mine.hourly") == sum(
        event.count for event in world.events
    )


async def test_our_levels_equal_the_events_whenever_another_is_refreshed(
    world: World, own: int
) -> None:
    """Late events far apart, taken from the log by the other before ours are refreshed."""
    item = await world.item("a")
    await world.happened(item, "view", 1, ago=6 * DAY)
    await refresh(world)
    for count, ago in ((2, 5 * DAY), (3, 4 * HOUR), (4, 30 * HOUR)):
        await world.happened(item, "view", count, ago=ago)
        await refresh_own(world, own)
    ranges = "select count(*) from api.changed_ranges('engagement_1m', '1 minute', %s, %s)"
    assert await world.value(ranges, AS_OF - 5 * DAY, AS_OF - 3 * HOUR) == 3

    await refresh(world)

    await assert_levels(world)
    assert await world.value(ranges, AS_OF - 5 * DAY, AS_OF - 3 * HOUR) == 0


async def test_nothing_uncounted_is_dropped_whenever_another_is_refreshed(
    world: World, own: int
) -> None:
    """Here our refresh fails, or is skipped, for ever."""
    item = await world.item("a")
    await world.happened(item, "view", 1, ago=60 * DAY)
    await refresh(world)
    await world.run()
    await world.happened(item, "view", 7, ago=50 * DAY)
    await refresh_own(world, own)
    message = "nothing dropped, as engagement_1m has not counted all of it"
    with pytest.raises(Exception, match=message):
        await world.execute("select api.drop_counted('event', %s)", AS_OF - 40 * DAY)
    assert await world.value("select count(*) from core.event") == 2

    await maintain(world)

    assert await world.value("select count(*) from core.event") == 0
    total = "select views_total from api.item_stats('video', 'a', %s)"
    assert await world.value(total, AS_OF) == 8
