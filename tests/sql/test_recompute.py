"""Rebuilding a day or a month from raw events, where they are still there, and the audit trail."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta

import psycopg
import pytest

from tests.sql.comparing import assert_recounted
from tests.sql.oracle import Event
from tests.sql.test_aggregates import LEVELS, assert_levels, buckets, refresh
from tests.sql.world import AS_OF, World, events

DAY = timedelta(days=1)
Ask = Callable[..., Awaitable[int]]


@pytest.fixture
async def ask(world: World) -> Ask:
    """Ask for a day or a month, with the rights of the API."""

    async def request(
        period: str, day: date | None = None, zone: str = "UTC", as_of: datetime = AS_OF
    ) -> int:
        await world.execute("set role groundswell_service")
        try:
            return int(
                await world.value(
                    "select (api.request_recompute(%s, %s, %s, 'a test', %s)).recompute_id",
                    period, day, zone, as_of,
                )
            )  # fmt: skip
        finally:
            await world.execute("reset role")

    return request


async def lived(world: World) -> None:
    """Four items on the days 0, 1, 2, 20 and 33 before, aggregated as they came."""
    items = [await world.item(name, content_type="movie") for name in "abcd"]
    happened: list[Event] = []
    for days in (33, 20, 2, 1, 0):
        for place, item in enumerate(items[: 4 if days == 1 else 2]):
            at = AS_OF - days * DAY - timedelta(hours=place)
            happened += events(item, at, view=7, like=3, unlike=1, share=place + 1)
    await world.insert(happened)
    await refresh(world)
    await world.run()
    await assert_levels(world)


async def damage(world: World) -> None:
    """Take rows out of every level, put others in, and spoil the windows."""
    for level in LEVELS:
        table = await world.value(
            """
            select format('%%I.%%I', materialization_hypertable_schema,
                materialization_hypertable_name)
            from timescaledb_information.continuous_aggregates
            where view_schema = 'agg' and view_name = %s
            """,
            level,
        )
        await world.execute(f"delete from {table} where item_id in (1, 3)")  # noqa: S608
        await world.execute(f"update {table} set views = views + 5 where item_id = 2")  # noqa: S608
    await world.execute("update core.item_window set views = views + 1 where item_id = 2")
    await world.execute("delete from core.item_window where item_id = 4")


async def done(world: World, number: int) -> tuple[int, int, str | None]:
    rows = await world.rows(
        "select items_touched, items_mended, error from core.recompute "
        "where recompute_id = %s and finished_at is not null",
        [number],
    )
    return rows[0]


async def test_a_damaged_month_equals_the_events_again(world: World, ask: Ask) -> None:
    """Every level and every window; what lies outside the month stays as damaged as it was."""
    await lived(world)
    await damage(world)
    with pytest.raises(AssertionError):
        await assert_levels(world)

    number = await ask("monthly", date(2026, 3, 9))
    await refresh(world)

    assert await done(world, number) == (4, 3, None)
    before = datetime(2026, 3, 1, tzinfo=UTC)
    for level in LEVELS:
        found = await buckets(world, level)
        assert {item for at, item in found if at >= before} == {1, 2, 3, 4}
        assert {item for at, item in found if at < before} == {2}, "February was not asked for"
    assert await world.rows("select since, until from core.recompute") == [
        (before, datetime(2026, 4, 1, tzinfo=UTC))
    ]

    for day in (date(2026, 2, 10), date(2026, 2, 23)):
        await ask("daily", day)
        await refresh(world)
    await assert_levels(world)
    # The windows are those of all events.
    await world.run(forced=True)
    await assert_recounted(world, AS_OF)


async def test_the_job_leaves_after_a_while_and_goes_on_where_it_was(
    world: World, ask: Ask
) -> None:
    """Without any time to work, each run does the first step and no day; then one more each."""
    await lived(world)
    await damage(world)
    number = await ask("monthly", date(2026, 3, 9))
    come = "select rebuilt_until, attempts, finished_at from core.recompute"
    for _ in range(4):
        await world.execute("call api.recompute_stats(%s, '0 seconds')", AS_OF)
        assert await world.rows(come) == [(None, 0, None)]
    await world.execute(
        "update core.recompute set rebuilt_until = %s", datetime(2026, 3, 13, tzinfo=UTC)
    )
    await refresh(world)
    assert await done(world, number) == (4, 3, None)
    days = {at.date() for at, item in await buckets(world, "engagement_1d") if item == 1}
    assert days == {date(2026, 3, 13), date(2026, 3, 14), date(2026, 3, 15)}


async def test_a_day_of_another_zone_is_rebuilt_whole(world: World, ask: Ask) -> None:
    """The 14th of March in Auckland, from 11:00 on the 13th to 11:00 on the 14th in UTC."""
    await lived(world)
    await damage(world)
    number = await ask("daily", date(2026, 3, 14), "Pacific/Auckland")
    assert await world.rows("select since, until from core.recompute") == [
        (datetime(2026, 3, 13, 11, tzinfo=UTC), datetime(2026, 3, 14, 11, tzinfo=UTC))
    ]
    await refresh(world)
    assert (await done(world, number))[2] is None
    for level in LEVELS:
        days = {at.date() for at, item in await buckets(world, level) if item == 1}
        # Today's part that was never materialised is read from the events anyway.
        assert {date(2026, 3, 13), date(2026, 3, 14)} <= days
        assert date(2026, 2, 23) not in days


async def test_where_all_is_well_nothing_is_mended(world: World, ask: Ask) -> None:
    """Nor where an event came in late and was not yet aggregated: that is not damage."""
    await lived(world)
    await world.happened(2, "view", 100, ago=DAY)
    await world.run()
    number = await ask("monthly")
    await refresh(world, forced=False)
    assert await done(world, number) == (4, 0, None)
    await assert_levels(world)


async def test_columnar_days_are_rebuilt_too(world: World, ask: Ask) -> None:
    await lived(world)
    await world.execute("call api.maintain_storage(%s)", AS_OF)
    assert (
        await world.value("select error from core.job_run where job = 'maintain_storage'") is None
    )
    await damage(world)
    for period, day in (
        ("monthly", date(2026, 3, 1)), ("daily", date(2026, 2, 10)), ("daily", date(2026, 2, 23)),
    ):  # fmt: skip
        number = await ask(period, day)
        await refresh(world)
        assert (await done(world, number))[2] is None
    await assert_levels(world)


async def test_where_raw_events_are_gone_it_is_refused_and_nothing_lost(
    world: World, ask: Ask
) -> None:
    """The day 40 days ago was dropped; keeping raw events for longer from now on changes nothing,
    and neither does an event that comes in for that day."""
    a = await world.item("a")
    await world.happened(a, "view", 9, ago=40 * DAY)
    await refresh(world, AS_OF - 39 * DAY)
    await world.happened(a, "view", 2)
    await world.run()
    await world.execute("call api.maintain_storage(%s)", AS_OF)
    assert await world.value("select count(*) from core.event") == 1
    await world.execute(
        "update core.storage_policy set keep_for = '90 days' where level in "
        "('event', 'engagement_1m')"
    )
    await world.happened(a, "view", 1, ago=40 * DAY)

    gone = (AS_OF - 40 * DAY).date()
    for period in ("daily", "monthly"):
        with pytest.raises(psycopg.errors.CheckViolation, match="raw events before 2026-02-04"):
            await ask(period, gone)
    await refresh(world)

    assert await world.value("select count(*) from core.recompute") == 0
    assert (
        await world.value(
            "select sum(views) from agg.engagement_1d where bucket < %s", AS_OF - 30 * DAY
        )
        == 9
    )
    await world.execute("call api.reconcile(%s)", AS_OF)
    await world.run()
    assert await world.value("select views from core.item_window where \"window\" = 'all'") == 9 + 2


async def test_a_day_whose_raw_events_somebody_dropped_is_refused(world: World, ask: Ask) -> None:
    await lived(world)
    await world.execute(
        "select drop_chunks('core.event', older_than => %s::timestamptz)", AS_OF - 15 * DAY
    )
    with pytest.raises(psycopg.errors.CheckViolation, match="before 2026-02-24"):
        await ask("daily", (AS_OF - 20 * DAY).date())
    number = await ask("daily", (AS_OF - 2 * DAY).date())
    await refresh(world)
    assert (await done(world, number))[2] is None


async def test_what_is_gone_by_the_time_of_the_job_is_not_touched(world: World, ask: Ask) -> None:
    await lived(world)
    before = {level: await buckets(world, level) for level in LEVELS}
    day = (AS_OF - 33 * DAY).date()
    number = await ask("daily", day)
    await world.execute(
        "select drop_chunks('core.event', older_than => %s::timestamptz)", AS_OF - 15 * DAY
    )
    await refresh(world)
    error = (await done(world, number))[2]
    assert error is not None
    assert "are gone" in error
    for level in LEVELS:
        found = await buckets(world, level)
        kept = {key: value for key, value in before[level].items() if key[0].date() == day}
        assert kept
        assert kept.items() <= found.items()
    assert await world.value("select error from core.audit") == error


async def test_one_at_a_time_and_cut_off_ones_are_begun_anew(world: World, ask: Ask) -> None:
    await lived(world)
    first = await ask("daily")
    with pytest.raises(psycopg.errors.UniqueViolation, match="recompute_one_at_a_time"):
        await ask("monthly")
    await world.execute("update core.recompute set attempts = 2")
    await refresh(world)
    assert (await done(world, first))[2] is None

    second = await ask("daily")
    await world.execute("update core.recompute set attempts = 3 where finished_at is null")
    await refresh(world)
    assert "cut off three times" in str((await done(world, second))[2])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("daily", date(2026, 3, 16)), "date: 2026-03-16 has not begun"),
        (("monthly", date(2026, 4, 2)), "date: 2026-04-01 has not begun"),
        (("daily", None, "Berlin"), "zone: 'Berlin' is no IANA time zone"),
        (("yearly", None), "recompute_period_known"),
    ],
)
async def test_nonsense_is_refused(
    world: World, ask: Ask, arguments: tuple[object, ...], message: str
) -> None:
    with pytest.raises(psycopg.errors.CheckViolation, match=message):
        await ask(*arguments)
    assert await world.value("select count(*) from core.audit") == 0


async def test_today_begins_at_midnight_of_the_zone(world: World, ask: Ask) -> None:
    """Noon in UTC on the 15th is 01:00 of the 16th in Auckland."""
    await ask("daily", None, "Pacific/Auckland")
    assert await world.value("select since from core.recompute") == AS_OF - timedelta(hours=1)


async def test_who_asked_for_what_and_what_came_of_it_is_kept(world: World, ask: Ask) -> None:
    await lived(world)
    await ask("daily", date(2026, 3, 14))
    await refresh(world)
    rows = await world.rows("select who, action, parameters, outcome, error from core.audit")
    assert rows == [
        (
            "a test",
            "stats.recompute",
            {"period": "daily", "date": "2026-03-14", "zone": "UTC"},
            {"itemsTouched": 4, "itemsMended": 0},
            None,
        )
    ]


async def test_the_service_can_neither_forge_nor_forget(world: World) -> None:
    number = await world.value("select api.begin_audit('me', 'test', '{}', %s)", AS_OF)
    await world.execute("set role groundswell_service")
    try:
        for statement in (
            "delete from core.audit",
            "update core.audit set who = 'you'",
            "insert into core.audit default values",
            "update core.recompute set finished_at = now()",
            "delete from core.known_chunk",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await world.execute(statement)
        for outcome in (1, 2):
            await world.execute(
                "select api.end_audit(%s, %s::jsonb, null, %s)", number, str(outcome), AS_OF
            )
    finally:
        await world.execute("reset role")
    assert await world.value("select outcome from core.audit") == 1
