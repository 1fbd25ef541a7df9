"""What is summed by category: read instead of items, and never other than they are."""

from __future__ import annotations

from datetime import timedelta

from tests.sql.world import AS_OF, World

DAYS = [AS_OF - timedelta(days=3), AS_OF + timedelta(days=1)]


async def views(world: World, wanted: str = "{}") -> dict[str | None, int]:
    rows = await world.rows(
        "select subject, views from api.engagement_sums(%s, %s, 'category')", [DAYS, wanted]
    )
    return dict(rows)


async def two_items(world: World) -> tuple[int, int]:
    """Of two categories, viewed two days ago, and refreshed; the newest is never summed."""
    a, b = await world.item("a", category="Music"), await world.item("b", category="News")
    await world.happened(a, "view", 1, ago=timedelta(days=2))
    await world.happened(b, "view", 2, ago=timedelta(days=2))
    await world.happened(a, "view", 8, ago=timedelta(days=1))
    await world.execute("call api.refresh_aggregates(%s, true)", AS_OF)
    return a, b


async def test_sums_are_read_instead_of_items(world: World) -> None:
    await two_items(world)
    await world.execute(
        "update core.category_count "
        "set views = views + case when category = 'Music' then 2 else -2 end where views <> 8"
    )
    assert await views(world) == {"Music": 11, "News": 0}
    # Those of creators are not.
    wanted = '{"creator": {"notIn": ["nobody"]}}'
    assert await views(world, wanted) == {"Music": 9, "News": 2}


async def test_an_item_takes_its_counts_along(world: World) -> None:
    """At once, and when it is settled: then a category that has nothing left is not there."""
    a, _ = await two_items(world)
    for category, expected in (("News", {"News": 11}), (None, {None: 9, "News": 2})):
        await world.execute("update core.item set category = %s where item_id = %s", category, a)
        assert await views(world) == expected
        await world.execute("update core.recategorised set noted_at = '-infinity'")
        await world.execute("call api.refresh_aggregates(%s)", AS_OF + timedelta(minutes=1))
        assert await world.value("select count(*) from core.recategorised") == 0
        assert await views(world) == expected
        assert await world.value("select bool_and(entries > 0) from core.category_count")


async def test_what_comes_late_is_made_anew_and_a_purged_item_is_gone(world: World) -> None:
    a, b = await two_items(world)
    await world.happened(b, "view", 4, ago=timedelta(days=2))
    assert await views(world) == {"Music": 9, "News": 6}
    await world.execute("call api.refresh_aggregates(%s, true)", AS_OF)
    await world.execute("delete from core.event where item_id = %s", a)
    await world.execute("select api.erase_item(%s, true, %s)", a, AS_OF)
    assert await views(world) == {"News": 6}
    # As a DBA does it, for all time.
    for level in ("engagement_1d", "site_1d"):
        await world.execute("call api.refresh_level(%s, null, null, true)", level)
    assert await views(world) == {"News": 6}
    await world.execute("call api.refresh_aggregates(%s, true)", AS_OF)
    assert await summed(world) == [("News", 6, 0.0)]
    assert await views(world) == {"News": 6}
    day = (AS_OF - timedelta(days=2)).replace(hour=0, minute=0, second=0)
    await world.execute("call api.rebuild_day(%s, %s)", day, AS_OF)
    assert await views(world) == {"News": 6}


async def test_a_site_that_was_refreshed_by_hand_hides_nothing(world: World) -> None:
    """Of items that came late, by a DBA or a policy, what it was told of is gone from the log."""
    _, b = await two_items(world)
    await world.happened(b, "view", 4, ago=timedelta(days=2))
    await world.happened(b, "watch_time", 1, seconds=0.5, ago=timedelta(days=2))
    for level in ("engagement_1m", "engagement_15m", "site_15m", "engagement_1d", "site_1d"):
        await world.execute(f"call refresh_continuous_aggregate('agg.{level}', null, null)")
    assert await views(world) == {"Music": 9, "News": 6}
    await world.execute("call api.refresh_aggregates(%s, true)", AS_OF)
    assert await summed(world) == [("Music", 1, 0.0), ("News", 6, 0.5)]
    assert await views(world) == {"Music": 9, "News": 6}


async def test_items_that_were_refreshed_by_us_are_summed_whoever_refreshes_the_site(
    world: World,
) -> None:
    """Also where it comes to the same: what one item has lost another has got."""
    a, b = await two_items(world)
    await world.execute("delete from core.event where item_id = %s and count = 1", a)
    await world.happened(b, "view", 1, ago=timedelta(days=2))
    for level in ("engagement_1m", "engagement_15m", "engagement_1d"):
        await world.execute("call api.refresh_level(%s, null, null)", level)
    for level in ("site_15m", "site_1d"):
        await world.execute(f"call refresh_continuous_aggregate('agg.{level}', null, null)")
    assert await views(world) == {"Music": 8, "News": 3}
    await world.execute("call api.refresh_aggregates(%s, true)", AS_OF)
    assert await summed(world) == [("News", 3, 0.0)]
    assert await views(world) == {"Music": 8, "News": 3}


async def summed(world: World) -> list[tuple[object, ...]]:
    """What is summed of the day before yesterday."""
    return await world.rows(
        "select category, sum(views)::int, sum(watch_seconds) from core.category_count "
        "where level = 'engagement_1d' and bucket < %s group by category order by 2",
        [AS_OF - timedelta(days=1.5)],
    )


async def test_quarters_are_summed_for_a_while(world: World) -> None:
    await two_items(world)
    later = AS_OF + timedelta(days=60)
    await world.execute("select api.settle_categories(%s)", later)
    assert await world.rows("select level from core.category_count group by level") == [
        ("engagement_1d",)
    ]
    assert await views(world) == {"Music": 9, "News": 2}
