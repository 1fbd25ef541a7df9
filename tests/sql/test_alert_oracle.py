"""Alerts of random histories, held to a plain comparison of each run's list with the one before."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.alerting import Raised, breaks_out, enters_top, passes_count, raised, subscribe
from tests.profiles import examples
from tests.sql.oracle import Event
from tests.sql.world import AS_OF, World

ITEMS = 6
MINUTE = timedelta(minutes=1)
RANKINGS = """
insert into core.ranking (name, formula, "window", options)
values
('top', 'top_count', '1h', '{}'),
('grows', 'breakout', '1h', '{"minSupport": 1, "strength": 1}')
"""
happening = st.tuples(
    st.integers(1, ITEMS), st.sampled_from(["view", "view", "view", "like", "unlike"]),
    st.integers(1, 5) | st.integers(1, 60),
)  # fmt: skip
minutes = st.lists(
    st.tuples(st.sampled_from([1, 20, 50]), st.lists(happening, max_size=6)),
    min_size=2, max_size=6,
)  # fmt: skip

Places = dict[int, tuple[int, float]]
"""Rank and score of each item."""


async def places(world: World, name: str) -> tuple[int, Places]:
    """Return the newest run of a ranking and its list."""
    run = await world.value("select max(run_id) from api.latest_run where ranking = %s", name)
    found = await world.places(name)
    return int(run), {int(key): (rank, score) for rank, key, score in found}


def entered(before: Places, now: Places, subscription: int, n: int) -> list[Raised]:
    return [
        Raised(subscription, "enters_top", str(item), rank, before.get(item, (None,))[0], None)
        for item, (rank, _) in now.items()
        if rank <= n and (item not in before or before[item][0] > n)
    ]


def broke_out(before: Places, now: Places, subscription: int, least: float) -> list[Raised]:
    return [
        Raised(subscription, "breaks_out", str(item), rank, before.get(item, (None,))[0], None)
        for item, (rank, score) in now.items()
        if score >= least and (item not in before or before[item][1] < least)
    ]


class Wanted(NamedTuple):
    """A subscription to a count, and the one item that it is about, or all."""

    subscription: int
    kind: str
    threshold: int
    only: int | None = None


def count_all(counts: dict[tuple[int, str], int], happened: list[tuple[int, str, int]]) -> None:
    for item, type_, count in happened:
        key = (item, "like" if type_ == "unlike" else type_)
        counts[key] = counts.get(key, 0) + (-count if type_ == "unlike" else count)


def passed(
    before: dict[tuple[int, str], int],
    counts: dict[tuple[int, str], int],
    wanted: Wanted,
    told: set[tuple[int, int]],
) -> list[Raised]:
    """Return who passes the threshold now and was never told of; `told` learns of them."""
    found = []
    for (item, kind), now in counts.items():
        if kind != wanted.kind or wanted.only not in {None, item}:
            continue
        if before.get((item, kind), 0) < wanted.threshold <= now:
            if (wanted.subscription, item) not in told:
                found.append(
                    Raised(wanted.subscription, "passes_count", str(item), None, None, now)
                )
            told.add((wanted.subscription, item))
    return found


@examples(12)
@given(history=minutes)
async def test_alerts_are_what_a_comparison_of_the_lists_says(
    world: World, history: list[tuple[int, list[tuple[int, str, int]]]]
) -> None:
    if not await world.settings("top"):
        await world.only()
        await world.execute(RANKINGS)
    await world.forget()
    for number in range(1, ITEMS + 1):
        await world.item(f"i{number}")
        await world.happened(number, count=3, ago=timedelta(hours=2))
    top2 = await subscribe(world, enters_top(2), ranking="top")
    top1 = await subscribe(world, enters_top(1), ranking="top")
    grows = await subscribe(world, breaks_out(2), ranking="grows")
    views = await subscribe(world, passes_count(40))
    likes = await subscribe(world, passes_count(5, "likes"), contentId="i1")
    await world.run(forced=True)
    assert await raised(world) == []

    as_of = AS_OF
    lists = {name: await places(world, name) for name in ("top", "grows")}
    counts = {(item, "view"): 3 for item in range(1, ITEMS + 1)}
    told = set[tuple[int, int]]()
    expected = list[Raised]()
    for gap, happened in history:
        as_of += gap * MINUTE
        before = dict(counts)
        count_all(counts, happened)
        await world.insert(
            [
                Event(item=item, type=type_, occurred_at=as_of, received_at=as_of, count=count)
                for item, type_, count in happened
            ]
        )
        await world.run(as_of, forced=True)
        for wanted in (Wanted(views, "view", 40), Wanted(likes, "like", 5, only=1)):
            expected += passed(before, counts, wanted, told)
        for name, found in lists.items():
            run, now_listed = await places(world, name)
            if run != found[0] and name == "top":
                expected += entered(found[1], now_listed, top2, 2)
                expected += entered(found[1], now_listed, top1, 1)
            elif run != found[0]:
                expected += broke_out(found[1], now_listed, grows, 2)
            lists[name] = run, now_listed
    assert sorted(await raised(world), key=repr) == sorted(expected, key=repr)


async def test_the_role_of_the_service_may_do_what_it_does_and_no_more(world: World) -> None:
    """Everything that the API and the deliverer ask, with their rights."""
    await world.item("a")
    await world.execute("set role groundswell_service")
    try:
        made = await subscribe(world, enters_top(1), ranking="hot", url="https://example.org/")
        alert = await world.value("select api.test_alert(%s, %s)", made, AS_OF)
        claimed = await world.rows(
            "select alert_id from api.claim_alerts(%s, '1 minute', 5, 5, 5, '{}')", [AS_OF]
        )
        assert claimed == [(alert,)]
        await world.execute(
            "select api.record_delivery(%s, 1, %s, 410, '1 second', 'gone', null, true, null)",
            alert, AS_OF,
        )  # fmt: skip
        assert await world.value("select status from api.alert_overview") == "disabled"
        assert await world.value("select count(*) from api.raised_alert") == 1
        await world.execute(
            "select * from api.change_alert(%s, null, '{\"status\": \"active\"}', 'whsec_')", made
        )
        for refused in ("delete from core.alert", "delete from core.alert_delivery"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await world.execute(refused)
        await world.execute("delete from core.alert_subscription")
        assert await world.value("select count(*) from core.alert") == 0
    finally:
        await world.execute("reset role")
