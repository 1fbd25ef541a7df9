"""Windows that have far to go move in slices; after each, all is as if it had always been there."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.sql import oracle
from tests.sql.comparing import assert_recounted, assert_stats
from tests.sql.oracle import Counts, Event, sum_of
from tests.sql.test_oracle import populate
from tests.sql.test_slices import happened, is_reconciled, scored
from tests.sql.world import AS_OF, World

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MICROSECOND = timedelta(microseconds=1)


async def positions(world: World) -> dict[str, tuple[datetime, datetime]]:
    """Where each window begins, and where it is to; but that of all time."""
    return {
        window: (since, wanted)
        for window, since, wanted in await world.rows(
            'select "window", since, coalesce(wanted_since, since) '
            "from core.window_position where isfinite(since)"
        )
    }


async def is_on_its_way(world: World) -> bool:
    return any(since != wanted for since, wanted in (await positions(world)).values())


async def scored_ones(world: World) -> list[Event]:
    """Counted events that do not wait in the feed."""
    waiting = Counter(
        {
            row[:-1]: row[-1]
            for row in await world.rows(
                "select item_id, occurred_at, event_type::text, count, seconds, count(*) "
                "from core.score_feed group by item_id, occurred_at, event_type, count, seconds"
            )
        }
    )
    found = []
    for event in world.events:
        key = (event.item, event.at, event.type, event.count, event.seconds)
        if waiting[key]:
            waiting[key] -= 1
        elif event.counted:
            found.append(event)
    assert not waiting.total(), "what waits is an event"
    return found


async def assert_held(world: World) -> None:
    """Every window holds what was scored of the events after its beginning, and tells it."""
    events, found = await scored_ones(world), await world.windows()
    for window, (since, _) in (await positions(world)).items():
        expected = by_item(event for event in events if event.at > since)
        stored = found.get(window, {})
        # A row may be there early, with nothing in it.
        early = dict.fromkeys(stored.keys() - expected.keys(), Counts())
        assert stored == expected | early, window


async def assert_listed(world: World) -> None:
    """Top lists have each member's count since their window begins, whatever is scored."""
    for window, (since, _) in (await positions(world)).items():
        listed = dict(
            await world.rows(
                "select item_id, count::integer from api.top_list_members("
                "%s, 'views', 'item', null, %s, null, null)",
                [window, since],
            )
        )
        counts = by_item(event for event in world.events if event.counted and event.at > since)
        views = {item_id: one.views for item_id, one in counts.items() if one.views > 0}
        assert listed == views, window


def by_item(events: Iterable[Event]) -> dict[int, Counts]:
    found: dict[int, list[Event]] = {}
    for event in events:
        found.setdefault(event.item, []).append(event)
    return {item_id: sum_of(its) for item_id, its in found.items()}


async def moved(world: World, as_of: datetime, at_most: int, *, zone: str = "UTC") -> bool:
    """Score and move one slice, hold everything to a recount; return whether more is left."""
    has_more = await scored(world, as_of, at_most)
    await assert_held(world)
    await assert_listed(world)
    await assert_stats(world, as_of, zone)
    assert has_more == (
        await is_on_its_way(world)
        or bool(await world.value("select count(*) from core.score_feed"))
    )
    return has_more


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("downtime", [2 * HOUR, 30 * HOUR, 20 * DAY, 40 * DAY])
async def test_after_a_downtime_windows_come_on_in_slices(
    world: World, downtime: timedelta, seed: int
) -> None:
    """What left goes, the oldest first; more than that, and what is there comes, the newest."""
    rng = random.Random(seed)  # noqa: S311
    await populate(world)
    await world.only("top_viewed", "top_viewed_today", "trending_7d")
    before = AS_OF - downtime
    await world.insert(happened(rng, before, 50))
    await world.run(before)
    await world.insert(happened(rng, AS_OF, 40))
    as_of, rounds = AS_OF, 0
    while await moved(world, as_of, 7):
        as_of += rng.choice((MINUTE, MINUTE, 20 * MINUTE))
        rounds += 1
        if rng.random() < 0.3:
            await world.insert(happened(rng, as_of, 2))
        if rng.random() < 0.3:
            await is_reconciled(world)
    assert rounds > 1
    await world.run(as_of, forced=True)
    await assert_recounted(world, as_of)
    await is_reconciled(world)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("UTC", "Asia/Kolkata"),
        ("Asia/Kolkata", "UTC"),
        ("Pacific/Kiritimati", "Pacific/Pago_Pago"),
        ("Pacific/Pago_Pago", "Pacific/Kiritimati"),
    ],
)
@pytest.mark.parametrize("as_of", [AS_OF, datetime(2026, 3, 1, 6, tzinfo=UTC)])
async def test_a_new_zone_is_reached_in_slices(
    world: World, old: str, new: str, as_of: datetime
) -> None:
    rng = random.Random(7)  # noqa: S311
    await populate(world)
    await world.only("top_viewed_today", "top_liked_week", "top_creators_month")
    await world.insert(happened(rng, as_of, 80))
    await world.execute("update core.calendar set zone = %s", old)
    await world.run(as_of)
    await world.execute("update core.calendar set zone = %s", new)
    await assert_stats(world, as_of, new)
    while await moved(world, as_of, 6, zone=new):
        as_of += MINUTE
        if rng.random() < 0.3:
            await world.insert(happened(rng, as_of, 2))
    for window, (since, _) in (await positions(world)).items():
        if window in oracle.CALENDAR:
            begins = oracle.calendar_start(window, as_of, ZoneInfo(new))
            assert since == begins - MICROSECOND, window
    await is_reconciled(world)


