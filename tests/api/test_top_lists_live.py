"""Top lists stay equal to a recount, whatever writers and publishers do in whatever order."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
import redis.asyncio
from hypothesis import given
from hypothesis import strategies as st

from app.runtime.pool import Pool, open_pool
from app.runtime.sql import Connection
from app.settings import Settings
from app.top import keys
from app.top.changes import hold, switch
from app.top.lists import Version
from app.top.live_counts import LiveCounts
from app.top.queries import TopListCounts, TopListSettings, top_list_counts, top_lists
from tests.api.top_stage import LISTS, TopStage, Writer
from tests.eventually import eventually
from tests.profiles import examples
from tests.sql.oracle import Event
from tests.sql.world import World

START = datetime(2026, 3, 29, 23, 58, tzinfo=UTC)
"""Two minutes before a new day, which is a Monday's."""
CREATORS = ("x", "y", None, "x", "z")


@pytest.fixture
async def stage(
    world: World, api: httpx.AsyncClient, pool: Pool, redis: redis.asyncio.Redis
) -> TopStage:
    await world.only(*LISTS)
    # So few that some are always left out, and enter when they overtake.
    await world.execute("update core.ranking set size = 2, schedule = '30 3 * * *'")
    return TopStage(world, api, pool, redis)


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
        await stage.write([_event_of(type_, item, item, as_of) for item in range(1, 6)])
    await stage.world.run(as_of, forced=True)
    assert await stage.publish() == len(LISTS)
    for step in steps:
        if step.what == "die" and dead is None:
            # It has counted, and is frozen before it can switch.
            dead = await _half_published(stage)
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


async def _half_published(stage: TopStage) -> tuple[str, Version]:
    assert await hold(stage.redis, token="dead", seconds=600)
    async with stage.pool.connection() as connection:
        wanted = (await _settings(stage))["top_viewed"]
        counted = await top_list_counts(
            connection, window="7d", metric="views", subject="item", content_type=None, most=4
        )
    assert counted is not None
    return "dead", stage.publisher.version_of(wanted, counted, most=4)


async def _settings(stage: TopStage) -> dict[str, TopListSettings]:
    async with stage.pool.connection() as connection:
        return {one.ranking: one for one in await top_lists(connection)}


async def test_who_enters_a_list_brings_along_what_came_meanwhile(stage: TopStage) -> None:
    """It was committed after the list was counted, and sent to the list it was not yet in."""
    await stage.items(*"uvwxyz")
    at = START
    await stage.write([_views(item, 7 - item, at) for item in range(1, 7)])
    await stage.world.run(at)
    await stage.publish()
    assert await stage.shown("top_viewed") == [("a", 6), ("b", 5)]
    # The list holds four; e and f are below its floor.
    await stage.write([_views(6, 1, at)])
    assert await stage.flush()
    await stage.write([_views(6, 3, at)])
    await stage.write([_views(6, 10, at)], writer=1)
    assert await stage.flush()
    assert await stage.shown("top_viewed") == [("f", 15), ("a", 6)]
    # Of a writer that knows the list before.
    await stage.write([_views(6, 20, at), _views(2, 90, at)], writer=1)
    assert await stage.flush()
    assert await stage.shown("top_viewed") == [("b", 95), ("f", 35)]
    await stage.assert_recounted()


async def test_a_new_item_and_a_new_creator_are_in_at_once(stage: TopStage) -> None:
    """Of a fresh install, where nothing was ever listed; each list is whole and knows it."""
    await stage.world.run(START)
    await stage.publish()
    assert await stage.shown("top_viewed_today") == []
    await stage.items("x", "y", "x")
    await stage.write([_views(1, 2, START), _views(3, 50, START), _event_of("like", 3, 1, START)])
    assert await stage.flush()
    assert await stage.shown("top_viewed_today") == [("c", 50), ("a", 2)]
    assert await stage.shown("top_creators") == [("x", 1)]
    await stage.write([_event_of("unlike", 3, 1, START), _event_of("like", 2, 1, START)])
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
    await stage.write([_views(1, 2, START), _views(2, 1, START)])
    assert await stage.flush()
    sizes = [await stage.redis.zcard(keys.top_list(f"top_{name}")) for name in ("videos", "films")]
    assert sizes == [2, 0]


