"""api.set_like against a plain set, whatever users toggle, set and take back."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Literal
from uuid import uuid4

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.likes.cursor import ABOVE_ALL
from app.likes.queries import (
    LikeState,
    begin_like_reconciliation,
    end_like_reconciliation,
    like_counts_of,
    like_state,
    liked_items,
    recount_likes,
    set_like,
)
from tests.profiles import examples
from tests.sql.world import AS_OF, World

Act = tuple[str, str, bool | None]
"""User, item, and what is wanted; None is a toggle."""

USERS, ITEMS = "ab", "xyz"
acts = st.lists(
    st.tuples(st.sampled_from(USERS), st.sampled_from(ITEMS), st.sampled_from([None, True, False])),
    min_size=1,
    max_size=40,
)


class Oracle:
    """Who likes what, in the order of liking it, and the events that this made."""

    def __init__(self) -> None:
        self.liked: dict[tuple[str, str], int] = {}
        self.known: set[str] = set()
        self.events: Counter[tuple[str, str, Literal["like", "unlike"]]] = Counter()

    def act(self, number: int, act: Act) -> tuple[bool, int] | None:
        user, item, wanted = act
        if wanted is False and item not in self.known:
            return None
        self.known.add(item)
        is_liked = (user, item) in self.liked
        becomes = not is_liked if wanted is None else wanted
        if becomes and not is_liked:
            self.liked[user, item] = number
            self.events[user, item, "like"] += 1
        elif is_liked and not becomes:
            del self.liked[user, item]
            self.events[user, item, "unlike"] += 1
        return becomes, self.count(item)

    def count(self, item: str) -> int:
        return sum(other == item for _, other in self.liked)

    def newest(self, user: str) -> list[str]:
        numbers = {item: number for (who, item), number in self.liked.items() if who == user}
        return sorted(numbers, key=lambda item: numbers[item], reverse=True)


async def act(
    world: World, number: int, user: str, item: str, wanted: bool | None
) -> LikeState | None:
    return await set_like(
        world.connection,
        user_id=user,
        content_type="video",
        content_id=item,
        wanted=wanted,
        registers=True,
        event_id=uuid4(),
        as_of=AS_OF + timedelta(seconds=number),
    )


@examples(15)
@given(history=acts)
async def test_any_history_is_what_a_set_makes_of_it(world: World, history: list[Act]) -> None:
    async with world.connection.transaction(force_rollback=True):
        oracle, versions = Oracle(), Counter[str]()
        for number, (user, item, wanted) in enumerate(history):
            before = oracle.events.total()
            expected = oracle.act(number, (user, item, wanted))
            state = await act(world, number, user, item, wanted)
            assert (state and (state.has_liked, state.likes)) == expected
            versions[item] += oracle.events.total() - before
            assert state is None or state.version == versions[item]
        await _assert_equal(world, oracle, end=AS_OF + timedelta(seconds=len(history)))


async def _assert_equal(world: World, oracle: Oracle, *, end: object) -> None:
    rows = await world.rows(
        """
        select event.user_id, item.external_id, event.event_type::text, count(*)
        from core.event inner join core.item as item using (item_id)
        where event.counted and event.count = 1 and event.occurred_at = event.received_at
        group by 1, 2, 3
        """
    )
    assert {tuple(row[:3]): row[3] for row in rows} == dict(oracle.events)
    fed = await world.rows(
        "select external_id, event_type::text, count(*) from core.score_feed "
        "inner join core.item as item using (item_id) group by 1, 2"
    )
    summed: Counter[tuple[str, str]] = Counter()
    for (_, item, type_), count in oracle.events.items():
        summed[item, type_] += count
    assert {(item, type_): count for item, type_, count in fed} == dict(summed)
    for user in USERS:
        listed = await liked_items(
            world.connection,
            user_id=user,
            before=ABOVE_ALL.liked_at,
            before_item=ABOVE_ALL.item_id,
            most=100,
        )
        assert [row.content_id for row in listed] == oracle.newest(user)
        for item in oracle.known:
            state = await like_state(
                world.connection, user_id=user, content_type="video", content_id=item
            )
            assert state is not None
            assert (state.has_liked, state.likes) == (
                (user, item) in oracle.liked,
                oracle.count(item),
            )
            up, down = (oracle.events[user, item, type_] for type_ in ("like", "unlike"))
            assert up - down == state.has_liked
    for item in oracle.known:
        # What is only in the hypertable yet is in the real-time tail of the aggregates.
        likes = await world.value(
            "select likes_total from api.item_stats('video', %s, %s)", item, end
        )
        assert likes == oracle.count(item)


async def test_stats_and_scores_follow_from_the_aggregates(world: World) -> None:
    for number, (user, wanted) in enumerate([("a", None), ("b", True), ("c", None), ("b", None)]):
        await act(world, number, user, "x", wanted)
    end = AS_OF + timedelta(minutes=5)
    await world.execute("call api.refresh_aggregates(%s, true)", end)
    assert await world.value("select sum(likes) from agg.engagement_1m") == 2
    assert await world.value("select likes_total from api.item_stats('video', 'x', %s)", end) == 2
    await world.run(end, forced=True)
    assert await world.rows("select likes from core.item_window where \"window\" = '24h'") == [(2,)]


async def test_likes_changed_by_hand_are_counted(world: World) -> None:
    for number, (user, item) in enumerate([("a", "x"), ("b", "x"), ("a", "y")]):
        await act(world, number, user, item, True)
    counts = "select likes, version from core.item_like_count order by item_id"
    assert await world.rows(counts) == [(2, 2), (1, 1)]
    await world.execute("delete from core.item_like where user_id = 'a'")
    assert await world.rows(counts) == [(1, 3), (0, 2)]
    await world.execute("update core.item_like set liked = false, changed_at = now()")
    assert await world.rows(counts) == [(0, 4), (0, 2)]
    await world.execute("insert into core.item_like values (2, 'c', false, now())")
    await world.execute("update core.item_like set liked = true")
    assert await world.rows(counts) == [(1, 5), (1, 4)]
    await world.execute(
        "insert into core.item_like select 1, 'user ' || n, n % 3 > 0, now() "
        "from generate_series(1, 3000) as n"
    )
    assert await world.rows(counts) == [(2001, 6), (1, 4)]


async def test_one_like_per_user_and_item_is_a_constraint(world: World) -> None:
    await act(world, 0, "a", "x", True)
    with pytest.raises(psycopg.errors.UniqueViolation, match="item_like_one_per_user"):
        await world.execute("insert into core.item_like select * from core.item_like")


async def test_counts_are_64_bits_wide(world: World) -> None:
    await act(world, 0, "a", "x", True)
    await world.execute("update core.item_like_count set likes = 2^62, version = 2^52")
    state = await act(world, 1, "b", "x", True)
    assert state is not None
    assert (state.likes, state.version) == (2**62 + 1, 2**52 + 1)


async def test_the_service_can_like_but_not_touch_the_tables(world: World) -> None:
    await world.execute("set role groundswell_service")
    try:
        connection = world.connection
        assert await act(world, 0, "a", "x", True)
        assert await like_state(connection, user_id="a", content_type="video", content_id="x")
        assert await liked_items(
            connection, user_id="a", before=ABOVE_ALL.liked_at, before_item=1, most=1
        )
        run = await begin_like_reconciliation(connection, every=timedelta(0))
        assert run is not None
        assert await like_counts_of(connection, items=[("video", "x"), ("video", "y")])
        assert await recount_likes(connection, calls=1) == 0
        await end_like_reconciliation(connection, ledger_id=run.ledger_id, mended=0)
        for statement in (
            "update core.item_like set liked = false",
            "delete from core.item_like_count",
            "update core.like_recount set counted_to = 0",
            "delete from core.job_run",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await world.execute(statement)
    finally:
        await world.execute("reset role")
    await world.execute("set role groundswell_read")
    try:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await act(world, 1, "a", "x", None)
    finally:
        await world.execute("reset role")


@examples(15)
@given(history=acts, drift=st.dictionaries(st.sampled_from(ITEMS), st.integers(0, 4)))
async def test_any_drift_of_counts_is_mended_and_nothing_else_changes(
    world: World, history: list[Act], drift: dict[str, int]
) -> None:
    async with world.connection.transaction(force_rollback=True):
        oracle = Oracle()
        for number, each in enumerate(history):
            oracle.act(number, each)
            await act(world, number, *each)
        for item, likes in drift.items():
            await world.execute(
                "update core.item_like_count set likes = %s where item_id = "
                "(select item_id from core.item where external_id = %s)",
                likes,
                item,
            )
        right = {item: oracle.count(item) for item in oracle.known}
        wrong = {item for item in drift.keys() & right.keys() if drift[item] != right[item]}
        for expected in (len(wrong), 0):
            assert await recount_likes(world.connection, calls=1) == expected
            found = await like_counts_of(
                world.connection, items=[("video", item) for item in ITEMS]
            )
            assert {one.content_id: one.likes for one in found} == right
