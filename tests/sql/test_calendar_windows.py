"""today, week and month: windows that follow the calendar of one zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.profiles import examples
from tests.sql import oracle
from tests.sql.comparing import assert_recounted, assert_stats
from tests.sql.oracle import Event
from tests.sql.test_oracle import populate
from tests.sql.world import AS_OF, World

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MIDNIGHT = datetime(2026, 3, 16, tzinfo=UTC)
"""The night after AS_OF, from a Sunday to a Monday."""
ZONES = (
    "UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe",
    # Clocks change at midnight: a day that begins at 01:00, one that begins twice.
    "Asia/Beirut", "Atlantic/Azores", "America/Havana",
)  # fmt: skip


async def start(undone: World, window: str, at: datetime, zone: str, later: int = 0) -> datetime:
    moment: datetime = await undone.value(
        "select api.calendar_start(%s, %s, %s, %s)", window, at, zone, later
    )
    return moment.astimezone(UTC)


@pytest.mark.parametrize(
    ("window", "zone", "at", "expected"),
    [
        ("today", "UTC", "2026-03-15T12:00Z", "2026-03-15T00:00Z"),
        ("today", "UTC", "2026-03-15T00:00Z", "2026-03-15T00:00Z"),
        ("week", "UTC", "2026-03-15T12:00Z", "2026-03-09T00:00Z"),
        ("week", "UTC", "2026-03-16T00:00Z", "2026-03-16T00:00Z"),
        ("month", "UTC", "2026-03-15T12:00Z", "2026-03-01T00:00Z"),
        ("today", "Asia/Kolkata", "2026-03-15T18:29Z", "2026-03-14T18:30Z"),
        ("today", "Asia/Kolkata", "2026-03-15T18:30Z", "2026-03-15T18:30Z"),
        # Berlin's month of March begins in winter time and ends in summer time.
        ("month", "Europe/Berlin", "2026-03-31T21:59Z", "2026-02-28T23:00Z"),
        ("month", "Europe/Berlin", "2026-03-31T22:00Z", "2026-03-31T22:00Z"),
        # Beirut's 29 March has no midnight: it begins at 01:00.
        ("today", "Asia/Beirut", "2026-03-29T12:00Z", "2026-03-28T22:00Z"),
        # On the Azores, 25 October has two: it begins with the first.
        ("today", "Atlantic/Azores", "2026-10-25T00:30Z", "2026-10-25T00:00Z"),
        ("today", "Atlantic/Azores", "2026-10-25T01:30Z", "2026-10-25T00:00Z"),
    ],
)
async def test_where_a_window_begins(
    undone: World, window: str, zone: str, at: str, expected: str
) -> None:
    found = await start(undone, window, datetime.fromisoformat(at), zone)
    assert found == datetime.fromisoformat(expected)


async def test_every_quarter_hour_of_a_year_lies_in_the_window_it_should(undone: World) -> None:
    """Of zones whose clocks change at night, at midnight, by half an hour: held to Python's."""
    for zone in ZONES:
        moments = [
            datetime(2026, month, day, tzinfo=UTC) + n * 15 * MINUTE
            for month, day in ((1, 1), (3, 8), (3, 28), (4, 4), (10, 24), (11, 1), (12, 31))
            for n in range(96)
        ]
        rows = await undone.rows(
            """
            select at, "window", api.calendar_start("window", at, %(zone)s),
                api.calendar_start("window", at, %(zone)s, 1)
            from unnest(%(moments)s::timestamptz []) as moment (at)
            cross join unnest('{today,week,month}'::text []) as known ("window")
            """,
            {"zone": zone, "moments": moments[:: 1 if zone in ZONES[5:] else 7]},
        )
        for at, window, begins, ends in rows:
            assert begins == oracle.calendar_start(window, at, ZoneInfo(zone)), (zone, window, at)
            assert begins <= at < ends, (zone, window, at)
            assert ends == oracle.calendar_start(window, ends, ZoneInfo(zone)), (zone, window, at)


async def test_at_midnight_a_list_begins_anew(world: World) -> None:
    """What came a second before belongs to the day that ended, though it is scored after."""
    a, b = [await world.item(name) for name in "ab"]
    await world.ranking("r", formula="top_count", window="today", schedule="30 3 * * *")
    await world.happened(a, "view", 5)
    await world.run(MIDNIGHT - MINUTE)
    assert await world.scores("r") == {a: 5}

    def event(item: int, at: datetime, received_at: datetime, count: int) -> Event:
        return Event(item=item, type="view", occurred_at=at, received_at=received_at, count=count)

    second = timedelta(seconds=1)
    await world.insert(
        [
            event(a, MIDNIGHT - second, MIDNIGHT - second, 100),
            event(b, MIDNIGHT, MIDNIGHT + second, 2),
            event(b, MIDNIGHT - 2 * second, MIDNIGHT + second, 1_000),  # late
            event(a, MIDNIGHT + HOUR, MIDNIGHT + second, 3),  # a clock that runs ahead
            event(a, MIDNIGHT + HOUR, MIDNIGHT - second, 10_000),  # and counted yesterday
        ]
    )
    await world.run(MIDNIGHT + MINUTE)

    assert await world.scores("r") == {a: 3, b: 2}
    await world.insert([event(a, MIDNIGHT - DAY, MIDNIGHT + MINUTE, 50)])
    await world.run(MIDNIGHT + 2 * MINUTE, forced=True)
    assert await world.scores("r") == {a: 3, b: 2}


