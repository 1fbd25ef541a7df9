"""Taking back never raises a score, a rank or a membership, in any formula."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.profiles import examples
from tests.sql.comparing import all_ranked
from tests.sql.oracle import Event, Key
from tests.sql.strategies import EDGES, Batch, batches
from tests.sql.world import AS_OF, World

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
PREVIEW = """
select content_id::bigint, rank, score
from api.preview_ranking(%s, '{"size": 900, "view_weight": 2}', %s)
"""
MORE = """
insert into core.ranking (name, formula, "window", options, subject)
values
('points_now', 'reddit_hot', '24h', '{}', 'item'),
('likes_break_out', 'breakout', '24h', '{"metric": "likes", "minSupport": 0}', 'item'),
('comments_break_out', 'breakout', '1h', '{"metric": "comments", "minSupport": 1}', 'item'),
('kinds_break_out', 'breakout', '1h', '{"metric": "likes", "minSupport": 0}', 'category'),
('gravity_now', 'gravity', '1h', '{}', 'item')
"""
Lists = dict[str, dict[Key, tuple[int, float]]]


async def lists(world: World, batch: Batch) -> Lists:
    """Rank and score of everything, in every ranking and segment, and in previews of some."""
    found: Lists = {}
    for name, segments in (await all_ranked(world, batch.as_of)).items():
        for segment, places in segments.items():
            found[f"{name} {segment}"] = {key: (rank, score) for rank, key, score in places}
    for name in ("hot", "trending_24h", "likes_break_out"):
        rows = await world.rows(PREVIEW, [name, batch.as_of])
        found[f"preview of {name}"] = {key: (rank, score) for key, rank, score in rows}
    return found


@examples(4)
@given(
    history=batches(gaps=[60, 3_600, 86_400], most=12),
    item=st.integers(1, 5),
    taking=st.tuples(st.sampled_from(["unlike", "uncomment"]), st.sampled_from([1, 3, 1_000])),
    age=st.sampled_from([0, 90, *EDGES]) | st.integers(0, 40 * 86_400),
)
async def test_taking_back_raises_nothing(
    world: World, history: list[Batch], item: int, taking: tuple[str, int], age: int
) -> None:
    """In every shipped ranking, its segments, all formulas and windows, and in previews."""
    await world.forget()
    if not await world.settings("points_now"):
        await world.execute(MORE)
    for number in range(1, 6):
        await world.item(str(number), category="ab"[number % 2], creator="c")
    for batch in history:
        await world.insert(batch.events)
        await world.run(batch.as_of)
    before = await lists(world, batch)
    order = await newest(world)

    at = batch.as_of - timedelta(seconds=age)
    type_, count = taking
    taken = Event(item=item, type=type_, occurred_at=at, received_at=batch.as_of, count=count)
    await world.insert([taken])
    await world.run(batch.as_of)

    after = await lists(world, batch)
    for name, places in after.items():
        for key in places.keys() & {item, "ab"[item % 2], "c"}:
            assert key in before.get(name, {}), f"{key} has entered {name}"
            was_rank, was = before[name][key]
            rank, score = places[key]
            assert score <= was + 1e-9 * abs(was), f"{key} in {name}"
            tied = [k for k, (_, s) in before[name].items() if s == pytest.approx(was, rel=1e-9)]
            assert rank >= was_rank - len(tied) + 1, f"{key} in {name}"
    assert (await newest(world)).index(item) >= order.index(item)


async def newest(world: World) -> list[int]:
    rows = await world.rows(
        "select item_id from api.list_items('new', null, null, null, null, null, null, 100)"
    )
    return [item for (item,) in rows]


async def test_an_unlike_of_an_old_like_makes_nobody_hot(world: World) -> None:
    """Two items viewed 20 hours ago, of which one was liked; a third one now."""
    await world.only("hot")
    a, b, c = [await world.item(name) for name in "abc"]
    for item in (a, b):
        await world.happened(item, "view", 10, ago=20 * HOUR)
    await world.happened(b, "like", ago=20 * HOUR)
    await world.happened(c, "view", 5)
    await world.run()
    before = await world.scores("hot")
    await world.happened(b, "unlike")
    await world.run(forced=True)
    assert await world.scores("hot") == before


async def test_an_item_that_only_lost_something_is_in_no_list(world: World) -> None:
    """Nor is it once the window has left all but an unlike; and one that comes back counts it."""
    await world.ranking("r", formula="gravity", window="1h")
    await world.item("a", published_at=AS_OF - 9 * HOUR)
    await world.happened(1, "like", 3, ago=5 * HOUR)
    await world.happened(1, "unlike", 2, ago=HOUR / 2)
    await world.run()
    assert await world.scores("r") == {}
    assert (await world.windows())["1h"][1].likes == -2
    await world.happened(1, "like", 1)
    await world.run(AS_OF, forced=True)
    # 3 - 2 + 1 likes are 10 points.
    assert await world.scores("r") == {1: pytest.approx(9**0.8 / 11**1.8)}
    await world.run(AS_OF + HOUR * 3 / 4, forced=True)
    assert (await world.windows())["1h"][1].likes == 1
    await world.run(AS_OF + 2 * HOUR, forced=True)
    assert "1h" not in await world.windows()
