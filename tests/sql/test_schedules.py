"""When a cron schedule in a time zone is due: crontab(5) by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from tests.sql.world import AS_OF, World

MINUTE = timedelta(minutes=1)
SUNDAY = AS_OF
MONDAY = AS_OF + timedelta(days=1)
TUESDAY = AS_OF + timedelta(days=2)
"""15, 16 and 17 March 2026, at noon UTC."""


async def is_due(
    undone: World, schedule: str, at: datetime, *, since: datetime | None = None, zone: str = "UTC"
) -> bool:
    """Whether the schedule came up in the minute up to `at`, or since a moment."""
    return bool(
        await undone.value(
            "select api.ranking_due(%s, %s, %s, %s)", schedule, zone, since or at - MINUTE, at
        )
    )


@pytest.mark.parametrize(
    ("schedule", "at", "due"),
    [
        ("* * * * *", AS_OF, True),
        ("0 * * * *", AS_OF, True),
        ("1 * * * *", AS_OF, False),
        ("0 12 * * *", AS_OF, True),
        ("0 13 * * *", AS_OF, False),
        # Lists and ranges.
        ("5,10,20-22 * * * *", AS_OF + 10 * MINUTE, True),
        ("5,10,20-22 * * * *", AS_OF + 21 * MINUTE, True),
        ("5,10,20-22 * * * *", AS_OF + 11 * MINUTE, False),
        ("5,10,20-22 * * * *", AS_OF + 23 * MINUTE, False),
        # Steps of all, of a range, and from a number on.
        ("*/15 * * * *", AS_OF + 45 * MINUTE, True),
        ("*/15 * * * *", AS_OF + 46 * MINUTE, False),
        ("10-30/10 * * * *", AS_OF + 30 * MINUTE, True),
        ("10-30/10 * * * *", AS_OF + 40 * MINUTE, False),
        ("10-30/10 * * * *", AS_OF, False),
        ("5/10 * * * *", AS_OF + 55 * MINUTE, True),
        ("5/10 * * * *", AS_OF + 10 * MINUTE, False),
        ("0 */5 * * *", AS_OF, False),
        ("0 */6 * * *", AS_OF, True),
        # Days of the month count from 1: */2 is 1, 3, ..., 15.
        ("0 12 */2 * *", SUNDAY, True),
        ("0 12 */2 * *", MONDAY, False),
        ("0 12 15 3 *", SUNDAY, True),
        ("0 12 15 4 *", SUNDAY, False),
        ("0 12 15 */3 *", SUNDAY, False),
        ("0 12 15 */2 *", SUNDAY, True),
        # Sunday is 0 and 7.
        ("0 12 * * 0", SUNDAY, True),
        ("0 12 * * 7", SUNDAY, True),
        ("0 12 * * 5-7", SUNDAY, True),
        ("0 12 * * 1-5", SUNDAY, False),
        ("0 12 * * 1-5", MONDAY, True),
        ("0 12 * * 0", MONDAY, False),
        # Day of month and day of week both given: either will do.
        ("0 12 15 * 1", SUNDAY, True),
        ("0 12 15 * 1", MONDAY, True),
        ("0 12 15 * 1", TUESDAY, False),
        # One of them begins with *: both must fit, as in every cron.
        ("0 12 */2 * 1", MONDAY, False),
        ("0 12 */2 * 0", SUNDAY, True),
        ("0 12 16 * */2", MONDAY, False),
        ("  0   12 * * *  ", AS_OF, True),
    ],
)
async def test_a_minute_fits_a_schedule(
    undone: World, schedule: str, at: datetime, due: bool
) -> None:
    assert await is_due(undone, schedule, at) is due


@pytest.mark.parametrize(
    ("zone", "schedule"),
    [
        ("Europe/Berlin", "0 13 * * *"),
        ("America/New_York", "0 8 * * *"),
        ("Asia/Kolkata", "30 17 * * *"),
        # It is 01:00 of Monday the 16th there already.
        ("Pacific/Auckland", "0 1 16 * 1"),
    ],
)
async def test_schedules_are_in_local_time(undone: World, zone: str, schedule: str) -> None:
    """12:00 UTC on 15 March 2026: still winter in Berlin, already summer in New York."""
    assert await is_due(undone, schedule, AS_OF, zone=zone)
    assert not await is_due(undone, schedule, AS_OF)


async def test_due_since_the_last_time_and_not_again(undone: World) -> None:
    second = timedelta(seconds=1)
    daily = "0 12 * * *"
    assert await is_due(undone, daily, AS_OF + 30 * second, since=AS_OF - 20 * second)
    assert not await is_due(undone, daily, AS_OF + 30 * second, since=AS_OF)
    assert not await is_due(undone, daily, AS_OF - second, since=AS_OF - timedelta(hours=23))


async def test_a_missed_time_is_made_up_for_within_a_week(undone: World) -> None:
    """The scheduler was down: the 12th of March is due on the 15th, and on the 20th no more."""
    since = datetime(2026, 3, 11, tzinfo=UTC)
    assert await is_due(undone, "0 12 12 * *", AS_OF, since=since)
    assert not await is_due(undone, "0 12 12 * *", AS_OF + timedelta(days=5), since=since)


async def test_what_never_ran_is_due(undone: World) -> None:
    assert await undone.value("select api.ranking_due('0 0 1 1 *', 'UTC', '-infinity', %s)", AS_OF)


@pytest.mark.parametrize("schedule", ["0 2 * * *", "30 2 * * *", "0 3 * * *", "15 1 * * *"])
@pytest.mark.parametrize(
    "day", [datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC)], ids=str
)
async def test_clock_changes_make_a_daily_job_run_once_a_day(
    undone: World, schedule: str, day: datetime
) -> None:
    """Berlin skips 02:00-03:00 on 29 March and repeats it on 25 October. Looked at every half
    hour over the day before, that day and the day after: three times, never twice in 22 hours."""
    rows = await undone.rows(
        """
        select at
        from generate_series(
            %(day)s - interval '25 hours', %(day)s + interval '46 hours', '30 minutes'
        ) as at
        where api.ranking_due(%(schedule)s, 'Europe/Berlin', at - interval '30 minutes', at)
        order by at
        """,
        {"day": day, "schedule": schedule},
    )
    times = [at for (at,) in rows]
    assert len(times) == 3
    for before, after in pairwise(times):
        assert timedelta(hours=22) <= after - before <= timedelta(hours=26)


async def test_a_skipped_time_is_due_right_after_the_change(undone: World) -> None:
    """02:00 does not exist on 29 March in Berlin: its job runs at 03:00, which is 01:00 UTC."""
    change = datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
    assert await is_due(undone, "0 2 * * *", change, zone="Europe/Berlin")
    assert not await is_due(undone, "0 2 * * *", change - MINUTE, zone="Europe/Berlin")


CLOCK_CHANGES = [
    # 02:00 is skipped, and repeated.
    ("Europe/Berlin", "2026-03-29"),
    ("Europe/Berlin", "2026-10-25"),
    # 02:00 is skipped; the hour before it is repeated.
    ("America/New_York", "2026-03-08"),
    ("America/New_York", "2026-11-01"),
    # Half an hour: 02:00 becomes 02:30, and back to 01:30.
    ("Australia/Lord_Howe", "2026-10-04"),
    ("Australia/Lord_Howe", "2026-04-05"),
    # Three o'clock becomes two: 02:00 comes twice.
    ("Pacific/Auckland", "2026-04-05"),
    # Two hours at once, of an Antarctic station.
    ("Antarctica/Troll", "2026-03-29"),
    ("Antarctica/Troll", "2026-10-25"),
    # At midnight.
    ("Africa/Cairo", "2026-04-24"),
]


@pytest.mark.parametrize(("zone", "day"), CLOCK_CHANGES, ids=str)
async def test_two_o_clock_comes_once_a_day_in_every_zone(
    undone: World, zone: str, day: str
) -> None:
    """Looked at every half hour, and, as after outages, every seven hours: each of three local days
    has one run, at two or, where there is no two, right after the change."""
    for step in (timedelta(minutes=30), timedelta(hours=7)):
        rows = await undone.rows(
            """
            select at at time zone %(zone)s
            from generate_series(
                (%(day)s::timestamp - interval '1 day') at time zone %(zone)s,
                (%(day)s::timestamp + interval '2 days') at time zone %(zone)s,
                %(step)s
            ) as at
            where api.ranking_due('0 2 * * *', %(zone)s, at - %(step)s, at)
            order by at
            """,
            {"day": day, "zone": zone, "step": step},
        )
        times = [at for (at,) in rows]
        days = [datetime.fromisoformat(day) + timedelta(days=number) for number in range(-1, 2)]
        if step < timedelta(hours=1):
            assert [at.date() for at in times] == [one.date() for one in days]
            ordinary = [at.time().isoformat() for at in times if at.date() != days[1].date()]
            assert set(ordinary) == {"02:00:00"}
            assert 2 <= times[1].hour <= 4
        else:
            assert len(times) == 3
