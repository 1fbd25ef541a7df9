"""api.stats_of_items: every window of items, whatever was scored or refreshed, in any zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.profiles import examples
from tests.sql.comparing import assert_stats, assert_zone_stats
from tests.sql.oracle import Event
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
    ((content_id, content_type, *numbers, as_of, zone),) = await world.rows(
        "select * from api.item_stats('video', 'a', %s)", [AS_OF]
    )
    assert (content_id, content_type, as_of, zone) == ("a", "video", AS_OF, "UTC")
    assert numbers == [0] * 18


@pytest.mark.parametrize("is_scored", [False, True], ids=["in the feed", "scored"])
async def test_the_day_and_the_month_begin_at_midnight(world: World, is_scored: bool) -> None:
    """1 view in February, 10 in the last second of March, 100 in the first of April, 1000 later.
    Read as of the last second of March, the first of April, and the 2nd of April."""
    a = await world.item("a")
    for at, count in (
        (datetime(2026, 2, 28, 23, 59, 59, tzinfo=UTC), 1),
        (APRIL - SECOND, 10),
    ):
        await world.happened(a, "view", count, ago=AS_OF - at)
    if is_scored:
        await world.run(APRIL - SECOND)
    assert await views(world, APRIL - SECOND) == (10, 10, 11)

    for at, count in ((APRIL, 100), (APRIL + timedelta(hours=12), 1000)):
        await world.happened(a, "view", count, ago=AS_OF - at)
    assert await views(world, APRIL + timedelta(hours=12)) == (1100, 1100, 1111)
    if is_scored:
        await world.run(APRIL + timedelta(hours=12))

    assert await views(world, APRIL + timedelta(hours=12)) == (1100, 1100, 1111)
    assert await views(world, APRIL + timedelta(days=1)) == (0, 1100, 1111)
    assert await views(world, datetime(2026, 5, 1, tzinfo=UTC)) == (0, 0, 1111)


async def test_an_event_of_tomorrow_counts_once(world: World) -> None:
    """It came half an hour before midnight, and says that it happens half an hour after it."""
    a = await world.item("a")
    came = APRIL - timedelta(minutes=30)
    ahead = Event(item=a, type="view", occurred_at=APRIL + timedelta(minutes=30), received_at=came)
    await world.insert([ahead])
    for at, expected in ((came, (1, 1, 1)), (APRIL + timedelta(hours=1), (0, 0, 1))):
        assert await views(world, at) == expected
        await world.run(at)
        assert await views(world, at) == expected


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[str, datetime, list[Event]]]:
    as_of, found = APRIL - timedelta(minutes=3), []
    for _ in range(draw(st.integers(2, 6))):
        as_of += timedelta(seconds=draw(st.sampled_from([1, 119, 120, 3_600, 86_400])))
        events = []
        for _ in range(draw(st.integers(0, 4))):
            age = draw(st.sampled_from([0, 30, 90, 3_600, 86_400, 3 * 86_400, 33 * 86_400]))
            ahead = draw(st.sampled_from([0, 0, 1_800]))
            events.append(
                Event(
                    id=draw(st.uuids(version=4)),
                    item=draw(st.integers(1, 2)),
                    type=draw(st.sampled_from(("view", "like", "unlike", "watch_time"))),
                    occurred_at=as_of + timedelta(seconds=ahead - (0 if ahead else age)),
                    received_at=as_of,
                    count=draw(st.integers(1, 4)),
                    seconds=0.5,
                )
            )
        found.append((draw(st.sampled_from(["", "run", "refresh"])), as_of, events))
    return found


ZONES = ("UTC", "Asia/Kolkata", "America/Havana", "Pacific/Chatham", "Pacific/Pago_Pago")


@examples(6)
@given(history=histories(), zone=st.sampled_from(ZONES[:3]), other=st.sampled_from(ZONES))
async def test_stats_equal_a_recount_as_soon_as_an_event_is_committed(
    world: World, history: list[tuple[str, datetime, list[Event]]], zone: str, other: str
) -> None:
    """Of events of any age, at any time of the day, before and after any job has run."""
    await world.only("top_viewed")
    await world.forget()
    await world.execute("update core.calendar set zone = %s", zone)
    for name in "ab":
        await world.item(name)
    for then, as_of, events in history:
        await world.insert(events)
        await assert_stats(world, as_of, zone)
        await assert_zone_stats(world, as_of, other)
        if then == "run":
            await world.run(as_of)
        elif then == "refresh":
            await world.execute("call api.refresh_aggregates(%s, true)", as_of)
        await assert_stats(world, as_of, zone)
        await assert_zone_stats(world, as_of, other)


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
    await world.run()
    await assert_stats(world, AS_OF)
    ((*_, likes_today, likes_month, likes_total),) = await world.rows(
        "select likes_today, likes_month, likes_total from api.item_stats('video', 'a', %s)",
        [AS_OF],
    )
    # 4 - 2; 4 - 2 + 6 - 1; and 8 more.
    assert (likes_today, likes_month, likes_total) == (2, 7, 15)


async def test_stats_of_an_item_read_no_more_of_a_backlog_than_its_own(world: World) -> None:
    """A history of other items waits to be scored: it is not gone through for this one.

    Not even where the planner last saw the queue while one item's events were all that waited.
    """
    a = await world.item("a")
    await world.happened(a, "view", 3, ago=SECOND)
    waiting = (
        "insert into core.score_feed (item_id, occurred_at, event_type, count) "
        "select 1000000 + n * %s, %s - n * interval '1 second', 'view', 1 "
        "from generate_series(1, %s) as n"
    )
    read = (
        "select coalesce(pg_stat_get_xact_tuples_returned('core.score_feed'::regclass), 0) "
        "+ coalesce(pg_stat_get_xact_tuples_fetched('core.score_feed'::regclass), 0)"
    )
    async with world.connection.transaction(force_rollback=True):
        await world.execute(waiting, 0, AS_OF, 50)
        await world.execute("analyze core.score_feed")
        await world.execute(waiting, 1, AS_OF, 20000)
        before = await world.value(read)
        assert (await views(world, AS_OF))[2] == 3
        assert await world.value(read) - before < 100
