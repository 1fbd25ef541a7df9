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
    await world.execute("update core.category_count set views = views + 100")
    assert await views(world) == {"Music": 109, "News": 102}
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
    await world.execute("call api.refresh_aggregates(%s, true)", AS_OF)
    assert await views(world) == {"News": 6}
    day = (AS_OF - timedelta(days=2)).replace(hour=0, minute=0, second=0)
    await world.execute("call api.rebuild_day(%s, %s)", day, AS_OF)
    assert await views(world) == {"News": 6}


async def test_quarters_are_summed_for_a_while(world: World) -> None:
    await two_items(world)
    later = AS_OF + timedelta(days=60)
    await world.execute("select api.settle_categories(%s)", later)
    assert await world.rows("select level from core.category_count group by level") == [
        ("engagement_1d",)
    ]
    assert await views(world) == {"Music": 9, "News": 2}
