"""Top lists stay equal to a recount, whatever writers and publishers do in whatever order."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
import redis.asyncio
from hypothesis import given
from hypothesis import strategies as st

from app.runtime.pool import Pool
from app.runtime.sql import Connection
from app.top import keys
from app.top.changes import switch
from app.top.queries import TopListCounts, top_list_counts
from tests.api.top_stage import CREATORS, LISTS, START, TopStage, Writer, event_of, views
from tests.profiles import examples
from tests.sql.oracle import Event
from tests.sql.world import World


@pytest.fixture
async def stage(
    world: World, api: httpx.AsyncClient, pool: Pool, redis: redis.asyncio.Redis
) -> TopStage:
    return await TopStage.small(world, api, pool, redis)


@dataclass(frozen=True)
class Step:
    """Something that happens; what is committed before a flush waits in its writer."""

    what: str
    events: list[Event] = field(default_factory=list)
    writer: int = 0
    seconds: int = 0


@st.composite
def happenings(draw: st.DrawFn) -> list[Step]:
    """Let writers, runs, publishers and their deaths follow on each other."""
    as_of = START
    known: list[Event] = []
    found = []
    for _ in range(draw(st.integers(6, 12))):
        what: str = draw(
            st.sampled_from(
                ["write"] * 5 + ["run"] * 2 + ["publish"] * 2 + ["flush", "die", "recount"]
            )
        )
        events: list[Event] = []
        seconds = 0
        if what == "write":
            events = draw(st.lists(_event(as_of), max_size=5))
            if known and bool(draw(st.booleans())):
                events += draw(st.lists(st.sampled_from(known), max_size=2))
            known += events
            seconds = draw(st.integers(0, 1))  # whether the writer knows that some came before
        elif what == "run":
            seconds = draw(st.sampled_from([1, 60, 120, 180, 86_400, 6 * 86_400]))
            as_of += timedelta(seconds=seconds)
        found.append(Step(what, events, draw(st.integers(0, 1)), seconds))
    return found


@st.composite
def _event(draw: st.DrawFn, as_of: datetime) -> Event:
    age = draw(st.sampled_from([0, 0, 1, 60, 119, 120, 121, 4_000, 86_400, 7 * 86_400, 8 * 86_400]))
    ahead = draw(st.sampled_from([0, 0, 0, 3_600]))
    at = as_of - timedelta(seconds=age)
    return Event(
        id=draw(st.uuids(version=4)),
        item=draw(st.integers(1, len(CREATORS))),
        type=draw(st.sampled_from(("view", "like", "unlike", "comment", "uncomment", "share"))),
        occurred_at=at + timedelta(seconds=ahead),
        received_at=at if ahead else as_of,
        count=draw(st.integers(1, 4)),
        counted=draw(st.sampled_from([True, True, True, False])),
    )


@examples(5)
@given(steps=happenings())
async def test_lists_equal_a_recount_after_every_step(stage: TopStage, steps: list[Step]) -> None:
    await stage.redis.flushall()
    await stage.world.forget()
    stage.events.clear()
    stage.writers = [Writer(stage.pool, stage.redis) for _ in range(2)]
    await stage.items(*CREATORS)
    as_of, dead = START, None
    # Everything has a list's place or is next to it: whatever happens next, counts.
    for type_ in ("view", "like", "comment"):
        await stage.write([event_of(type_, item, item, as_of) for item in range(1, 6)])
    await stage.world.run(as_of, forced=True)
    assert await stage.publish() == len(LISTS)
    for step in steps:
        if step.what == "die" and dead is None:
            # It has counted, and is frozen before it can switch.
            dead = await stage.half_published()
        as_of = await _do(stage, step, as_of)
        if step.what != "die" and dead is not None and step.writer:
            await stage.redis.delete(keys.TOP_HOLD)  # as it expires
            await stage.flush()
            assert await switch(stage.redis, token=dead[0], version=dead[1]) is False
            dead = None
        if await stage.flush():
            await stage.assert_recounted()
        else:
            assert dead is not None


async def _do(stage: TopStage, step: Step, as_of: datetime) -> datetime:
    """Do what a step says, and return the time after it."""
    match step.what:
        case "write":
            await stage.write(step.events, writer=step.writer, again=bool(step.seconds))
        case "run":
            as_of += timedelta(seconds=step.seconds)
            await stage.world.run(as_of, forced=True)
        case "publish":
            await stage.publish()
        case "recount":
            stage.now += 1_000
            await stage.publish()
        case "flush":
            await stage.flush()
    return as_of


async def test_who_enters_a_list_brings_along_what_came_meanwhile(stage: TopStage) -> None:
    """It was committed after the list was counted, and sent to the list it was not yet in."""
    await stage.items(*"uvwxyz")
    at = START
    await stage.write([views(item, 7 - item, at) for item in range(1, 7)])
    await stage.world.run(at)
    await stage.publish()
    assert await stage.shown("top_viewed") == [("a", 6), ("b", 5)]
    # The list holds four; e and f are below its floor.
    await stage.write([views(6, 1, at)])
    assert await stage.flush()
    await stage.write([views(6, 3, at)])
    await stage.write([views(6, 10, at)], writer=1)
    assert await stage.flush()
    assert await stage.shown("top_viewed") == [("f", 15), ("a", 6)]
    # Of a writer that knows the list before.
    await stage.write([views(6, 20, at), views(2, 90, at)], writer=1)
    assert await stage.flush()
    assert await stage.shown("top_viewed") == [("b", 95), ("f", 35)]
    await stage.assert_recounted()


async def test_a_new_item_and_a_new_creator_are_in_at_once(stage: TopStage) -> None:
    """Of a fresh install, where nothing was ever listed; each list is whole and knows it."""
    await stage.world.run(START)
    await stage.publish()
    assert await stage.shown("top_viewed_today") == []
    await stage.items("x", "y", "x")
    await stage.write([views(1, 2, START), views(3, 50, START), event_of("like", 3, 1, START)])
    assert await stage.flush()
    assert await stage.shown("top_viewed_today") == [("c", 50), ("a", 2)]
    assert await stage.shown("top_creators") == [("x", 1)]
    await stage.write([event_of("unlike", 3, 1, START), event_of("like", 2, 1, START)])
    assert await stage.flush()
    assert await stage.shown("top_liked_week") == [("b", 1)], "nothing is left of the other"
    assert await stage.shown("top_creators") == [("y", 1)]
    await stage.assert_recounted()


async def test_a_list_of_one_type_admits_no_other(stage: TopStage) -> None:
    for name, type_ in (("top_videos", "video"), ("top_films", "movie")):
        await stage.world.execute(
            'insert into core.ranking (name, formula, "window", content_type) '
            "values (%s, 'top_count', '7d', %s)",
            name,
            type_,
        )
    await stage.world.run(START)
    await stage.publish()
    await stage.items("x", "y")
    await stage.write([views(1, 2, START), views(2, 1, START)])
    assert await stage.flush()
    sizes = [await stage.redis.zcard(keys.top_list(f"top_{name}")) for name in ("videos", "films")]
    assert sizes == [2, 0]


async def test_the_first_minutes_of_a_day_are_listed(stage: TopStage) -> None:
    """The run that turned the window found nobody, and the next one is hours away."""
    await stage.items("x", "y")
    await stage.write([views(1, 5, START)])
    await stage.world.run(START)
    await stage.publish()
    midnight = START + timedelta(minutes=2, seconds=1)
    await stage.world.run(midnight)
    await stage.publish()
    assert await stage.shown("top_viewed_today") == []
    await stage.write([views(2, 3, midnight)])
    assert await stage.flush()
    assert await stage.shown("top_viewed_today") == [("b", 3)]
    assert await stage.shown("top_viewed") == [("a", 5), ("b", 3)]


async def test_who_falls_makes_room_for_who_was_below_the_floor(stage: TopStage) -> None:
    await stage.items(*"uvwxyz")
    await stage.write([event_of("like", item, 9 - item, START) for item in range(1, 7)])
    await stage.world.run(START)
    await stage.publish()
    await stage.write([event_of("unlike", item, 8, START) for item in range(1, 4)])
    assert await stage.flush()
    assert await stage.publish() >= 1, "e may belong there, and is not known"
    await stage.assert_recounted()
    assert await stage.shown("top_liked_week") == [("d", 5), ("e", 4)]


async def test_who_is_far_below_is_counted_again_when_it_may_be_there(
    stage: TopStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By one writer alone, and by eight of which each sees an eighth."""
    asked: list[list[int]] = []

    async def counted(connection: Connection, **wanted: Any) -> TopListCounts | None:
        asked.append(wanted["item_ids"])
        return await top_list_counts(connection, **wanted)

    monkeypatch.setattr("app.top.entrants.top_list_counts", counted)
    await stage.world.only("top_viewed")
    stage.writers = [Writer(stage.pool, stage.redis) for _ in range(8)]
    await stage.items(*"uvwxyz")
    await stage.write([views(item, 1_100 - 100 * item, START) for item in range(1, 5)])
    await stage.world.run(START)
    await stage.publish()
    await stage.write([views(5, 1, START)])
    assert await stage.flush()
    await stage.write([views(5, 80, START)])
    assert await stage.flush()
    assert asked == [[5]], "the floor is 700"
    await stage.write([views(5, 800, START)])
    assert await stage.flush()
    assert asked == [[5], [5]]
    assert await stage.shown("top_viewed") == [("a", 1_000), ("b", 900)]
    for _ in range(9):
        for writer in range(8):
            await stage.write([views(6, 20, START)], writer=writer)
        assert await stage.flush()
        await stage.assert_recounted()
    assert await stage.shown("top_viewed") == [("f", 1_440), ("a", 1_000)]
    # Another version has another floor.
    await stage.write([views(item, 1, START) for item in (5, 6)])
    stage.now += 301
    await stage.publish()
    await stage.assert_recounted()


