"""Continuous aggregates: each level equals the raw events once it is refreshed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from tests.sql import oracle
from tests.sql.oracle import Counts, Event
from tests.sql.world import AS_OF, World

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
LEVELS = {
    "engagement_1m": timedelta(minutes=1),
    "engagement_15m": timedelta(minutes=15),
    "engagement_1d": DAY,
}


async def refresh(world: World, as_of: datetime = AS_OF, *, forced: bool = True) -> None:
    await world.execute("call api.refresh_aggregates(%s, %s)", as_of, forced)
    assert await world.rows("select error from core.job_run where error is not null") == []


async def buckets(
    world: World, level: str, *, schema: str = "agg"
) -> dict[tuple[datetime, int], Counts]:
    columns = "bucket, item_id, views, likes, comments, shares, watch_seconds"
    rows = await world.rows(f"select {columns} from {schema}.{level}")  # noqa: S608
    assert len(rows) == len({row[:2] for row in rows})
    return {(bucket, item): Counts(*sums) for bucket, item, *sums in rows}


def recounted(events: Sequence[Event], width: timedelta) -> dict[tuple[datetime, int], Counts]:
    found: dict[tuple[datetime, int], Counts] = {}
    for event in events:
        if event.counted:
            bucket = event.at - (event.at - datetime(2000, 1, 1, tzinfo=UTC)) % width
            key = (bucket, event.item)
            found[key] = found.get(key, Counts()).plus(oracle.counts(event))
    return found


async def assert_levels(world: World) -> None:
    """Hold each level to the events, and what is read of it at any moment."""
    for level, width in LEVELS.items():
        assert await buckets(world, level) == recounted(world.events, width), level
    await assert_views(world)


async def assert_views(world: World) -> None:
    """Hold the views over the levels to the events, whatever is refreshed."""
    for level, width in LEVELS.items():
        found = await buckets(world, level, schema="api")
        assert found == recounted(world.events, width), level


async def populate(world: World) -> tuple[int, int]:
    """Every type, on three days, on both sides of each bucket's edge."""
    a, b = [await world.item(name) for name in "ab"]
    midnight = AS_OF.replace(hour=0)
    second = timedelta(seconds=1)
    for at in (midnight - second, midnight, AS_OF - 2 * DAY, AS_OF - 15 * HOUR - second):
        for type_ in ("view", "like", "unlike", "comment", "uncomment", "share", "watch_time"):
            for item, count in ((a, 3), (b, 2 if type_.startswith("un") else 5)):
                seconds = 12.5 if type_ == "watch_time" else None
                await world.happened(item, type_, count, ago=AS_OF - at, seconds=seconds)
    return a, b


async def test_all_levels_equal_the_events_before_and_after_a_refresh(world: World) -> None:
    await populate(world)
    await assert_levels(world)

    await refresh(world)

    await assert_levels(world)
    # The newest minute is left to real-time reads, the days but the one that has not ended.
    watermarks = await world.rows(
        """
        select
            cagg.user_view_name,
            _timescaledb_functions.to_timestamp(
                _timescaledb_functions.cagg_watermark(cagg.mat_hypertable_id)
            )
        from _timescaledb_catalog.continuous_agg as cagg
        """
    )
    assert dict(watermarks) == {
        f"{kind}_{width}": AS_OF.replace(hour=0) + counted
        for kind in ("engagement", "site")
        for width, counted in (("1m", DAY / 1440), ("15m", DAY / 96), ("1d", 0 * DAY))
    }


async def test_a_late_event_shows_after_the_next_refresh(world: World) -> None:
    a, b = await populate(world)
    await refresh(world)
    before = await buckets(world, "engagement_1d")

    await world.happened(a, "view", 7, ago=30 * HOUR)
    await world.happened(b, "unlike", 2, ago=2 * DAY)
    assert await buckets(world, "engagement_1d") == before
    await assert_views(world)

    await refresh(world)
    await assert_levels(world)


async def test_what_is_late_waits_for_a_slower_beat(world: World) -> None:
    """An event of 2 h ago is in the minutes after an hour, one of ten minutes ago at once."""
    a, _ = await populate(world)
    await refresh(world, AS_OF, forced=False)
    await world.happened(a, "view", 7, ago=2 * HOUR)
    await world.happened(a, "view", 5, ago=10 * MINUTE)

    seen = []
    for minute in (1, 15, 59, 60):
        await refresh(world, AS_OF + minute * MINUTE, forced=False)
        found = await buckets(world, "engagement_1m")
        seen.append([(AS_OF - ago, a) in found for ago in (2 * HOUR, 10 * MINUTE)])
    assert seen == [[False, True]] * 3 + [[True, True]]
    for hour in range(2, 7):
        await refresh(world, AS_OF + hour * HOUR, forced=False)
    await assert_levels(world)


async def test_a_pause_leaves_no_gap_behind_what_is_new(world: World) -> None:
    """The scheduler stands still for three hours, in which the slower beat is not due again."""
    a, _ = await populate(world)
    await world.execute(
        "update core.storage_policy set refresh_late_every = '1 day' where level <> 'event' "
        "and refresh_every is not null"
    )
    await refresh(world, AS_OF, forced=False)
    await world.happened(a, "view", 7, ago=-90 * MINUTE)
    await refresh(world, AS_OF + 3 * HOUR, forced=False)
    await assert_levels(world)


async def test_events_that_no_longer_count_leave_every_level(world: World) -> None:
    """A DBA takes a click farm out, and puts it back."""
    a, b = await populate(world)
    await refresh(world)
    for counted in (False, True):
        await world.execute("update core.event set counted = %s where item_id = %s", counted, a)
        world.events = [
            replace(event, counted=counted) if event.item == a else event for event in world.events
        ]

        await refresh(world)

        await assert_levels(world)
    assert b in {item for _, item in await buckets(world, "engagement_1d")}


async def test_each_level_is_refreshed_as_often_as_its_policy_says(world: World) -> None:
    """1, 5 and 15 minutes, by a scheduler that fires each minute for a quarter of an hour."""
    await populate(world)
    for minute in range(16):
        await refresh(world, AS_OF + timedelta(minutes=minute), forced=False)

    assert await world.rows(
        """
        select job, count(*), count(*) filter (where finished_at is null)
        from core.job_run group by job order by job
        """
    ) == [
        ("refresh engagement_15m", 3, 0),
        ("refresh engagement_15m late", 1, 0),
        ("refresh engagement_1d", 1, 0),
        ("refresh engagement_1d late", 1, 0),
        ("refresh engagement_1m", 15, 0),
        ("refresh engagement_1m late", 1, 0),
        ("refresh site_15m", 3, 0),
        ("refresh site_15m late", 1, 0),
        ("refresh site_1d", 1, 0),
        ("refresh site_1d late", 1, 0),
        ("refresh site_1m", 15, 0),
        ("refresh site_1m late", 1, 0),
        ("refresh_aggregates", 16, 0),
    ]


async def test_a_policy_is_changed_by_one_statement(world: World) -> None:
    await populate(world)
    await world.execute(
        "update core.storage_policy set refresh_every = '1 hour', refresh_late_every = '2 hours' "
        "where level = 'engagement_1m'"
    )
    for minute in (0, 1, 59, 60):
        await refresh(world, AS_OF + timedelta(minutes=minute), forced=False)

    starts = await world.rows(
        "select started_at from core.job_run where job ~ '^refresh engagement_1m' order by 1"
    )
    assert starts == [(AS_OF,), (AS_OF + HOUR,)]
