"""Unique viewers against sets in plain Python: late, twice, cut off, corrected, dropped."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import pairwise
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg.errors import CheckViolation

from app.imports.queries import note_viewer_hours
from tests.sql.viewing import (
    DAY,
    QUARTER,
    SITE,
    View,
    between,
    distinct,
    histories,
    insert,
    score,
    since,
)
from tests.sql.world import AS_OF, World


@given(history=histories(), ago=st.integers(0, 6 * 24 * 60), last=st.integers(1, 3 * 24 * 60))
async def test_few_viewers_are_those_of_a_set(
    world: World, history: list[list[View]], ago: int, last: int
) -> None:
    """What is scored, what is not yet, what came twice: all the same. Items of each are new."""
    first = 1 + await world.value("select coalesce(max(item_id), 0) from core.event")
    begins = AS_OF - timedelta(minutes=ago)
    edges = [begins, begins + timedelta(minutes=last)]
    items = [SITE, first, first + 1, first + 2]
    for number, batch in enumerate(history):
        await insert(world, [View(first + view.item, view.at, view.viewer) for view in batch])
        if number % 2:
            await score(world)
        seen = [
            View(item, at, viewer & (2**63 - 1))
            for item, at, viewer in await world.rows(
                "select item_id, occurred_at, viewer from core.event"
            )
        ]
        assert await since(world, items, begins) == {
            item: distinct(seen, [item], begins) for item in items
        }
        assert await since(world, items, "-infinity") == {
            item: distinct(seen, [item], AS_OF - 99 * DAY) for item in items
        }
        assert (await between(world, edges, items[1:3])).get((1, None), 0) == distinct(
            seen, items[1:3], *edges
        )
        assert (await between(world, edges)).get((1, None), 0) == distinct(seen, [SITE], *edges)


def crowd(random: Random, *, viewers: int, days: int, items: int = 2) -> list[View]:
    """Make views of days that end at AS_OF, each viewer some."""
    views = []
    for _ in range(viewers):
        viewer = random.getrandbits(63)
        for _ in range(random.choice((1, 1, 2, 3))):
            at = AS_OF - random.random() * days * DAY
            views.append(View(random.randrange(items) + 1, at, viewer))
    return views


async def test_many_viewers_are_estimated_and_few_of_them_exact(world: World) -> None:
    """Over days, in several runs, by any zone's days; below 1,000 exact."""
    views = crowd(Random(7), viewers=9_000, days=4)  # noqa: S311
    views += [
        View(3, AS_OF - n * timedelta(minutes=5), Random(n).getrandbits(63))  # noqa: S311
        for n in range(999)
    ]
    for part in range(4):
        await insert(world, views[part::4])
        await score(world)
    registers = await world.rows(
        "select item_id, bool_or(entry < 0) from core.viewer_day group by item_id order by item_id"
    )
    assert registers == [(0, True), (1, True), (2, True), (3, False)]
    for begins in (AS_OF - timedelta(hours=1), AS_OF - DAY, AS_OF - 10 * DAY):
        for item, viewers in (await since(world, [SITE, 1, 2, 3], begins)).items():
            truth = distinct(views, [item], begins)
            assert viewers == (truth if item == 3 else pytest.approx(truth, rel=0.04))
    for zone in ("Asia/Kathmandu", "America/St_Johns"):
        midnight = AS_OF.astimezone(ZoneInfo(zone)).replace(hour=0, minute=0)
        edges = [midnight - 2 * DAY, midnight - DAY, midnight, midnight + DAY]
        found = await between(world, edges, [1, 3], apart=True)
        for place, pair in enumerate(pairwise(edges), start=1):
            assert found.get((place, 3), 0) == distinct(views, [3], *pair)
            assert found[place, 1] == pytest.approx(distinct(views, [1], *pair), rel=0.04)
    # Adding all of it again changes nothing.
    before = await world.rows("select sum(hashtext(t::text)) from core.viewer_day as t")
    await insert(world, views)
    await score(world)
    assert await world.rows("select sum(hashtext(t::text)) from core.viewer_day as t") == before