async def test_a_list_that_has_grown_is_cut(stage: TopStage) -> None:
    names = 120
    stage.names = [f"n{number}" for number in range(names)]
    for name in stage.names:
        await stage.world.item(name)
    await stage.world.run(START)
    await stage.publish()
    await stage.write([views(item, item, START) for item in range(1, names + 1)])
    assert await stage.flush()
    key = keys.top_list("top_viewed")
    assert await stage.redis.zcard(key) == names
    await stage.publish()
    assert await stage.redis.zcard(key) == 4
    await stage.assert_recounted()


async def test_another_creator_is_followed_within_a_minute(stage: TopStage) -> None:
    await stage.items("x", "y")
    await stage.write([event_of("like", item, item, START) for item in (1, 2)])
    await stage.world.run(START)
    await stage.publish()
    await stage.world.execute("update core.item set creator = 'z' where external_id = 'b'")
    stage.now += 59
    await stage.publish()
    assert await stage.shown("top_creators") == [("z", 2), ("x", 1)]


async def test_who_is_excluded_leaves_and_comes_back(stage: TopStage) -> None:
    await stage.items("x", "y")
    await stage.write([views(1, 5, START), views(2, 4, START)])
    await stage.world.run(START)
    await stage.publish()
    await stage.world.execute(
        "insert into core.item_exclusion (item_id, reason, excluded_by, excluded_at) "
        "values (1, 'spam', 'me', now())"
    )
    await stage.publish()
    await stage.write([views(1, 5, START)])
    assert await stage.flush()
    assert await stage.shown("top_viewed") == [("b", 4)]
    await stage.world.execute("update core.item_exclusion set lifted_at = now(), lifted_by = 'me'")
    await stage.publish()
    assert await stage.shown("top_viewed") == [("a", 10), ("b", 4)]
