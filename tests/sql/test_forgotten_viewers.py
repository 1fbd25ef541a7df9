"""Whoever is forgotten is so in all sets of viewers; counts stay but where they are purged."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tests.sql.viewing import DAY, SITE, View, histories, insert, score, since
from tests.sql.world import AS_OF, World


async def test_whoever_is_forgotten_is_so_in_what_waits_to_be_scored(world: World) -> None:
    """A user that asks to be erased has often just viewed something: the feed has it yet."""
    await insert(world, [View(1, AS_OF - DAY, viewer) for viewer in (-5, 7)])
    await score(world)
    await insert(world, [View(1, AS_OF, viewer) for viewer in (-5, 7)])
    for salt, purges in ((3, False), (0, True)):
        gone = 7 if purges else -5
        await world.execute("select api.forget_viewers(%s, %s, %s)", [gone], salt, purges)
        await forget_sets(world, gone, salt, purges=purges)
    await score(world)
    assert await since(world, [1, SITE], "-infinity") == {1: 1, SITE: 1}
    assert await since(world, [1], AS_OF) == {1: 1}
    left = await world.rows(
        "select entry from core.viewer_day union select entry from core.viewer_item"
    )
    assert not {-5 & (2**63 - 1), 7} & {entry for (entry,) in left}


async def forget_sets(world: World, gone: int, salt: int, *, purges: bool, at_most: int = 1) -> int:
    """Look through the sets, so many rows at a time; return how often."""
    place, stretches = ("-infinity", -1, 0), 0
    while place:
        rows = await world.rows(
            """
            select next_day::text, next_item, next_entry
            from api.forget_viewer_sets(%s, %s, %s, %s, %s, %s, %s)
            """,
            [[gone], salt, purges, *place, at_most],
        )
        place, stretches = (rows[0] if rows else ()), stretches + 1
    return stretches


@given(
    history=histories(),
    gone=st.sampled_from([1, 2, -(2**63), 2**63 - 1, 32, 64, -5]),
    purges=st.booleans(),
    at_most=st.integers(1, 9),
)
async def test_whoever_is_forgotten_is_so_in_all_sets_stretch_by_stretch(
    world: World, history: list[list[View]], gone: int, purges: bool, at_most: int
) -> None:
    """Of any item and day, closed or not; all counts stay but where they are purged."""
    await world.execute("truncate core.viewer_day, core.viewer_item, core.viewer_position")
    for batch in history:
        await insert(world, [replace(view, item=view.item + 1) for view in batch])
        await score(world)
    stored = "select count(*) from core.viewer_day"
    mask = 2**63 - 1
    before = await world.value(stored)
    mine = await world.value(stored + " where entry = %s", gone & mask)
    all_time = await since(world, [1, 2, 3, SITE], "-infinity")

    rows = before + await world.value("select count(*) from core.viewer_item")
    stretches = await forget_sets(world, gone, 77, purges=purges, at_most=at_most)

    # What is renamed may be met again, further on.
    assert stretches <= 2 * rows // at_most + 2
    for table in ("viewer_day", "viewer_item"):
        left = f"select count(*) from core.{table} where entry = %s"  # noqa: S608  # no outside text
        assert await world.value(left, gone & mask) == 0
    assert await world.value(stored) == before - (mine if purges else 0)
    if not purges:
        assert await since(world, [1, 2, 3, SITE], "-infinity") == all_time
