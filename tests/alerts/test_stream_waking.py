"""What wakes the streams: little, and nothing that could stop their hearts."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import pytest

from app.alerts import feed as feeding
from app.alerts import queries
from app.alerts.feed import AlertFeed
from app.alerts.queries import RaisedAlert
from tests.alerting import enters_top, subscribe
from tests.alerts.listening import Heard, raise_one
from tests.eventually import eventually
from tests.sql.world import World


async def test_many_callers_cost_a_query_each_when_there_is_something_new(
    world: World, feed: AlertFeed, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = reads = 0
    newest_alert, alerts_after = queries.newest_alert, queries.alerts_after

    async def looked(connection: Any) -> int:
        nonlocal looks
        looks += 1
        return await newest_alert(connection)

    async def read(connection: Any, **filters: Any) -> list[RaisedAlert]:
        nonlocal reads
        reads += 1
        return await alerts_after(connection, **filters)

    monkeypatch.setattr(feeding, "newest_alert", looked)
    monkeypatch.setattr(feeding, "alerts_after", read)
    monkeypatch.setattr(feeding, "POLL_SECONDS", 600.0)
    mine = await subscribe(world, enters_top(1), ranking="trending_24h")
    callers = [Heard(feed.follow(heartbeat=0.05)) for _ in range(50)]
    for heard in callers:
        await eventually(heard.begun)
    # While nothing is raised, nobody asks.
    for heard, beats in [(heard, heard.beats + 3) for heard in callers]:
        await eventually(partial(heard.beaten, beats))
    assert reads == 50
    raised = await raise_one(world, mine)
    for heard in callers:
        await eventually(partial(heard.has, raised))
    for heard, beats in [(heard, heard.beats + 1) for heard in callers]:
        await eventually(partial(heard.beaten, beats))
    # Begun, the first look when it listens to the database, and one alert.
    assert looks <= 4
    assert reads == 100
    for heard in callers:
        await heard.leave()
    assert not feed._streams


async def test_alerts_in_quick_succession_wake_the_streams_once(
    world: World, feed: AlertFeed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All but the first wait for each other."""
    reads = 0
    alerts_after = queries.alerts_after

    async def read(connection: Any, **filters: Any) -> list[RaisedAlert]:
        nonlocal reads
        reads += 1
        return await alerts_after(connection, **filters)

    monkeypatch.setattr(feeding, "alerts_after", read)
    monkeypatch.setattr(feeding, "GATHER_SECONDS", 2.0)
    mine = await subscribe(world, enters_top(1), ranking="trending_24h")
    heard = Heard(feed.follow())
    await eventually(heard.begun)
    raised = [await raise_one(world, mine) for _ in range(10)]
    await eventually(lambda: heard.has(*raised))
    assert reads <= 3


async def test_what_a_caller_does_not_want_does_not_keep_it_silent(
    world: World, feed: AlertFeed
) -> None:
    """It is woken more often than its heart beats, and never for anything of its own."""
    mine = await subscribe(world, enters_top(1), ranking="trending_24h")
    other = await subscribe(world, enters_top(1), ranking="hot")
    heard = Heard(feed.follow(subscription_id=mine))
    await eventually(heard.begun)
    for _ in range(3):
        beats = heard.beats
        await raise_one(world, other)
        await eventually(partial(heard.beaten, beats + 1))
    assert heard.ids == []


async def test_its_heart_beats_while_the_database_hangs(
    world: World, feed: AlertFeed, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = asyncio.Event()
    alerts_after = queries.alerts_after

    async def hang(connection: Any, **filters: Any) -> list[RaisedAlert]:
        await answers.wait()
        return await alerts_after(connection, **filters)

    mine = await subscribe(world, enters_top(1), ranking="trending_24h")
    heard = Heard(feed.follow(heartbeat=0.02))
    await eventually(heard.begun)
    monkeypatch.setattr(feeding, "alerts_after", hang)
    raised = await raise_one(world, mine)
    await eventually(partial(heard.beaten, heard.beats + 5))
    answers.set()
    await eventually(lambda: heard.has(raised))
