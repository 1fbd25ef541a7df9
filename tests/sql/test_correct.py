"""api.correct: events of a period are changed day by day, and all that was counted comes right."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest

from tests.sql.comparing import assert_recounted
from tests.sql.test_aggregates import assert_levels, refresh
from tests.sql.world import AS_OF, World

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
CORRECT = "call api.correct(%s, %s, %s, %s)"


async def lived(world: World) -> None:
    """Two items on days 0, 1, 4, 9 and 20 before; the older days are in the columnstore."""
    items = [await world.item(name, category="ape") for name in "ab"]
    for days in (20, 9, 4, 1, 0):
        for item in items:
            for type_ in ("view", "like", "unlike", "share"):
                await world.happened(item, type_, 3, ago=days * DAY + item * HOUR)
    await refresh(world)
    await world.run()
    await world.execute("call api.maintain_storage(%s)", AS_OF)


async def is_right(world: World) -> None:
    """Aggregates, windows, scores and lists equal a recount of what the events are now."""
    await assert_levels(world)
    await world.run(forced=True)
    await assert_recounted(world, AS_OF)
    await world.execute("call api.reconcile(%s)", AS_OF)
    assert await world.rows(
        "select row_count, error from core.job_run where job = 'reconcile' "
        "order by job_run_id desc limit 1"
    ) == [(0, None)]


async def test_a_months_events_are_taken_out_of_the_count(world: World) -> None:
    await lived(world)
    since = AS_OF - 15 * DAY

    await world.execute(
        CORRECT, since, AS_OF,
        "update core.event set counted = false "
        "where occurred_at >= $1 and occurred_at < $2 and item_id = 1", AS_OF,
    )  # fmt: skip

    world.events = [
        replace(event, counted=False) if event.item == 1 and since <= event.occurred_at else event
        for event in world.events
    ]
    assert await world.rows("select row_count, error from core.job_run where job = 'correct'") == [
        (4 * 4, None)
    ]
    await is_right(world)


async def test_deleted_events_are_gone_everywhere(world: World) -> None:
    """Of the whole day that it begins in, only what the bounds hold."""
    await lived(world)
    since, until = AS_OF - 9 * DAY - 90 * timedelta(minutes=1), AS_OF - HOUR

    await world.execute(
        CORRECT, since, until,
        "delete from core.event where occurred_at >= $1 and occurred_at < $2", AS_OF,
    )  # fmt: skip

    world.events = [event for event in world.events if not since <= event.occurred_at < until]
    await is_right(world)


async def test_what_a_dba_changed_before_comes_right(world: World) -> None:
    """Events inserted beside the writer, and others changed, in one statement over all days."""
    await lived(world)
    await world.execute("update core.event set count = 5 where event_type = 'view'")
    await world.execute(
        "insert into core.event (event_id, occurred_at, received_at, item_id, event_type, count) "
        "select gen_random_uuid(), occurred_at + interval '1 minute', "
        "received_at + interval '1 minute', item_id, 'share', 2 from core.event "
        "where event_type = 'view'"
    )
    await world.execute(CORRECT, AS_OF - 21 * DAY, AS_OF + HOUR, None, AS_OF)

    changed = [replace(event, count=5) if event.type == "view" else event for event in world.events]
    world.events = changed + [
        replace(
            event, type="share", count=2,
            occurred_at=event.occurred_at + timedelta(minutes=1),
            received_at=event.received_at + timedelta(minutes=1),
        )
        for event in changed if event.type == "view"
    ]  # fmt: skip
    await is_right(world)


async def test_a_recount_under_way_begins_again(world: World) -> None:
    """It may have counted what is changed now."""
    await lived(world)
    await world.only("trending_7d")
    await world.execute("update core.ranking set content_type = 'video'")
    async with world.connection.transaction():
        await world.execute("set transaction isolation level repeatable read")
        await world.execute("select api.score_events(%s)", AS_OF)
        await world.execute("select api.continue_recounts(12)")
    assert await world.value("select isfinite(counted_after) from core.recount")

    await world.execute(
        CORRECT, AS_OF - 2 * HOUR, AS_OF,
        "delete from core.event where occurred_at >= $1 and occurred_at < $2", AS_OF,
    )  # fmt: skip

    gone = AS_OF - 2 * HOUR
    world.events = [event for event in world.events if not gone <= event.occurred_at < AS_OF]
    await is_right(world)


async def test_chunks_that_it_opened_are_closed_again(world: World) -> None:
    await lived(world)
    opened = (
        "select count(*) from api.level_chunks() where ends < %s and (not is_compressed"
        " or _timescaledb_functions.chunk_status(chunk::regclass) & 8 = 8)"
    )
    before = await world.value(opened, AS_OF - 8 * DAY)
    await world.execute(
        CORRECT, AS_OF - 21 * DAY, AS_OF,
        "delete from core.event where occurred_at >= $1 and occurred_at < $2 and item_id = 2",
        AS_OF,
    )  # fmt: skip
    assert await world.value(opened, AS_OF - 8 * DAY) >= before
    await world.execute("call api.maintain_storage(%s)", AS_OF)
    assert await world.value(opened, AS_OF - 8 * DAY) == before
    world.events = [event for event in world.events if event.item != 2]
    await is_right(world)


async def test_nonsense_is_refused(world: World) -> None:
    await lived(world)
    await world.execute(
        "select drop_chunks('core.event', older_than => %s::timestamptz)", AS_OF - 19 * DAY
    )
    await refresh(world)
    for since, until, change, message in (
        (AS_OF, AS_OF - DAY, None, "since: .* is not before"),
        (AS_OF - DAY, AS_OF, "delete from core.event", "change: it must have the day's bounds"),
        (AS_OF - 90 * DAY, AS_OF, None, "raw events before 2026-02-24"),
        (AS_OF - DAY, AS_OF, "delete from core.evnt where $1 < $2", "2026-03-14: relation"),
    ):
        with pytest.raises(psycopg.errors.CheckViolation, match=message):
            await world.execute(CORRECT, since, until, change, AS_OF)