async def test_the_first_minutes_of_a_day_are_listed(stage: TopStage) -> None:
    """The run that turned the window found nobody, and the next one is hours away."""
    await stage.items("x", "y")
    await stage.write([_views(1, 5, START)])
    await stage.world.run(START)
    await stage.publish()
    midnight = START + timedelta(minutes=2, seconds=1)
    await stage.world.run(midnight)
    await stage.publish()
    assert await stage.shown("top_viewed_today") == []
    await stage.write([_views(2, 3, midnight)])
    assert await stage.flush()
    assert await stage.shown("top_viewed_today") == [("b", 3)]
    assert await stage.shown("top_viewed") == [("a", 5), ("b", 3)]


async def test_who_falls_makes_room_for_who_was_below_the_floor(stage: TopStage) -> None:
    await stage.items(*"uvwxyz")
    await stage.write([_event_of("like", item, 9 - item, START) for item in range(1, 7)])
    await stage.world.run(START)
    await stage.publish()
    await stage.write([_event_of("unlike", item, 8, START) for item in range(1, 4)])
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
    await stage.write([_views(item, 1_100 - 100 * item, START) for item in range(1, 5)])
    await stage.world.run(START)
    await stage.publish()
    await stage.write([_views(5, 1, START)])
    assert await stage.flush()
    await stage.write([_views(5, 80, START)])
    assert await stage.flush()
    assert asked == [[5]], "the floor is 700"
    await stage.write([_views(5, 800, START)])
    assert await stage.flush()
    assert asked == [[5], [5]]
    assert await stage.shown("top_viewed") == [("a", 1_000), ("b", 900)]
    for _ in range(9):
        for writer in range(8):
            await stage.write([_views(6, 20, START)], writer=writer)
        assert await stage.flush()
        await stage.assert_recounted()
    assert await stage.shown("top_viewed") == [("f", 1_440), ("a", 1_000)]
    # Another version has another floor.
    await stage.write([_views(item, 1, START) for item in (5, 6)])
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
    await stage.write([_views(item, item, START) for item in range(1, names + 1)])
    assert await stage.flush()
    key = keys.top_list("top_viewed")
    assert await stage.redis.zcard(key) == names
    await stage.publish()
    assert await stage.redis.zcard(key) == 4
    await stage.assert_recounted()


async def test_another_creator_is_followed_within_a_minute(stage: TopStage) -> None:
    await stage.items("x", "y")
    await stage.write([_event_of("like", item, item, START) for item in (1, 2)])
    await stage.world.run(START)
    await stage.publish()
    await stage.world.execute("update core.item set creator = 'z' where external_id = 'b'")
    stage.now += 59
    await stage.publish()
    assert await stage.shown("top_creators") == [("z", 2), ("x", 1)]


async def test_who_is_excluded_leaves_and_comes_back(stage: TopStage) -> None:
    await stage.items("x", "y")
    await stage.write([_views(1, 5, START), _views(2, 4, START)])
    await stage.world.run(START)
    await stage.publish()
    await stage.world.execute(
        "insert into core.item_exclusion (item_id, reason, excluded_by, excluded_at) "
        "values (1, 'spam', 'me', now())"
    )
    await stage.publish()
    await stage.write([_views(1, 5, START)])
    assert await stage.flush()
    assert await stage.shown("top_viewed") == [("b", 4)]
    await stage.world.execute("update core.item_exclusion set lifted_at = now(), lifted_by = 'me'")
    await stage.publish()
    assert await stage.shown("top_viewed") == [("a", 10), ("b", 4)]


async def test_what_was_committed_before_the_count_but_sent_after_it_counts_once(
    stage: TopStage,
) -> None:
    await stage.items("x", "y")
    await stage.write([_views(1, 5, START), _views(2, 4, START)])
    await stage.world.run(START)
    await stage.write([_views(1, 3, START)])
    await stage.publish()
    assert await stage.shown("top_viewed") == [("a", 8), ("b", 4)]

    # With what was committed after it, at once.
    await stage.write([_views(1, 2, START), _views(2, 1, START)])
    assert await stage.flush()

    assert await stage.shown("top_viewed") == [("a", 10), ("b", 5)]


