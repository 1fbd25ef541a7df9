"""The zone of the server's sessions decides nothing: refreshes and windows across a clock change.

TimescaleDB's issues 8898 (inverted ranges in the hour that comes twice) and 10296 (rows of a bulk
insert into several chunks missing from an aggregate in a named zone) are what this looks for.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest

from tests.sql import oracle
from tests.sql.oracle import Event
from tests.sql.test_aggregates import assert_levels, refresh
from tests.sql.world import World

HOUR = timedelta(hours=1)
ZONES = {
    "Europe/Vienna": datetime(2025, 10, 26, 1, tzinfo=UTC),
    "America/New_York": datetime(2026, 3, 8, 7, tzinfo=UTC),
    "Australia/Lord_Howe": datetime(2025, 10, 4, 15, 30, tzinfo=UTC),
}
"""When the clocks change there; Lord Howe's by half an hour."""

across_a_change = pytest.mark.parametrize(("zone", "change"), ZONES.items(), ids=list(ZONES))


@asynccontextmanager
async def session_in(world: World, zone: str) -> AsyncIterator[None]:
    """Have the session's zone meanwhile; what is read is read in UTC, as the service does.

    Python calls the moments of an hour that comes twice unequal to all others.
    """
    await world.connection.execute("select set_config('timezone', %s, false)", [zone])
    try:
        yield
    finally:
        await world.connection.execute("reset timezone")


def views(item: int, *moments: datetime) -> list[Event]:
    return [
        Event(item=item, type="view", occurred_at=at, received_at=at, count=1, seconds=None)
        for at in moments
    ]


@across_a_change
async def test_levels_equal_the_events(world: World, zone: str, change: datetime) -> None:
    async def happen(as_of: datetime, *moments: datetime) -> None:
        async with session_in(world, zone):
            await world.insert(views(item, *moments))
            await refresh(world, as_of)
        await assert_levels(world)

    item = await world.item("a")
    await happen(change - 2 * HOUR, change - 40 * 24 * HOUR, change - 3 * HOUR)
    for quarter in range(-6, 7):
        now = change + quarter * HOUR / 4
        await happen(now, now - timedelta(minutes=10), now)
    # In one insert into several chunks; the second time, into what has been refreshed.
    late = [change - days * 24 * HOUR for days in range(0, 40, 5)]
    for _ in range(2):
        await happen(change + 3 * HOUR, *late)


@across_a_change
async def test_a_moving_window_keeps_its_length(world: World, zone: str, change: datetime) -> None:
    item = await world.item("a")
    async with session_in(world, zone):
        await world.insert(views(item, change - 13 * HOUR, change - 11 * HOUR, change))
        await world.run(change + 12 * HOUR)
    counted = [oracle.counts(event) for event in world.events[1:]]
    assert (await world.windows())["24h"][item] == counted[0].plus(counted[1])
