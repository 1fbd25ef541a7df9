"""What must hold of any history: more is never less, undoing undoes, scale is only scale."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.profiles import examples
from tests.sql.comparing import all_ranked
from tests.sql.oracle import Event, Key
from tests.sql.strategies import Batch, batches
from tests.sql.world import AS_OF, World

RANKINGS = """
insert into core.ranking (name, formula, "window", options, half_life, recent_half_life)
values
('r', 'weighted_decay', '7d', '{}', '8 hours', '2 hours'),
('all', 'weighted_decay', 'all', '{}', null, '1 day'),
('gravity', 'gravity', '7d', '{}', null, null),
('reddit', 'reddit_hot', '7d', '{}', null, null),
('likes', 'top_count', '7d', '{"metric": "likes"}', null, null),
('rated', 'wilson', '7d', '{}', null, null)
"""
few = examples(6)
histories = batches(gaps=[60, 3_600, 86_400], most=10)


async def live(world: World, history: list[Batch]) -> Batch:
    """Live through a history in which every item has just been viewed; return its end."""
    if not await world.settings("r"):
        await world.only()
        await world.execute(RANKINGS)
    await world.forget()
    for name in "abcde":
        await world.item(name)
    end = history[-1]
    for batch in history:
        await world.insert(batch.events)
    await world.insert([now("view", item, end) for item in range(1, 6)])
    await world.run(end.as_of, forced=True)
    return end


def now(type_: str, item: int, batch: Batch, count: int = 1) -> Event:
    at = batch.as_of - timedelta(seconds=1)
    return Event(
        item=item,
        type=type_,
        occurred_at=at,
        received_at=at,
        count=count,
        seconds=30 if type_ == "watch_time" else None,
    )


async def scores(world: World, end: Batch) -> dict[str, dict[Key, float]]:
    computed = await all_ranked(world, end.as_of)
    return {
        name: {key: score for _, key, score in lists.get("", [])}
        for name, lists in computed.items()
    }


@few
@given(
    history=histories,
    item=st.integers(1, 5),
    type_=st.sampled_from(["view", "like", "comment", "share", "watch_time"]),
    count=st.integers(1, 1_000),
)
async def test_more_is_never_less(
    world: World, history: list[Batch], item: int, type_: str, count: int
) -> None:
    """Of any positive count; and a decayed score rises by it, and nobody else's moves."""
    end = await live(world, history)
    before = await scores(world, end)

    await world.insert([now(type_, item, end, count)])
    await world.run(end.as_of, forced=True)

    after = await scores(world, end)
    for name in ("r", "all"):
        earlier, later = before.get(name, {}), after.get(name, {})
        # A like may have to make up for more unlikes than there were likes.
        if type_ in {"like", "comment"}:
            assert later.get(item, 0) >= earlier.get(item, 0)
        else:
            assert item not in later or later[item] > earlier.get(item, 0)
        assert item in later or item not in earlier
        others = {key: score for key, score in later.items() if key != item}
        assert others == pytest.approx({k: v for k, v in earlier.items() if k != item})
    for name in ("gravity", "reddit", "likes"):
        assert after.get(name, {}).get(item, -1e9) >= before.get(name, {}).get(item, -1e9)
    if type_ == "like":
        assert after["rated"][item] >= before["rated"][item]


@few
@given(history=histories, item=st.integers(1, 5), count=st.integers(1, 1_000_000))
async def test_an_unlike_at_the_like_s_time_undoes_it(
    world: World, history: list[Batch], item: int, count: int
) -> None:
    end = await live(world, history)
    before = await scores(world, end)

    for type_ in ("like", "unlike"):
        await world.insert([now(type_, item, end, count)])
        await world.run(end.as_of, forced=True)

    after = await scores(world, end)
    assert after.keys() == before.keys()
    for name, expected in before.items():
        # Of five points each, counted twice: what float error is relative to.
        tolerance = 10 * count * 1e-12
        assert after[name] == pytest.approx(expected, rel=1e-9, abs=tolerance), name


@few
@given(history=histories, scale=st.sampled_from([0.001, 0.5, 3, 1_000]))
async def test_scaled_weights_scale_scores_and_keep_the_order(
    world: World, history: list[Batch], scale: float
) -> None:
    end = await live(world, history)
    before = (await scores(world, end)).get("r", {})

    await world.connection.execute(
        """
        update core.ranking set
            view_weight = 1 * %(k)s, like_weight = 5 * %(k)s, comment_weight = 3 * %(k)s,
            share_weight = 4 * %(k)s, watch_minute_weight = 0.1 * %(k)s
        where name = 'r'
        """,
        {"k": scale},
    )
    await world.run(end.as_of, forced=True)
    after = (await scores(world, end)).get("r", {})
    await world.execute(
        """
        update core.ranking set
            view_weight = null, like_weight = null, comment_weight = null, share_weight = null,
            watch_minute_weight = null
        where name = 'r'
        """
    )

    assert after == pytest.approx({key: score * scale for key, score in before.items()}, rel=1e-9)
    assert list(after) == sorted(after, key=lambda key: (-after[key], key))


@few
@given(history=histories)
async def test_the_top_is_the_head_of_the_whole_and_equals_a_recount(
    world: World, history: list[Batch]
) -> None:
    end = await live(world, history)
    rows = await world.rows(
        """
        select r.name, wanted, array(
            select (item_id, score)::text
            from api.weighted_decay_top(
                jsonb_populate_record(r, jsonb_build_object('size', wanted)), %(as_of)s
            )
        ) = array(
            select (item_id, score)::text from api.weighted_decay(r, %(as_of)s)
            order by score desc, item_id limit wanted
        )
        from core.ranking as r
        cross join generate_series(1, 6) as wanted
        where r.formula = 'weighted_decay'
        """,
        {"as_of": end.as_of},
    )
    assert len(rows) == 12
    assert [row for row in rows if not row[2]] == []

    for name in ("r", "all"):
        recounted = await world.rows(
            """
            select place.item_id, place.score
            from core.ranking as r
            cross join lateral api.weighted_decay_recount(r, %s) as place
            where r.name = %s
            """,
            [end.as_of, name],
        )
        found = (await scores(world, end)).get(name, {})
        assert found == pytest.approx(dict(recounted), rel=1e-9, abs=1e-5)


async def test_where_all_are_equal_the_order_is_that_of_the_items(world: World) -> None:
    """Seven formulas, five items with the same events: nothing but the item to go by."""
    await world.only()
    await world.execute(RANKINGS)
    await world.execute(
        """
        insert into core.ranking (name, formula, "window", options)
        values ('minmax', 'minmax_hot', '24h', '{}'), ('break', 'breakout', '1h', '{}')
        """
    )
    items = [await world.item(name) for name in "abcde"]
    for item in reversed(items):
        await world.happened(item, "view", 30)
        await world.happened(item, "like", 3)
        await world.happened(item, "view", 23, ago=timedelta(hours=5))

    await world.run()

    computed = await all_ranked(world, AS_OF)
    assert len(computed) == 8
    for name, lists in computed.items():
        assert [key for _, key, _ in lists[""]] == items, name