async def test_while_a_publisher_is_at_work_writers_wait(stage: TopStage) -> None:
    await stage.items("x", "y")
    await stage.write([_views(1, 5, START), _views(2, 4, START)])
    await stage.world.run(START)
    await stage.publish()
    token, version = await _half_published(stage)
    await stage.write([_views(2, 9, START)])
    assert await stage.flush() is False
    assert await stage.shown("top_viewed") == [("a", 5), ("b", 4)]
    assert await stage.publish() == 0, "another publisher keeps off"

    assert await switch(stage.redis, token=token, version=version) is True

    assert await stage.flush()
    assert await stage.shown("top_viewed") == [("b", 13), ("a", 5)]


async def test_what_redis_lost_is_right_again_after_some_minutes(stage: TopStage) -> None:
    await stage.items("x", "y")
    await stage.write([_views(1, 5, START), _views(2, 4, START)])
    await stage.world.run(START)
    await stage.publish()
    await stage.write([_views(2, 9, START)])
    stage.writers[0] = Writer(stage.pool, stage.redis)  # killed before it could send
    assert await stage.flush()
    assert await stage.publish() == 0
    assert await stage.shown("top_viewed") == [("a", 5), ("b", 4)]

    stage.now += 301

    assert await stage.publish() == len(LISTS)
    await stage.assert_recounted()
    assert await stage.shown("top_viewed") == [("b", 13), ("a", 5)]


async def test_a_list_that_takes_too_long_to_count_rests(
    stage: TopStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(*_: object, **__: object) -> None:
        await asyncio.Event().wait()

    await stage.items("x", "y")
    await stage.write([_views(1, 5, START), _views(2, 4, START)])
    await stage.world.run(START)
    with monkeypatch.context() as patched:
        patched.setattr("app.top.publisher.top_list_counts", never)
        stage.publisher.count_seconds = 0.05
        assert await stage.publish() == 0
    stage.publisher.count_seconds = 20.0
    assert await stage.publish() == 0
    assert await stage.flush(), "no hold is left behind"

    stage.now += 301

    assert await stage.publish() == len(LISTS)
    await stage.assert_recounted()


async def test_writers_and_a_publisher_at_once(
    stage: TopStage, settings: Settings, redis: redis.asyncio.Redis
) -> None:
    """Each of four commits batch upon batch, while lists are replaced as fast as they can be."""
    await stage.items(*CREATORS)
    chance = random.Random(5)  # noqa: S311
    await stage.write([_views(item, item, START) for item in range(1, 6)])
    await stage.world.run(START, forced=True)
    await stage.publish()
    done = asyncio.Event()
    replaced = 0

    async def publish() -> None:
        nonlocal replaced
        while not done.is_set():
            for wanted in (await _settings(stage)).values():
                replaced += await stage.publisher.replace(wanted) is not None

    async def write(pool: Pool, live: LiveCounts, number: int) -> None:
        writer = Writer(pool, redis)
        writer.live = live
        writer.inserter = type(writer.inserter)(late_seconds=3_600, on_commit=live.add)
        for batch in range(12):
            events = [
                Event(
                    id=UUID(int=number * 10_000 + batch * 100 + place, version=4),
                    item=chance.randint(1, 5),
                    type=chance.choice(["view", "like", "unlike", "comment"]),
                    occurred_at=START + timedelta(minutes=chance.choice([-200_000, -1, 0, 1])),
                    received_at=START,
                )
                for place in range(20)
            ]
            for event in events:
                stage.events[event.id] = event
            await writer.insert(events, stage.names)

    async with open_pool(settings) as pool, asyncio.TaskGroup() as group:
        group.create_task(publish())
        lives = [LiveCounts(redis, pool) for _ in range(4)]
        stop = asyncio.Event()
        for live in lives:
            group.create_task(live.run(stop))
        await asyncio.gather(*(write(pool, live, n) for n, live in enumerate(lives)))
        await stage.world.run(START + timedelta(seconds=1), forced=True)
        done.set()
        stop.set()

    async def settled() -> bool:
        await stage.flush()
        return not await redis.exists(keys.TOP_HOLD)

    await eventually(settled)
    assert replaced >= len(LISTS)
    await stage.assert_recounted()


def _views(item: int, count: int, at: datetime) -> Event:
    return _event_of("view", item, count, at)


def _event_of(type_: str, item: int, count: int, at: datetime) -> Event:
    return Event(item=item, type=type_, occurred_at=at, received_at=at, count=count)
