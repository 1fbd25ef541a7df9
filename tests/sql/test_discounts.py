"""What lists that fade leave out: repeated actions, and what labelled actors do (T1, T2)."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

import pytest

from tests.sql.comparing import assert_recounted
from tests.sql.oracle import Event
from tests.sql.strategies import TYPES
from tests.sql.test_reconcile import reconcile
from tests.sql.world import AS_OF, World

MINUTE = timedelta(minutes=1)
TODAY = AS_OF.date()


async def label(world: World, viewer: int, since: date, until: date | None = None) -> int:
    """Label an actor, as of the next run."""
    end = until or date.max
    world.labels.append((viewer, since, end))
    label_id: int = await world.value(
        """
        insert into core.actor_label
            (viewer, kind, reason, since, until, labelled_by, labelled_at)
        values (%s, 'user', 'a test', %s, coalesce(%s::date, 'infinity'), 'a test', %s)
        returning label_id
        """,
        viewer, since, until, AS_OF,
    )  # fmt: skip
    return label_id


async def lift(world: World, label_id: int) -> None:
    viewer = await world.value(
        """
        update core.actor_label set lifted_by = 'a test', lifted_at = %s
        where label_id = %s returning viewer
        """,
        AS_OF, label_id,
    )  # fmt: skip
    world.labels = [each for each in world.labels if each[0] != viewer]


async def lasting(world: World, **options: float) -> None:
    """Have one ranking in which nothing fades, so that scores are counts times weights."""
    await world.ranking("sums", formula="weighted_decay", window="all", options=options)


async def test_each_action_counts_half_of_the_next_newer_one(world: World) -> None:
    """Four of them; and a like is worth five views."""
    await lasting(world)
    item = await world.item("a")
    expected = [1, 1.5, 1.75, 1.875, 1.875, 1.875]
    for number, views in enumerate(expected):
        await world.happened(item, ago=(10 - number) * MINUTE, viewer=7)
        await world.run(forced=True)
        assert await world.scores("sums") == {item: views}
    await world.happened(item, "like", viewer=7)
    await world.happened(item, viewer=8)
    await world.run(forced=True)
    assert await world.scores("sums") == {item: 1.875 + 5 + 1}


async def test_who_is_nobody_counts_whole_and_so_does_the_first_of_another_day(
    world: World,
) -> None:
    await lasting(world)
    item = await world.item("a")
    await world.happened(item, count=40)
    for days in range(3):
        await world.happened(item, ago=timedelta(days=days), viewer=7)
    await world.happened(item, "watch_time", 10, seconds=60, viewer=7)
    await world.run(forced=True)
    assert await world.scores("sums") == {item: pytest.approx(44)}


async def test_a_row_of_several_is_as_many_actions(world: World) -> None:
    await lasting(world)
    item = await world.item("a")
    await world.happened(item, count=2, ago=MINUTE, viewer=7)
    await world.run(forced=True)
    assert await world.scores("sums") == {item: 1.5}
    await world.happened(item, count=1_000_000, viewer=7)
    await world.run(forced=True)
    assert await world.scores("sums") == {item: 1.875}


async def test_taking_back_as_often_as_giving_leaves_nothing(world: World) -> None:
    """Likes at one moment are taken back at one, and nobody takes what others gave."""
    await lasting(world)
    item = await world.item("a")
    for _ in range(3):
        await world.happened(item, "like", viewer=7)
        await world.happened(item, "unlike", viewer=7)
    await world.happened(item, "like", viewer=8)
    await world.run(forced=True)
    assert await world.scores("sums") == {item: 5}


async def test_other_ratios_hold_for_what_comes(world: World) -> None:
    await lasting(world)
    item = await world.item("a")
    await world.execute("update core.actor_policy set ratio = 0 where event_type = 'view'")
    await world.execute("delete from core.actor_policy where event_type = 'share'")
    for _ in range(5):
        await world.happened(item, viewer=7)
        await world.happened(item, "share", viewer=7)
    await world.run(forced=True)
    assert await world.scores("sums") == {item: 1 + 5 * 4}


async def test_a_ranking_may_take_half_of_it_or_nothing(world: World) -> None:
    """And a changed share is recounted."""
    await lasting(world, discount=0)
    item = await world.item("a")
    for _ in range(2):
        await world.happened(item, viewer=7)
    for discount, expected in ((0, 2), (0.5, 1.75), (1, 1.5)):
        await world.execute(
            "update core.ranking set options = jsonb_build_object('discount', %s::float8)",
            discount,
        )
        await world.run(forced=True)
        assert await world.scores("sums") == {item: expected}
        assert await reconcile(world) == (0, None)


async def test_more_than_all_of_it_is_refused(world: World) -> None:
    with pytest.raises(Exception, match="option discount: use a number from 0 to 1"):
        await lasting(world, discount=2)


async def test_a_labelled_actor_counts_nothing_until_the_label_is_lifted(world: World) -> None:
    """In lists that fade; counts go on counting it."""
    await lasting(world)
    item = await world.item("a")
    await world.happened(item, count=3, ago=timedelta(days=2), viewer=7)
    for type_ in ("view", "view", "like", "share", "comment"):
        await world.happened(item, type_, ago=2 * MINUTE, viewer=7)
    await world.happened(item, "watch_time", 2, seconds=300, viewer=7)
    await world.happened(item, viewer=8)
    await world.run(forced=True)
    before = await world.scores("sums")

    known = await label(world, 7, TODAY)
    await world.happened(item, ago=MINUTE, viewer=7)
    await world.run(forced=True)
    assert await world.scores("sums") == {item: 1.75 + 1}
    assert (await world.windows())["24h"][item].views == 4

    await lift(world, known)
    await world.run(forced=True)
    assert await world.scores("sums") == {item: before[item] + 0.25}
    await world.run(forced=True)
    assert await reconcile(world) == (0, None)


async def test_a_label_that_is_lifted_before_a_run_takes_nothing(world: World) -> None:
    await lasting(world)
    item = await world.item("a")
    await world.happened(item, viewer=7)
    await lift(world, await label(world, 7, TODAY))
    await world.run(forced=True)
    assert await world.scores("sums") == {item: 1}


@pytest.mark.parametrize("seed", range(4))
async def test_any_order_comes_to_the_same(world: World, seed: int) -> None:
    """Late events, slices of a backlog, labels and recounts, held to a recount by hand."""
    chance = Random(seed)  # noqa: S311
    await world.execute("delete from core.ranking where formula <> 'weighted_decay'")
    items = [await world.item(name, category="ape") for name in "abc"]
    events = [
        Event(
            item=chance.choice(items),
            type=(kind := chance.choice(TYPES)),
            occurred_at=(at := AS_OF - chance.randrange(4 * 24 * 60) * MINUTE),
            received_at=at,
            count=chance.choice((1, 1, 1, 2, 9)),
            seconds=30 if kind == "watch_time" else None,
            viewer=chance.choice((None, 1, 2, 3)),
        )
        for _ in range(200)
    ]
    known: list[int] = []
    for start in range(0, len(events), 50):
        await world.insert(events[start : start + 50])
        if start == 50:
            known = [
                await label(world, 1, TODAY - timedelta(days=2)),
                await label(world, 2, TODAY - timedelta(days=3), TODAY),
            ]
        if start == 100:
            await lift(world, known[0])
            await world.execute(
                "update core.ranking set half_life = '1 day' where name like %s", "%7d"
            )
        if seed % 2:
            async with world.connection.transaction():
                await world.execute("set transaction isolation level repeatable read")
                await world.execute("select api.score_events(%s, 20)", AS_OF)
        await world.run(forced=True)
        await assert_recounted(world, AS_OF)
    assert await reconcile(world) == (0, None)


async def test_an_item_s_burst_counts_nothing_and_labels_overlap(world: World) -> None:
    """What one label takes, another may hold still when the first is lifted."""
    await lasting(world)
    item, other = [await world.item(name) for name in "ab"]
    for viewer in (7, 8):
        await world.happened(item, viewer=viewer)
        await world.happened(other, viewer=viewer)
    burst = await world.value(
        """
        insert into core.actor_label (item_id, kind, reason, since, labelled_by, labelled_at)
        values (%s, 'item', 'a test', %s, 'a test', %s) returning label_id
        """,
        item, TODAY, AS_OF,
    )  # fmt: skip
    known = await label(world, 7, TODAY)
    await world.run(forced=True)
    assert await world.scores("sums") == {other: 1}
    await lift(world, known)
    await world.run(forced=True)
    assert await world.scores("sums") == {other: 2}
    await lift(world, burst)
    await world.run(forced=True)
    assert await world.scores("sums") == {item: 2, other: 2}
    assert await reconcile(world) == (0, None)


async def test_what_is_left_out_is_told_by_its_reason(world: World) -> None:
    """Beside raw counts, and naming nobody."""
    await lasting(world)
    item = await world.item("a")
    for viewer in (6, 7, 7, 7, 8):
        await world.happened(item, viewer=viewer)
    await world.happened(item, "like", viewer=8)
    known = await label(world, 8, TODAY)
    told = "select reason, actors, views, likes from api.item_discounts('video', 'a') order by 1"
    await world.run(forced=True)
    assert await world.rows(told) == [("a test", 1, 1, 1), ("repeated", 1, 1.25, 0)]
    await lift(world, known)
    await world.run(forced=True)
    assert await world.rows(told) == [("repeated", 1, 1.25, 0)]


async def test_corrected_events_are_noted_anew(world: World) -> None:
    await lasting(world)
    item = await world.item("a")
    for hours in (1, 2, 3):
        await world.happened(item, ago=timedelta(hours=hours), viewer=7)
    await world.run(forced=True)
    assert await world.scores("sums") == {item: 1.75}
    await world.execute(
        "call api.correct(%s, %s, $$ update core.event set counted = false"
        " where occurred_at >= $1 and occurred_at < $2"
        " and occurred_at > timestamptz '2026-03-15 10:30Z' $$, as_of => %s)",
        AS_OF - timedelta(hours=12), AS_OF, AS_OF,
    )  # fmt: skip
    await world.happened(item, ago=MINUTE, viewer=7)
    await world.run(forced=True)
    assert await world.scores("sums") == {item: 1.75}
    await world.happened(item, ago=MINUTE, viewer=8)
    await world.run(forced=True)
    assert await world.scores("sums") == {item: 2.75}
    assert await reconcile(world) == (0, None)