async def test_a_zone_further_east_counts_only_what_it_has_more(world: World) -> None:
    """The month goes back five and a half hours: what it holds stays where it is."""
    item = await world.item("a")
    await world.only("top_viewed")
    await world.happened(item, "view", 2)
    await world.run()
    row = "select ctid::text, xmin::text from core.item_window where \"window\" = 'month'"
    held = await world.rows(row)
    await world.execute("update core.calendar set zone = 'Asia/Kolkata'")
    await world.run(AS_OF + MINUTE)
    assert await world.rows(row) == held
    assert (await positions(world))["month"][0].astimezone(UTC) == datetime(
        2026, 2, 28, 18, 30, tzinfo=UTC
    ) - MICROSECOND


@pytest.mark.parametrize("seed", range(2))
async def test_users_move_with_the_windows(world: World, seed: int) -> None:
    """After a downtime, and with another zone: user u1 did what was done with item 1, and so on."""
    rng = random.Random(seed)  # noqa: S311
    await populate(world)
    await world.only("top_viewed")
    named = "set user_id = 'u' || item_id where user_id is null"
    await world.execute("update core.activity_policy set readers = 'admin'")
    try:
        as_of = AS_OF - 9 * DAY
        for zone in ("UTC", "Asia/Kolkata", "UTC"):
            await world.execute("update core.calendar set zone = %s", zone)
            await world.insert(happened(rng, as_of, 40))
            await world.execute(f"update core.event {named}")
            await world.execute(f"update core.score_feed {named}")
            while await scored(world, as_of, 7):
                await assert_users(world)
            await assert_users(world)
            as_of += 4 * DAY
    finally:
        await world.execute("update core.activity_policy set readers = 'nobody'")
        await world.execute("truncate core.user_window, core.user_window_position")


async def assert_users(world: World) -> None:
    events = await scored_ones(world)
    found: dict[str, dict[str, int]] = {}
    for window, user_id, actions in await world.rows(
        'select "window", user_id, actions from core.user_window'
    ):
        found.setdefault(window, {})[user_id] = actions
    for window, (since, _) in (await positions(world)).items():
        if window in {"7d", *oracle.CALENDAR}:
            counts = by_item(event for event in events if event.at > since)
            done = {f"u{item_id}": sum(one[:4]) for item_id, one in counts.items()}
            expected = {user_id: actions for user_id, actions in done.items() if actions}
            assert found.get(window, {}) == expected, window


async def test_events_of_one_moment_are_passed_together(world: World) -> None:
    item = await world.item("a")
    await world.only("top_viewed")
    for _ in range(9):
        await world.happened(item, ago=15 * HOUR)
    await world.happened(item)
    await world.run(AS_OF)
    assert (await world.windows())["today"][item].views == 1
    await world.execute("update core.calendar set zone = 'Asia/Kolkata'")
    rounds = 0
    while await moved(world, AS_OF, 2, zone="Asia/Kolkata"):
        rounds += 1
    assert rounds == 1
    assert (await world.windows())["today"][item].views == 10


