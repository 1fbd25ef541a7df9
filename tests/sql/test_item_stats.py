"""api.item_stats: today, this month and lifetime of one item, in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.sql.comparing import assert_stats
from tests.sql.world import AS_OF, World

SECOND = timedelta(seconds=1)
APRIL = datetime(2026, 4, 1, tzinfo=UTC)


async def views(world: World, as_of: datetime) -> tuple[int, int, int]:
    (row,) = await world.rows(
        "select views_today, views_month, views_total from api.item_stats('video', 'a', %s)",
        [as_of],
    )
    return row[0], row[1], row[2]


async def test_an_unknown_item_has_no_row(world: World) -> None:
    await world.item("a", content_type="book")
    assert await world.rows("select * from api.item_stats('video', 'a', %s)", [AS_OF]) == []


async def test_an_item_without_events_has_zeros(world: World) -> None:
    await world.item("a")
    ((content_id, content_type, *numbers, as_of),) = await world.rows(
        "select * from api.item_stats('video', 'a', %s)", [AS_OF]
    )
    assert (content_id, content_type, as_of) == ("a", "video", AS_OF)
    assert numbers == [0] * 15


@pytest.mark.parametrize("is_refreshed", [False, True], ids=["real time", "refreshed"])
async def test_the_day_and_the_month_begin_at_midnight_utc(
    world: World, is_refreshed: bool
) -> None:
    """1 view in February, 10 in the last second of March, 100 in the first of April, 1000 later.
    Read as of the last second of March, the first of April, and the 2nd of April."""
    a = await world.item("a")
    for at, count in (
        (datetime(2026, 2, 28, 23, 59, 59, tzinfo=UTC), 1),
        (APRIL - SECOND, 10),
    ):
        await world.happened(a, "view", count, ago=AS_OF - at)
    assert await views(world, APRIL - SECOND) == (10, 10, 11)

    for at, count in ((APRIL, 100), (APRIL + timedelta(hours=12), 1000)):
        await world.happened(a, "view", count, ago=AS_OF - at)
    if is_refreshed:
        await world.execute("call api.refresh_aggregates(%s, true)", APRIL + timedelta(days=1))

    assert await views(world, APRIL + timedelta(hours=12)) == (1100, 1100, 1111)
    assert await views(world, APRIL + timedelta(days=1)) == (0, 1100, 1111)
    assert await views(world, datetime(2026, 5, 1, tzinfo=UTC)) == (0, 0, 1111)


async def test_the_session_s_time_zone_does_not_matter(world: World) -> None:
    a = await world.item("a")
    await world.happened(a, "view", 1, ago=AS_OF - APRIL)
    await world.happened(a, "view", 10, ago=AS_OF - APRIL + SECOND)
    await world.execute("set time zone 'Pacific/Auckland'")
    try:
        assert await views(world, APRIL) == (1, 1, 11)
    finally:
        await world.execute("reset time zone")


async def test_every_count_of_every_type(world: World) -> None:
    """3 of each type today, 5 yesterday, 7 last month; of what is taken back, 2, 1 and 0."""
    a = await world.item("a")
    b = await world.item("b")
    for days, count, undone in ((0, 3, 2), (1, 5, 1), (20, 7, 0)):
        for item in (a, b):
            for type_ in ("view", "like", "comment", "share", "watch_time"):
                seconds = 30.5 if type_ == "watch_time" else None
                await world.happened(
                    item, type_, count + item, ago=timedelta(days=days), seconds=seconds
                )
        for type_ in ("unlike", "uncomment"):
            if undone:
                await world.happened(a, type_, undone, ago=timedelta(days=days))

    await assert_stats(world, AS_OF)
    await world.execute("call api.refresh_aggregates(%s, true)", AS_OF)
    await assert_stats(world, AS_OF)
    ((*_, likes_today, likes_month, likes_total),) = await world.rows(
        "select likes_today, likes_month, likes_total from api.item_stats('video', 'a', %s)",
        [AS_OF],
    )
    # 4 - 2; 4 - 2 + 6 - 1; and 8 more.
    assert (likes_today, likes_month, likes_total) == (2, 7, 15)
