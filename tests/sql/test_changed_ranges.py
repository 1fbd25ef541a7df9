"""What a refresh has to redo: only the time in which something happened."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

import psycopg
import pytest

from tests.sql.world import AS_OF, World

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


async def changed(
    world: World, level: str = "engagement_1m", bucket: timedelta = MINUTE
) -> list[tuple[datetime, datetime]]:
    rows = await world.rows(
        "select * from api.changed_ranges(%s, %s, %s, %s)",
        [level, bucket, AS_OF - 10 * DAY, AS_OF - HOUR],
    )
    return [(begins, ends) for begins, ends in rows]


async def refreshed(world: World) -> int:
    """Refresh a long history up to now, so that whatever comes next is late."""
    item = await world.item("a")
    await world.happened(item, ago=5 * DAY)
    await world.execute("call api.refresh_aggregates(%s, true)", AS_OF)
    return item


async def test_late_events_are_stretches_of_whole_buckets(world: World) -> None:
    item = await refreshed(world)
    assert await changed(world) == []
    second = timedelta(seconds=1)
    for ago in (23 * HOUR + second, 2 * HOUR + second, 2 * HOUR - 58 * second, HOUR / 2):
        await world.happened(item, ago=ago)
    assert await changed(world) == [
        (AS_OF - 23 * HOUR - MINUTE, AS_OF - 23 * HOUR),
        (AS_OF - 2 * HOUR - MINUTE, AS_OF - 2 * HOUR + MINUTE),
    ]


async def test_the_next_level_hears_of_each_stretch_by_itself(world: World) -> None:
    item = await refreshed(world)
    for ago in (23 * HOUR, 2 * HOUR):
        await world.happened(item, ago=ago)
    await world.execute(
        "update core.storage_policy set refresh_late_every = '15 minutes' "
        "where level = 'engagement_1m'"
    )
    await world.execute("call api.refresh_aggregates(%s)", AS_OF + 15 * MINUTE)
    assert await changed(world) == []
    quarter = timedelta(minutes=15)
    assert await changed(world, "engagement_15m", quarter) == [
        (AS_OF - ago, AS_OF - ago + quarter) for ago in (23 * HOUR, 2 * HOUR)
    ]


async def test_too_many_stretches_close_their_narrowest_gaps(world: World) -> None:
    item = await refreshed(world)
    for number in range(101):
        await world.happened(item, ago=4 * DAY - number * 10 * MINUTE - (number > 50) * HOUR)
    ranges = await changed(world)
    assert len(ranges) == 100
    assert ranges[0][0] == AS_OF - 4 * DAY
    assert any(earlier[1] + 69 * MINUTE == later[0] for earlier, later in pairwise(ranges))


async def test_changes_logged_beyond_all_timestamps_are_those_of_the_bounds(world: World) -> None:
    await refreshed(world)
    await world.execute(
        """
        insert into _timescaledb_catalog.continuous_aggs_hypertable_invalidation_log
            (hypertable_id, lowest_modified_value, greatest_modified_value)
        select raw_hypertable_id, -9223372036854775807, 9223372036854775806
        from _timescaledb_catalog.continuous_agg where user_view_name = 'engagement_1m'
        """
    )
    assert await changed(world) == [(AS_OF - 10 * DAY, AS_OF - HOUR)]


@pytest.mark.parametrize(
    "change",
    [
        "alter table _timescaledb_catalog.continuous_aggs_materialization_ranges rename to other",
        "alter table _timescaledb_catalog.continuous_agg rename column raw_hypertable_id to source",
    ],
)
async def test_a_version_that_keeps_its_logs_otherwise_is_told_of_in_words(
    undone: World, change: str
) -> None:
    """Not passed over as if nothing had changed, which would lose what has."""
    await undone.execute(change)
    with pytest.raises(
        psycopg.errors.FeatureNotSupported,
        match=r"TimescaleDB 2\.\S+ keeps its logs of changes otherwise .* cannot be refreshed",
    ):
        await changed(undone)
