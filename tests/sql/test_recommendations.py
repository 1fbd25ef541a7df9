"""Co-engagement against a plain recount of its definition, however it is cut into stretches."""

from __future__ import annotations

import random
from datetime import timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest

from app.runtime.sql import Connection
from tests.sql.oracle_recommendations import (
    WEIGHTS,
    Action,
    neighbours_of,
    pairs_of,
    recommended,
)
from tests.sql.world import AS_OF, World

INSERT = """
    insert into core.event (event_id, occurred_at, received_at, item_id, event_type, user_id)
    values (%s, %s, %s, %s, %s::core.event_type, %s)
"""
TYPES = [*WEIGHTS, "unlike", "uncomment", "view", "view", "view"]


async def add(connection: Connection, actions: list[Action]) -> None:
    async with connection.cursor() as cursor:
        await cursor.executemany(
            INSERT, [(a.event_id, a.at, a.at, a.item, a.type, a.user) for a in actions]
        )


def made_up(seed: int, *, items: int, users: int, number: int) -> list[Action]:
    """Return actions of some days, of which many are of the same moment, user and item."""
    chance = random.Random(seed)  # noqa: S311 - a test's data, not a secret
    return [
        Action(
            at=AS_OF - timedelta(minutes=10 * chance.randrange(600)),
            event_id=str(UUID(int=chance.getrandbits(128))),
            user=f"u{chance.randrange(users)}",
            item=1 + int(items * chance.random() ** 2),
            type=chance.choice(TYPES),
        )
        for _ in range(number)
    ]


def newest(item: int) -> Action:
    """Return an action of nobody's interest that moves the clock past all others."""
    return Action(AS_OF + timedelta(minutes=10), str(UUID(int=7)), "clock", item, "view")


async def count(world: World) -> None:
    await world.execute("call api.count_neighbours('1 minute')")
    fault = await world.value(
        "select string_agg(error, '; ') from core.job_run where job = 'count_neighbours'"
    )
    assert fault is None, fault


async def kept(world: World) -> dict[int, tuple[float, dict[int, float]]]:
    """Return what is kept of each item, faded to AS_OF."""
    rows = await world.rows(
        """
        select item_id, total * faded, others, weights, faded
        from core.item_neighbour
        cross join lateral (
            select power(2, date_part('epoch', decayed_to - %s) / (14 * 86400)) as faded
        ) as age
        """,
        [AS_OF],
    )
    return {
        item: (total, {o: w * faded for o, w in zip(others, weights, strict=True)})
        for item, total, others, weights, faded in rows
    }


def approx(found: Any) -> Any:
    return pytest.approx(found, rel=1e-5)


@pytest.mark.parametrize("seed", [1, 2])
async def test_pairs_are_those_of_a_recount(world: World, seed: int) -> None:
    """Counted in two halves, as the first comes in and then the rest, and a third time in vain."""
    for number in range(30):
        await world.item(f"i{number}", creator=f"c{number % 7}" if number % 4 else None)
    actions = made_up(seed, items=29, users=12, number=400)
    middle = AS_OF - timedelta(hours=37)
    lag = timedelta(minutes=10)
    early = [action for action in actions if action.at <= middle]
    await add(world.connection, early)
    await count(world)
    await add(world.connection, [a for a in actions if a.at > middle - lag and a not in early])
    await add(world.connection, [newest(30)])
    await count(world)
    expected = neighbours_of(pairs_of(actions, AS_OF))
    found = await kept(world)
    assert found.keys() == expected.keys()
    for item, (total, others) in expected.items():
        assert found[item] == (approx(total), approx(others))
    # Counted once: nothing is written where nothing is new.
    runs = await world.value("select count(*) from core.job_run")
    await count(world)
    assert await world.value("select count(*) from core.job_run") == runs

    creators = dict(await world.rows("select item_id, creator from core.item where creator > ''"))
    await world.execute("select api.exclude_item('video', 'i3', 'no', 'me', %s)", AS_OF)
    for user, beside in [("u0", None), ("u5", None), (None, 2), (None, 4)]:
        wanted = recommended(
            actions, AS_OF, user=user, beside=beside, hidden=frozenset({4}), creators=creators
        )
        rows = await world.rows(
            """
            select item_id, score, because_id
            from api.recommendations(%s, %s, null, null, %s, 20)
            """,
            [user, beside, AS_OF],
        )
        assert [row[0] for row in rows] == [one[0] for one in wanted][:20]
        assert [row[1] for row in rows] == approx([one[1] for one in wanted][:20])
        assert [row[2] for row in rows] == [one[2] for one in wanted][:20]


async def test_any_cut_gives_the_same_pairs_and_floods_are_bounded(world: World) -> None:
    """Stretches end at the moment of actions and at midnight; most users have more than `daily`."""
    actions = made_up(3, items=12, users=4, number=300)
    for number in range(12):
        await world.item(f"i{number}")
    await add(world.connection, actions)
    await world.execute("update core.recommendation_policy set trail = 3, daily = 8")
    moments = sorted({action.at for action in actions})
    midnight = AS_OF.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)
    cuts = sorted({moments[0] - timedelta(days=1), *moments[9::23], midnight, AS_OF})
    for since, until in pairwise(cuts):
        await world.execute("select api.add_pairs(%s, %s)", since, until)
    expected = neighbours_of(pairs_of(actions, AS_OF, trail=3, daily=8))
    found = await kept(world)
    assert found.keys() == expected.keys()
    for item, (total, others) in expected.items():
        assert found[item] == (approx(total), approx(others))


async def test_an_hour_writes_the_row_of_an_item_once(world: World) -> None:
    for number in range(10):
        await world.item(f"i{number}")
    actions = made_up(4, items=9, users=5, number=200)
    await add(world.connection, actions)
    await add(world.connection, [newest(10)])
    await count(world)
    later = [
        action._replace(at=AS_OF + timedelta(seconds=17 * n), event_id=str(UUID(int=n + 1)))
        for n, action in enumerate(actions)
    ]
    clock = newest(10)._replace(at=AS_OF + timedelta(hours=2), event_id=str(UUID(int=8_000)))
    await add(world.connection, [*later, clock])
    await count(world)
    written = await world.value(
        "select row_count from core.job_run where job = 'count_neighbours'"
        " order by job_run_id desc limit 1"
    )
    assert written == await world.value("select count(*) from core.item_neighbour") == 9