async def test_a_new_zone_recounts_windows_and_lists_at_the_next_run(world: World) -> None:
    """AS_OF is 15 March 17:30 in Kolkata, where the day began at 18:30 UTC of the 14th."""
    item = await world.item("a")
    await world.ranking("r", formula="top_count", window="today", schedule="30 3 * * *")
    await world.happened(item, "view", 1, ago=13 * HOUR)
    await world.happened(item, "view", 2)
    await world.run()
    assert await world.scores("r") == {item: 2}

    await world.execute("update core.calendar set zone = 'Asia/Kolkata'")
    await world.run(AS_OF + MINUTE)
    assert await world.scores("r") == {item: 3}

    await world.execute("update core.calendar set zone = 'UTC'")
    await world.run(AS_OF + 2 * MINUTE)
    assert await world.scores("r") == {item: 2}


async def test_a_window_is_there_before_anybody_ranks_by_it(world: World) -> None:
    """Stats count by it."""
    item = await world.item("a")
    await world.only("top_viewed")
    await world.happened(item, "view", 3, ago=HOUR)
    await world.run()
    assert (await world.windows())["month"][item].views == 3

    await world.ranking("r", formula="top_count", window="month")
    await world.run(AS_OF + MINUTE)
    assert await world.scores("r") == {item: 3}


async def test_a_ranking_that_fails_at_midnight_keeps_its_list_and_is_tried_again(
    world: World,
) -> None:
    item = await world.item("a")
    await world.ranking("r", formula="top_count", window="today", schedule="30 3 * * *")
    await world.happened(item, "view", 5)
    await world.run(MIDNIGHT - MINUTE)
    await world.execute(
        "alter table core.ranking_snapshot add constraint breaks check (cardinality(entries) > 0)"
        " not valid"
    )
    try:
        fault = await world.run_with_faults(MIDNIGHT + MINUTE)
    finally:
        await world.execute("alter table core.ranking_snapshot drop constraint breaks")
    assert fault is not None
    assert "breaks" in fault
    noted = "select error ~ 'breaks' and took > '0' from core.ranking_state"
    assert await world.value(noted) is True
    assert await world.scores("r") == {item: 5}

    await world.run(MIDNIGHT + 2 * MINUTE)

    assert await world.scores("r") == {}
    noted = "select error is null and took > '0' and entry_count = 0 from core.ranking_state"
    assert await world.value(noted) is True


@pytest.mark.parametrize("zone", ["Middle/Earth", "right/UTC", "posix/UTC", "localtime", "Factory"])
async def test_nonsense_is_no_zone(undone: World, zone: str) -> None:
    """Nor what PostgreSQL takes for one, and counts leap seconds, or is the machine's own."""
    with pytest.raises(psycopg.errors.CheckViolation, match=f"'{zone}' is no IANA time zone"):
        await undone.execute("update core.calendar set zone = %s", zone)


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[datetime, list[Event]]]:
    """Runs across the turns of day, week and month, with events around each of them."""
    as_of = datetime(2026, 3, 29, 23, 58, tzinfo=UTC)
    found = []
    for _ in range(draw(st.integers(2, 4))):
        as_of += timedelta(seconds=draw(st.sampled_from([60, 120, 180, 86_400, 2 * 86_400])))
        events = []
        for _ in range(draw(st.integers(0, 6))):
            age = draw(st.sampled_from([0, 1, 60, 119, 120, 121, 3_600, 86_400, 172_800]))
            ahead = draw(st.sampled_from([0, 0, 3_600]))
            received_at = as_of if not ahead else as_of - timedelta(seconds=age)
            events.append(
                Event(
                    id=draw(st.uuids(version=4)),
                    item=draw(st.integers(1, 5)),
                    type=draw(st.sampled_from(("view", "like", "unlike", "comment"))),
                    occurred_at=as_of - timedelta(seconds=age - ahead),
                    received_at=received_at,
                    count=draw(st.integers(1, 4)),
                )
            )
        found.append((as_of, events))
    return found


@examples(8)
@given(history=histories())
async def test_all_equals_a_recount_across_midnights(
    world: World, history: list[tuple[datetime, list[Event]]]
) -> None:
    await world.only("top_viewed_today", "top_liked_week", "top_creators_month", "top_viewed")
    await world.forget()
    await populate(world)

    for as_of, events in history:
        await world.insert(events)
        await assert_stats(world, as_of)
        await world.run(as_of, forced=True)
        await assert_recounted(world, as_of)
    await world.execute("call api.reconcile(%s)", history[-1][0])
    assert await world.rows(
        "select row_count, error from core.job_run where job = 'reconcile'"
    ) == [(0, None)]