async def test_lists_are_of_the_part_that_is_there_until_all_is(world: World) -> None:
    """A run without time makes the list of the newest events; the next ones go on by themselves."""
    newest, oldest = await world.item("newest"), await world.item("oldest")
    await world.ranking("r", formula="top_count", window="month", schedule="30 3 * * *")
    await world.happened(oldest, "view", 9, ago=13 * DAY)
    await world.execute(MANY, AS_OF)
    await world.run(AS_OF - 20 * DAY)
    await world.run(AS_OF - MINUTE)
    await world.execute("update core.calendar set zone = 'Pacific/Kiritimati'")
    await world.run(AS_OF)
    assert await world.scores("r") == {newest: 110_000, oldest: 9}

    # Samoa's month begins a day later, so that it begins anew.
    await world.execute("update core.calendar set zone = 'Pacific/Pago_Pago'")
    await world.execute("call api.run_rankings(%s, work_for => '0 seconds')", AS_OF + MINUTE)
    assert await world.scores("r") == {newest: 50_000}
    since, wanted = (await positions(world))["month"]
    assert wanted < since
    await world.execute("call api.run_rankings(%s, work_for => '0 seconds')", AS_OF + 2 * MINUTE)
    assert await world.scores("r") == {newest: 100_000}
    await world.run(AS_OF + 3 * MINUTE)
    assert await world.scores("r") == {newest: 110_000, oldest: 9}
    assert not await is_on_its_way(world)


MANY = """
with made as (
    insert into core.event (event_id, occurred_at, received_at, item_id, event_type, count)
    select gen_random_uuid(), made.at, made.at, 1, 'view', 1
    from generate_series(1, 110000) as n
    cross join lateral (select %s - n * interval '0.5 seconds' as at) as made
    returning item_id, occurred_at, event_type, count, seconds
)
insert into core.score_feed (item_id, occurred_at, event_type, count, seconds)
select * from made
"""


async def test_what_was_looked_at_before_a_window_began_anew_is_not_added(world: World) -> None:
    """A look finds a view missing today; the day turns; the row is another one."""
    item = await world.item("a")
    await world.only("top_viewed")
    midnight = AS_OF.replace(hour=0)
    await world.happened(item, "view", 3, ago=AS_OF - midnight + HOUR)
    late = Event(
        item=item,
        type="view",
        occurred_at=midnight + 30 * MINUTE,
        received_at=midnight + 30 * MINUTE,
        count=2,
    )
    await world.insert([late])
    await world.run(midnight - MINUTE)
    await world.execute("update core.item_window set views = views - 1 where \"window\" = 'today'")
    await world.execute(
        "create temporary table looked as select drift from api.drifted_windows() as drift"
    )
    try:
        await world.run(midnight + MINUTE)
        unsure = await world.value("select api.mend_windows(array_agg(drift)) from looked")
    finally:
        await world.execute("drop table looked")
    assert unsure == 1
    assert (await world.windows())["today"][item].views == 2
    await is_reconciled(world)


async def test_breakout_keeps_its_list_while_a_window_is_on_its_way(world: World) -> None:
    await world.item("a")
    await world.only("breakout")
    run = "select max(confirmed_at) from core.ranking_run"
    await world.run(AS_OF - 40 * DAY)
    await world.execute(MANY, AS_OF)
    await world.execute("call api.run_rankings(%s, forced => true, work_for => '0 seconds')", AS_OF)
    assert await is_on_its_way(world)
    assert await world.value(run) == AS_OF - 40 * DAY
    await world.run(AS_OF + MINUTE, forced=True)
    assert not await is_on_its_way(world)
    assert await world.value(run) == AS_OF + MINUTE


async def test_a_first_slice_that_fails_is_told(world: World) -> None:
    await world.item("a")
    await world.only("top_viewed")
    await world.happened(1)
    await world.execute("alter table core.item_window add constraint breaks check (views < 0)")
    try:
        fault = await world.run_with_faults()
    finally:
        await world.execute("alter table core.item_window drop constraint breaks")
    assert fault is not None
    assert "breaks" in fault
    await world.run(AS_OF + MINUTE)
