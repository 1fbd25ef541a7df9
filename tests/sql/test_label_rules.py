"""Who and what api.label_actors labels, and whom it leaves alone (T2)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from tests.sql.oracle import Event
from tests.sql.world import AS_OF, World

SECOND = timedelta(seconds=1)


async def crowd(world: World) -> list[int]:
    """Have fifteen items, each viewed by forty people of whom two like it."""
    items = [await world.item(f"item {number}") for number in range(15)]
    await act(
        world,
        [
            (item, "view", 1_000 + 40 * item + person, 60 * person + item)
            for item in items
            for person in range(40)
        ]
        + [
            (item, "like", 1_000 + 40 * item + person, 60 * person + item)
            for item in items
            for person in range(2)
        ],
    )
    return items


async def act(world: World, actions: Sequence[tuple[int, str, int | None, float]]) -> None:
    """Insert actions of item, type, viewer and seconds ago."""
    await world.insert(
        [
            Event(
                item=item,
                type=type_,
                occurred_at=(at := AS_OF - ago * SECOND),
                received_at=at,
                viewer=viewer,
            )
            for item, type_, viewer, ago in actions
        ]
    )


async def labelled(world: World) -> list[tuple[int | None, int | None, str, str]]:
    """Run the job and return all labels: viewer, item, kind and reason."""
    await world.execute("call api.label_actors(%s)", AS_OF)
    assert not await world.rows(
        "select error from core.job_run where job = 'label_actors' and error is not null"
    )
    return await world.rows(
        """
        select viewer, item_id, kind, reason from core.actor_label
        where lifted_at is null order by label_id
        """
    )


async def test_nobody_is_labelled_on_an_ordinary_hour(world: World) -> None:
    items = await crowd(world)
    # A fan, a chat, and an office of many people behind one address.
    await act(world, [(items[0], "view", 1, 300 * n) for n in range(10)])
    await act(world, [(items[1], "comment", 2, 61 * n + n * n) for n in range(15)])
    await act(world, [(items[2], "view", 2, 5)])
    await act(world, [(item, "view", 3, 7 * item + n * n) for item in items for n in range(3)])
    assert await labelled(world) == []


async def test_who_does_too_much_on_few_items_is_labelled(world: World) -> None:
    items = await crowd(world)
    await act(world, [(items[n % 2], "view", 1, 3 * n + n * n) for n in range(50)])
    assert await labelled(world) == [(1, None, "address", "rate")]
    evidence = await world.value("select evidence from core.actor_label")
    assert evidence == {"actions": 50, "items": 2, "usual": 1}


async def test_who_gives_and_never_looks_is_labelled(world: World) -> None:
    items = await crowd(world)
    await act(world, [(item, "like", 1, 3 * item + item**2) for item in items[:12]])
    await act(world, [(item, "like", 2, 3 * item + item**2) for item in items[:12]])
    await act(world, [(items[0], "view", 2, 9)])
    assert await labelled(world) == [(1, None, "address", "never_looks")]


async def test_who_acts_like_a_clock_is_labelled(world: World) -> None:
    items = await crowd(world)
    await act(world, [(items[n % 15], "view", 1, 20 * n) for n in range(45)])
    assert await labelled(world) == [(1, None, "address", "even_timing")]


async def test_an_item_that_is_given_more_than_it_is_seen_is_labelled(world: World) -> None:
    """Whoever did it; and the label ends with the day."""
    items = await crowd(world)
    await act(world, [(items[0], "like", None, n) for n in range(45)])
    assert await labelled(world) == [(None, items[0], "item", "given_unseen")]
    assert await world.value("select until - since from core.actor_label") == 1


async def test_what_was_lifted_is_not_labelled_again(world: World) -> None:
    items = await crowd(world)
    await act(world, [(items[0], "view", 1, 3 * n + n * n) for n in range(50)])
    assert len(await labelled(world)) == 1
    assert len(await labelled(world)) == 1
    await world.execute("update core.actor_label set lifted_by = 'a', lifted_at = %s", AS_OF)
    assert await labelled(world) == []


async def test_a_rule_that_is_off_labels_nobody(world: World) -> None:
    items = await crowd(world)
    await world.execute("update core.label_rule set is_enabled = false")
    await act(world, [(items[0], "like", 1, 20 * n) for n in range(45)])
    assert await labelled(world) == []