async def test_a_run_that_is_rolled_back_has_fed_nothing(world: World) -> None:
    await insert(world, [View(1, AS_OF, viewer) for viewer in range(5)])
    async with world.connection.transaction(force_rollback=True):
        await world.execute("set transaction isolation level repeatable read")
        await world.execute("select * from api.score_events(%s)", AS_OF)
        assert await world.value("select count(*) from core.viewer_day") == 10
    assert await world.value("select count(*) from core.viewer_day") == 0
    assert await since(world, [1], AS_OF) == {1: 5}


async def test_closed_days_answer_what_began_before_them(world: World) -> None:
    """A moving thousand stays exact, whoever came before; retention takes days and no totals."""
    await world.only()
    random = Random(3)  # noqa: S311
    views = [
        View(1, AS_OF - n * DAY - random.random() * timedelta(hours=11), random.getrandbits(63))
        for n in range(45)
        for _ in range(150)
    ]
    await insert(world, views)
    await score(world)
    closed = await world.value("select closed_before from core.viewer_position")
    assert closed == AS_OF.date()
    late = [View(1, AS_OF - 3 * DAY, random.getrandbits(63)) for _ in range(40)]
    await insert(world, late)
    await score(world)
    views += late
    for days in (1, 3, 5):
        assert await since(world, [1], AS_OF - days * DAY) == {
            1: distinct(views, [1], AS_OF - days * DAY)
        }
    truth = distinct(views, [1], AS_OF - 30 * DAY)
    assert (await since(world, [1], AS_OF - 30 * DAY))[1] == pytest.approx(truth, rel=0.04)
    total = await since(world, [1], "-infinity")
    assert total[1] == pytest.approx(distinct(views, [1], AS_OF - 99 * DAY), rel=0.04)
    assert await world.value("select api.drop_viewer_days(%s)", AS_OF) is False
    assert await world.value("select min(day) from core.viewer_day") == (AS_OF - 40 * DAY).date()
    assert await since(world, [1], "-infinity") == total
    with pytest.raises(Exception, match="from: uniqueViewers are kept from 2026-02-03"):
        await between(world, [AS_OF - 42 * DAY, AS_OF])


async def test_a_corrected_day_is_counted_anew(world: World) -> None:
    """Who is taken out of a day's events stays where another day has them."""
    await world.only()
    day: date = (AS_OF - 2 * DAY).date()
    views = [View(1, AS_OF - n * DAY, viewer) for n, viewer in ((2, 1), (2, 2), (3, 2), (1, 3))]
    await insert(world, views)
    await score(world)
    assert await since(world, [1], "-infinity") == {1: 3}
    await world.execute(
        "call api.correct(%s, %s, 'update core.event set counted = false "
        "where occurred_at >= $1 and occurred_at < $2', %s)",
        day, day + DAY, AS_OF,
    )  # fmt: skip
    left = [view for view in views if view.at.date() != day]
    assert await since(world, [1], "-infinity") == {1: 2}
    assert await since(world, [1], AS_OF - 3 * DAY) == {1: distinct(left, [1], AS_OF - 3 * DAY)}
    assert await between(world, [AS_OF - 2 * DAY, AS_OF - DAY - QUARTER]) == {}


async def test_what_cannot_be_read_at_once_is_refused_before_it_is_begun(world: World) -> None:
    """An item that all registers are known of, in every quarter hour of four days."""
    await world.execute(
        """
        insert into core.viewer_day (day, item_id, entry, quarters)
        select %s::date - days, 7, -1 - 64 * register - rank, ~0::bit(96)
        from generate_series(1, 4) as days, generate_series(0, 8191) as register,
            generate_series(1, 7) as rank
        """,
        AS_OF.date(),
    )
    midnight = AS_OF.replace(hour=0, minute=0, second=0, microsecond=0)
    quarters = [midnight - DAY + n * QUARTER for n in range(97)]
    with pytest.raises(CheckViolation, match=r"^to: .* of 96 buckets: end at ([^ ]*)Z or") as told:
        await between(world, quarters, [7])
    # What it says can be had can be had, and is all that can.
    ends = datetime.fromisoformat(str(told.value).split("end at ")[1].split(" ")[0])
    assert ends == midnight - DAY + 87 * QUARTER
    assert len(await between(world, quarters[:3], [7])) == 2
    days = [midnight - n * DAY for n in range(4, -1, -1)]
    assert len(await between(world, days, [7])) == 4
    with pytest.raises(CheckViolation, match=r"^from: .* in one bucket"):
        await world.rows(
            "select * from api.unique_viewers(%s, array_fill(7::bigint, array[100]))", [days[::4]]
        )


