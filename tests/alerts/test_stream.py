"""The event stream: every alert once and in order, whoever comes back, however slow."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import partial

import msgspec
import pytest
from anyio import create_task_group
from prometheus_client import REGISTRY

from app.alerts import feed as feeding
from app.alerts.feed import AlertFeed, StreamEvent
from app.runtime.pool import open_pool
from app.settings import Settings
from tests.alerting import enters_top, subscribe
from tests.alerts.listening import Heard, following, raise_one
from tests.eventually import eventually
from tests.sql.world import World


async def test_all_callers_hear_what_is_raised(world: World, feed: AlertFeed) -> None:
    mine = await subscribe(world, enters_top(1), ranking="trending_24h")
    other = await subscribe(world, enters_top(1), ranking="hot")
    await raise_one(world, mine)
    everything = Heard(feed.follow())
    hot = Heard(feed.follow(ranking="hot"))
    only = Heard(feed.follow(subscription_id=mine))
    for heard in (everything, hot, only):
        await eventually(heard.begun)
    first, second, third = [await raise_one(world, which) for which in (mine, other, mine)]
    await eventually(lambda: everything.has(first, second, third))
    await eventually(lambda: hot.has(second))
    await eventually(lambda: only.has(first, third))


async def test_who_comes_back_misses_and_repeats_nothing(
    world: World, feed: AlertFeed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the past is read page by page while more is raised."""
    monkeypatch.setattr(feeding, "PAGE", 3)
    mine = await subscribe(world, enters_top(1), ranking="trending_24h")
    raised = [await raise_one(world, mine)]
    heard = Heard(feed.follow(after=0))
    for round_ in range(6):
        await eventually(partial(heard.has, *raised))
        assert heard.position is not None
        last, seen = heard.position, heard.ids
        await heard.leave()
        raised += [await raise_one(world, mine) for _ in range(4)]
        heard = Heard(feed.follow(after=last))
        heard.ids = seen
        raised += [await raise_one(world, mine) for _ in range(round_)]
    await eventually(lambda: heard.has(*raised))
    assert len(raised) == 1 + 6 * 4 + 15


async def test_it_ends_wherever_it_is_cancelled(world: World, feed: AlertFeed) -> None:
    """As a server cancels it whose caller has hung up: again at each step, until it has ended."""
    mine = await subscribe(world, enters_top(1), ranking="trending_24h")
    await raise_one(world, mine)
    first = Heard(feed.follow(after=0))
    await eventually(first.begun)

    async def hear(events: AsyncGenerator[StreamEvent | None]) -> None:
        async with aclosing(events):
            async for _ in events:
                pass

    for steps in range(40):
        async with create_task_group() as group:
            group.start_soon(hear, feed.follow(after=0))
            for _ in range(steps):
                await asyncio.sleep(0)
            group.cancel_scope.cancel()
    assert REGISTRY.get_sample_value("groundswell_alert_streams") == 1
    await first.leave()


async def test_who_has_heard_nothing_yet_resumes_from_where_it_began(
    world: World, feed: AlertFeed
) -> None:
    mine = await subscribe(world, enters_top(1), ranking="trending_24h")
    other = await subscribe(world, enters_top(1), ranking="hot")
    heard = Heard(feed.follow(subscription_id=mine, heartbeat=0.02))
    await eventually(heard.begun)
    newest = await raise_one(world, other)

    async def moved_on() -> bool:
        return heard.position == newest

    # A heartbeat moves on past what it does not want.
    await eventually(moved_on)
    await heard.leave()
    missed = await raise_one(world, mine)
    back = Heard(feed.follow(subscription_id=mine, after=heard.position))
    await eventually(lambda: back.has(missed))


async def test_a_slow_caller_delays_nobody_and_is_sent_all_of_it(
    world: World, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where there is one connection for all: none is held while a page is taken."""
    monkeypatch.setattr(feeding, "PAGE", 5)
    mine = await subscribe(world, enters_top(1), ranking="trending_24h")
    raised = [await raise_one(world, mine) for _ in range(8)]
    own = msgspec.structs.replace(settings, pool_size=1)
    async with open_pool(own) as pool, following(AlertFeed(settings=own, pool=pool)) as feed:
        slow = feed.follow(after=raised[0] - 1)
        first = await anext(slow)
        quick = Heard(feed.follow(after=raised[0] - 1))
        for _ in range(8):
            raised.append(await raise_one(world, mine))
            await eventually(partial(quick.has, *raised))
        taken = [first.alert_id] if first else []
        while len(taken) < len(raised):
            event = await anext(slow)
            if event and event.data:
                taken.append(event.alert_id)
        assert taken == raised
        await quick.leave()


async def test_a_caller_may_leave_between_two_beats(feed: AlertFeed) -> None:
    events = feed.follow(heartbeat=0.02)
    while await anext(events) is None:
        pass  # It has not begun: the database is slower than its heart.
    assert await anext(events) is None
    await events.aclose()
    assert not feed._streams


async def test_who_has_seen_more_than_this_process_hears_nothing_twice(
    world: World, feed: AlertFeed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was another process's caller, and this one has not noticed the newest alert yet."""
    monkeypatch.setattr(feeding, "GATHER_SECONDS", 600.0)
    mine = await subscribe(world, enters_top(1), ranking="trending_24h")
    await raise_one(world, mine)
    first = Heard(feed.follow())
    await eventually(first.begun)
    seen = await raise_one(world, mine)
    back = Heard(feed.follow(after=seen))
    await eventually(back.begun)
    assert (back.position, back.ids) == (seen, [])
    assert first.ids == []
