"""Where levels have lost chunks, what is left says the same, or says that it cannot."""

from __future__ import annotations

from datetime import datetime, timedelta

import psycopg
import pytest

from tests.sql.world import AS_OF, World

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
MIDNIGHT = AS_OF.replace(hour=0)
BORDER = MIDNIGHT - 20 * DAY
"""Before it, chunks are dropped."""


@pytest.fixture
async def counted(world: World) -> World:
    """One view in each of 40 days, at three past noon; all levels have counted them."""
    item = await world.item("a", category="Music")
    for days in range(40):
        await world.happened(item, ago=days * DAY - 3 * MINUTE)
    await world.execute("call api.refresh_aggregates(%s, true)", AS_OF + DAY)
    return world


async def views(world: World, edges: list[datetime], wanted: str = "{}") -> list[tuple[int, int]]:
    rows = await world.rows(
        "select place, views from api.engagement_sums(%s, %s) order by place", [edges, wanted]
    )
    return [(place, views) for place, views in rows]


async def drop(world: World, *levels: str) -> None:
    for level in levels:
        table = "core.event" if level == "event" else f"agg.{level}"
        await world.execute("select drop_chunks(%s, older_than => %s::timestamptz)", table, BORDER)


@pytest.mark.parametrize("wanted", ["{}", '{"category": {"in": ["Music"]}}'])
async def test_each_level_says_what_finer_ones_have_lost(counted: World, wanted: str) -> None:
    kind = "site" if wanted == "{}" else "engagement"
    since = MIDNIGHT - 30 * DAY
    days = [since, since + DAY, since + 7 * DAY, MIDNIGHT + DAY]
    quarters = [since + 12 * DAY / 24, since + 12.25 * DAY / 24, since + 1.5 * DAY]
    minutes = [since + 723 * MINUTE, since + 724 * MINUTE]
    inside = [minutes[0] + MINUTE / 2, minutes[1]]

    await drop(counted, "event")
    assert await views(counted, minutes, wanted) == [(1, 1)]
    with pytest.raises(psycopg.errors.CheckViolation, match="from: moments within a minute are"):
        await views(counted, inside, wanted)

    await drop(counted, f"{kind}_1m")
    assert await views(counted, quarters, wanted) == [(1, 1)]
    with pytest.raises(psycopg.errors.CheckViolation, match="counts of 1m are kept from 2026-02-"):
        await views(counted, minutes, wanted)

    await drop(counted, f"{kind}_15m")
    assert await views(counted, days, wanted) == [(1, 1), (2, 6), (3, 24)]
    with pytest.raises(psycopg.errors.CheckViolation, match="counts of 15m are kept from"):
        await views(counted, quarters, wanted)
    assert await views(counted, [BORDER, BORDER + 12.25 * DAY / 24], wanted) == [(1, 1)]

    await counted.execute("call api.refresh_aggregates(%s, true)", AS_OF + DAY)
    assert await views(counted, days, wanted) == [(1, 1), (2, 6), (3, 24)]


async def test_maintenance_keeps_what_the_site_adds_up_to(counted: World) -> None:
    await counted.run(AS_OF)
    await counted.execute("call api.maintain_storage(%s)", AS_OF)
    assert await counted.rows("select error from core.job_run where error is not null") == []
    whole = [MIDNIGHT - 40 * DAY, MIDNIGHT + DAY]
    assert await views(counted, whole) == [(1, 40)]
    assert await views(counted, whole, '{"item": {"in": [1]}}') == [(1, 40)]
