"""Unique viewers against sets in plain Python: late, twice, cut off, corrected, dropped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg.errors import CheckViolation

from app.imports.queries import note_viewer_hours
from tests.sql.world import AS_OF, World

QUARTER = timedelta(minutes=15)
DAY = timedelta(days=1)
SITE = 0

INSERT = """
with given as (
    select * from unnest(%s::bigint[], %s::timestamptz[], %s::bigint[]) as each (item, at, viewer)
), stored as (
    insert into core.event (event_id, occurred_at, received_at, item_id, event_type, viewer)
    select gen_random_uuid(), at, at, item, 'view', viewer from given
)
insert into core.score_feed (item_id, occurred_at, event_type, count, viewer)
select item, at, 'view', 1, viewer from given
"""


@dataclass(frozen=True)
class View:
    """A view of an item by somebody."""

    item: int
    at: datetime
    viewer: int


def floor(at: datetime) -> datetime:
    """Return where the quarter hour begins."""
    return at - timedelta(seconds=at.timestamp() % 900)


def distinct(
    views: Iterable[View], items: Iterable[int], since: datetime, until: datetime | None = None
) -> int:
    """Count viewers by quarter hours, as the database promises to; item 0 is all of them."""
    wanted = set(items)
    ends = None if until is None else floor(until + QUARTER - timedelta(microseconds=1))
    return len(
        {
            view.viewer
            for view in views
            if (SITE in wanted or view.item in wanted)
            and floor(view.at) >= floor(since)
            and (ends is None or view.at < ends)
        }
    )


async def insert(world: World, views: Sequence[View]) -> None:
    """Insert views as the writer does."""
    columns = [[getattr(view, name) for view in views] for name in ("item", "at", "viewer")]
    await world.execute(INSERT, *columns)


async def since(world: World, items: list[int], moment: datetime | str) -> dict[int, int]:
    """Ask for unique viewers of items since a moment."""
    rows = await world.rows(
        "select item_id, viewers from api.viewers_since(%s::bigint[], %s::timestamptz[])",
        [items, [moment] * len(items)],
    )
    return dict.fromkeys(items, 0) | dict(rows)


async def between(
    world: World, edges: list[datetime], items: list[int] | None = None, *, apart: bool = False
) -> dict[tuple[int, int | None], int]:
    """Ask for unique viewers of each bucket."""
    rows = await world.rows(
        "select place, item_id, viewers from api.unique_viewers(%s::timestamptz[], %s, %s)",
        [edges, items, apart],
    )
    return {(place, item): viewers for place, item, viewers in rows}


@st.composite
def histories(draw: st.DrawFn) -> list[list[View]]:
    """Batches of views, each scored before the next: late ones, many viewers, few items."""
    minutes = st.integers(0, 5 * 24 * 60) | st.sampled_from([0, 14, 15, 719, 720, 721, 2160])
    view = st.builds(
        lambda item, ago, viewer: View(item, AS_OF - timedelta(minutes=ago), viewer),
        st.integers(0, 2), minutes, st.sampled_from([1, 2, -(2**63), 2**63 - 1, 32, 64, -5]),
    )  # fmt: skip
    return draw(st.lists(st.lists(view, min_size=1, max_size=12), min_size=1, max_size=3))


async def score(world: World, as_of: datetime = AS_OF) -> None:
    """Do with the feed, and with days that are over, what a run does."""
    async with world.connection.transaction():
        await world.execute("set transaction isolation level repeatable read")
        await world.execute("select api.score_events(%s)", as_of)
    while await world.value("select api.close_viewers(%s)", as_of):
        pass


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


async def test_whoever_is_forgotten_is_so_in_what_waits_to_be_scored(world: World) -> None:
    """A user that asks to be erased has often just viewed something: the feed has it yet."""
    await insert(world, [View(1, AS_OF - DAY, viewer) for viewer in (-5, 7)])
    await score(world)
    await insert(world, [View(1, AS_OF, viewer) for viewer in (-5, 7)])
    for salt, purges in ((3, False), (0, True)):
        gone = 7 if purges else -5
        await world.execute("select api.forget_viewers(%s, %s, %s)", [gone], salt, purges)
        await forget_sets(world, gone, salt, purges=purges)
    await score(world)
    assert await since(world, [1, SITE], "-infinity") == {1: 1, SITE: 1}
    assert await since(world, [1], AS_OF) == {1: 1}
    left = await world.rows(
        "select entry from core.viewer_day union select entry from core.viewer_item"
    )
    assert not {-5 & (2**63 - 1), 7} & {entry for (entry,) in left}


async def forget_sets(world: World, gone: int, salt: int, *, purges: bool, at_most: int = 1) -> int:
    """Look through the sets, so many rows at a time; return how often."""
    place, stretches = ("-infinity", -1, 0), 0
    while place:
        rows = await world.rows(
            """
            select next_day::text, next_item, next_entry
            from api.forget_viewer_sets(%s, %s, %s, %s, %s, %s, %s)
            """,
            [[gone], salt, purges, *place, at_most],
        )
        place, stretches = (rows[0] if rows else ()), stretches + 1
    return stretches


@given(
    history=histories(),
    gone=st.sampled_from([1, 2, -(2**63), 2**63 - 1, 32, 64, -5]),
    purges=st.booleans(),
    at_most=st.integers(1, 9),
)
async def test_whoever_is_forgotten_is_so_in_all_sets_stretch_by_stretch(
    world: World, history: list[list[View]], gone: int, purges: bool, at_most: int
) -> None:
    """Of any item and day, closed or not; all counts stay but where they are purged."""
    await world.execute("truncate core.viewer_day, core.viewer_item, core.viewer_position")
    for batch in history:
        await insert(world, [replace(view, item=view.item + 1) for view in batch])
        await score(world)
    stored = "select count(*) from core.viewer_day"
    mask = 2**63 - 1
    before = await world.value(stored)
    mine = await world.value(stored + " where entry = %s", gone & mask)
    all_time = await since(world, [1, 2, 3, SITE], "-infinity")

    rows = before + await world.value("select count(*) from core.viewer_item")
    stretches = await forget_sets(world, gone, 77, purges=purges, at_most=at_most)

    # What is renamed may be met again, further on.
    assert stretches <= 2 * rows // at_most + 2
    for table in ("viewer_day", "viewer_item"):
        left = f"select count(*) from core.{table} where entry = %s"  # noqa: S608  # no outside text
        assert await world.value(left, gone & mask) == 0
    assert await world.value(stored) == before - (mine if purges else 0)
    if not purges:
        assert await since(world, [1, 2, 3, SITE], "-infinity") == all_time


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
