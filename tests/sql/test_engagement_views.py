"""api.engagement_…: what dashboards read equals a recount at any moment, on whatever beat."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.profiles import examples
from tests.sql import oracle
from tests.sql.comparing import assert_stats
from tests.sql.oracle import Counts
from tests.sql.strategies import Batch, batches
from tests.sql.test_aggregates import assert_views, recounted
from tests.sql.world import AS_OF, World

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
NAMED = {"engagement_hourly": HOUR, "engagement_daily": DAY}


async def assert_read(world: World) -> None:
    """Hold the views to the events, by bucket and item, by name, and in sum to the stats."""
    await assert_views(world)
    for view, width in NAMED.items():
        rows = await world.rows(
            f"""
            select bucket, item.item_id, views, likes, comments, shares, watch_seconds
            from api.{view} as named
            inner join core.item as item
                on named.content_id = item.external_id and named.item_id = item.item_id
            """  # noqa: S608
        )
        found = {(bucket, item): Counts(*sums) for bucket, item, *sums in rows}
        assert found == recounted(world.events, width), view
    lifetime = oracle.window_counts(world.events, "all", AS_OF)
    rows = await world.rows(
        """
        select item_id, sum(views), sum(likes), sum(comments), sum(shares), sum(watch_seconds)
        from api.engagement_1d group by item_id
        """
    )
    assert {item: Counts(*sums) for item, *sums in rows} == lifetime


@examples(12)
@given(
    history=batches(gaps=[0, 60, 1_000, 3_600, 86_400], most=6),
    jobs=st.lists(st.sampled_from(["", "run", "beat", "all"]), min_size=3, max_size=3),
)
async def test_views_equal_a_recount_and_the_stats_at_any_moment(
    world: World, history: list[Batch], jobs: list[str]
) -> None:
    """Events late by days, of clocks that run ahead, taken back; refreshed, scored, or neither."""
    await world.only("top_viewed")
    await world.forget()
    for name in "abcde":
        await world.item(name)
    await world.execute("call api.refresh_aggregates(%s, true)", AS_OF)
    for batch, job in zip(history, jobs, strict=False):
        await world.insert(batch.events)
        await assert_read(world)
        await assert_stats(world, batch.as_of)
        if job == "run":
            await world.run(batch.as_of)
        elif job:
            await world.execute("call api.refresh_aggregates(%s, %s)", batch.as_of, job == "all")
        await assert_read(world)
        await assert_stats(world, batch.as_of)


async def lived(world: World, ago: timedelta) -> int:
    """An item that had events until so long ago and now, all of them in the aggregates."""
    item = await world.item("a", category="ape", creator="ann")
    await world.happened(item, "view", 5, ago=ago)
    await world.happened(item, "view", 3)
    await world.execute("call api.refresh_aggregates(%s, true)", AS_OF + HOUR)
    return item


@pytest.mark.parametrize("level", ["engagement_1m", "engagement_15m", "engagement_1d"])
async def test_a_refresh_of_some_levels_only_shows_at_once(world: World, level: str) -> None:
    """Each is refreshed by itself, as it comes due; the coarser ones know nothing of it yet."""
    item = await lived(world, 3 * DAY)
    await world.happened(item, "like", 2, ago=3 * DAY)
    await world.happened(item, "unlike", 1, ago=2 * DAY)
    await assert_views(world)
    for made in ("engagement_1m", "engagement_15m", "engagement_1d"):
        await world.execute(
            f"call refresh_continuous_aggregate('agg.{made}', %s, %s)",
            AS_OF.replace(hour=0) - 5 * DAY,
            AS_OF.replace(hour=0),
        )
        await assert_views(world)
        if made == level:
            break
    await world.happened(item, "view", 1, ago=3 * DAY)
    await assert_views(world)


async def test_what_a_dba_no_longer_counts_leaves_the_views_at_once(world: World) -> None:
    await lived(world, 3 * DAY)
    await world.execute("update core.event set counted = false where count = 5")
    assert await world.rows("select views from api.engagement_1d") == [(3,)]


async def test_what_is_gone_stays_counted(world: World) -> None:
    """Late events of the day before that is refreshed when the raw ones of its day are gone."""
    item = await lived(world, 40 * DAY)
    border = (AS_OF - 30 * DAY).replace(hour=0)
    await world.execute("select drop_chunks('core.event', older_than => %s::timestamptz)", border)
    await assert_views(world)
    await world.happened(item, "view", 7, ago=10 * DAY)
    await assert_views(world)


async def test_a_view_names_its_items(world: World) -> None:
    await lived(world, 3 * DAY)
    for view in NAMED:
        assert await world.rows(
            f"""
            select content_type, content_id, title, category, creator, sum(views)
            from api.{view} where bucket >= %s group by 1, 2, 3, 4, 5
            """,  # noqa: S608
            [AS_OF.replace(hour=0)],
        ) == [("video", "a", None, "ape", "ann", 3)]
