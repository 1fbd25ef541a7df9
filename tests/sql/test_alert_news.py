"""Alerts that could not be raised are caught up; what happened long ago raises none."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.alerting import enters_top, passes_count, raised, subscribe
from tests.sql.test_alerts import DAY, MINUTE, about, top, view
from tests.sql.world import AS_OF, World

__all__ = ["top"]


@pytest.fixture
async def refused(top: World) -> AsyncIterator[None]:
    """No alert can be stored, until the constraint goes."""
    await top.execute("alter table core.alert add constraint no_more check (false) not valid")
    yield
    await top.execute("alter table core.alert drop constraint if exists no_more")


@pytest.mark.usefixtures("refused")
async def test_a_failure_is_told_fails_no_ranking_and_is_caught_up(top: World) -> None:
    """In two runs: 2 comes to the lead and passes 60, 3 passes 60, and 1 is back. In the next one
    nothing happens, and all of it is told, once, as of when it was."""
    leads = await subscribe(top, enters_top(1), ranking="top")
    passes = await subscribe(top, passes_count(60))
    await view(top, 2, 20, step=1)
    assert next(key for _, key, _ in await top.places("top")) == 2
    await top.happened(3, "view", 32)
    await view(top, 1, 21, step=2)
    assert await raised(top) == []
    told = "select error from core.job_run where job = 'raise_alerts' order by job_run_id"
    errors = [error for (error,) in await top.rows(told)]
    assert [error.split(":")[0] for error in errors] == ["counts", "top"] * 2
    late = await subscribe(top, enters_top(1), ranking="top")
    await top.execute(
        "update core.alert_subscription set created_at = %s where subscription_id = %s",
        AS_OF + 3 * MINUTE, late,
    )  # fmt: skip

    await top.execute("alter table core.alert drop constraint no_more")
    for step in (3, 4):
        await top.run(AS_OF + step * MINUTE, forced=True)
    assert await about(top) == [
        (passes, "2", None, None), (passes, "1", None, None), (passes, "3", None, None),
        (leads, "2", 1, 2), (leads, "1", 1, 2),
    ]  # fmt: skip
    assert await top.rows("select occurred_at from core.alert order by alert_id") == [
        (AS_OF + step * MINUTE,) for step in (1, 2, 2, 1, 2)
    ]
    assert await top.value("select error from core.job_run where job = 'raise_alerts' "
                           "order by job_run_id desc limit 1") is None  # fmt: skip


async def test_history_raises_none(world: World) -> None:
    """Views of years ago, in two batches, the second with a view of now: it leads, and had passed
    the count before. One late view among those of now is no history."""
    await world.ranking("top", formula="top_count", window="all", half_life=None)
    for name in "abc":
        await world.item(name, category=name)
    for item in (1, 2):
        await world.happened(item)
    await world.execute(
        'insert into core.ranking (name, formula, "window", subject)'
        " values ('kinds', 'top_count', 'all', 'category')"
    )
    await world.run()
    for name in ("top", "kinds"):
        await subscribe(world, enters_top(2), ranking=name)
    await subscribe(world, passes_count(100))
    await subscribe(world, passes_count(301))

    for step, count in ((1, 200), (2, 99)):
        await world.happened(3, "view", count, ago=2_000 * DAY)
        if step == 2:
            await world.happened(3)
        await world.run(AS_OF + step * MINUTE, forced=True)
        assert await raised(world) == []
    await view(world, 3, step=3)
    await view(world, 3, step=4)
    assert [(a.subscription, a.key) for a in await raised(world)] == [(4, "3")]
    await world.happened(2, ago=2_000 * DAY)
    await view(world, 2, 400, step=5)
    assert [(a.subscription, a.key) for a in await raised(world)][1:] == [
        (3, "2"), (4, "2"), (1, "2"), (2, "b"),
    ]  # fmt: skip