async def test_viewers_of_an_item_read_no_more_of_a_backlog_than_its_own(world: World) -> None:
    """Nor once for each moment that is asked about."""
    await insert(world, [View(1, AS_OF, viewer) for viewer in range(50)])
    await insert(world, [View(9, AS_OF - n * timedelta(seconds=1), n) for n in range(5_000)])
    read = (
        "select coalesce(pg_stat_get_xact_tuples_returned('core.score_feed'::regclass), 0) "
        "+ coalesce(pg_stat_get_xact_tuples_fetched('core.score_feed'::regclass), 0)"
    )
    moments = [AS_OF - n * DAY for n in range(8)]
    async with world.connection.transaction():
        before = await world.value(read)
        rows = await world.rows(
            "select viewers from api.viewers_since(%s::bigint[], %s::timestamptz[])",
            [[1] * len(moments), moments],
        )
        assert rows == [(50,)] * len(moments)
        assert await between(world, [AS_OF - DAY, AS_OF + QUARTER], [1]) == {(1, None): 50}
        assert await world.value(read) - before < 300


async def test_a_run_waits_for_an_import_that_notes_an_hour_again(world: World) -> None:
    """It takes the note away: what is not committed then would be noted nowhere."""
    hours = [AS_OF - DAY, AS_OF]
    await note_viewer_hours(world.connection, hours=hours)
    async with world.connection.transaction():
        await note_viewer_hours(world.connection, hours=hours)
        locked = await world.value(
            "select count(*) from core.viewer_recount where xmin = pg_current_xact_id()::xid"
        )
    assert locked == 2


async def test_days_that_cannot_be_closed_stop_no_list(world: World) -> None:
    await world.happened(await world.item("a"))
    await world.execute("insert into core.viewer_recount values (%s)", AS_OF - DAY)
    try:
        await world.execute(
            "create function public.refuse() returns trigger language plpgsql "
            "as 'begin raise exception ''broken''; end'"
        )
        await world.execute(
            "create trigger refuse before delete on core.viewer_recount "
            "for each row execute function public.refuse()"
        )
        assert await world.run_with_faults() == "viewers: broken"
    finally:
        await world.execute("drop function public.refuse() cascade")
    assert await world.value("select count(*) from api.current_ranking") > 0
    await world.run()
    assert await world.value("select count(*) from core.viewer_recount") == 0


async def test_an_import_is_added_hour_by_hour(world: World) -> None:
    """A day at once would hold up the lists for as long as it takes."""
    views = [View(1, AS_OF - DAY - n * timedelta(hours=1), n % 3) for n in range(5)]
    await insert(world, views)
    await world.execute("truncate core.score_feed")
    hours = sorted({view.at.replace(minute=0) for view in views})
    await note_viewer_hours(world.connection, hours=hours)
    await world.execute("select api.close_viewers(%s)", AS_OF)
    assert await since(world, [1], "-infinity") == {1: 1}
    await score(world)
    assert await since(world, [1, SITE], "-infinity") == {1: 3, SITE: 3}


async def test_no_function_is_called_for_each_viewer(world: World) -> None:
    """The planner writes into the query what makes a register of one: calls cost 20 times more."""
    plan = await world.rows(
        "explain (verbose) select api.viewer_entry(n) from generate_series(1::bigint, 3) as n"
    )
    assert not [line for (line,) in plan if "viewer_entry" in line]


async def test_who_likes_and_does_not_look_is_no_viewer(world: World) -> None:
    """Also while it waits to be scored: the feed says of all kinds of events who did them."""
    item = await world.item("a")
    await world.happened(item, viewer=1)
    await world.happened(item, "like", viewer=2)
    await world.happened(item, "watch_time", seconds=9, viewer=3)
    edges = [AS_OF - QUARTER, AS_OF + QUARTER]
    for _ in range(2):
        assert await since(world, [item, SITE], AS_OF - DAY) == {item: 1, SITE: 1}
        assert set((await between(world, edges)).values()) == {1}
        assert set((await between(world, edges, [item])).values()) == {1}
        await score(world)
