"""The event stream: every alert once and in order, whoever comes back, whatever is down."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any

import httpx
import msgspec
import pytest

from app.alerts import feed as feeding
from app.alerts import queries
from app.alerts.feed import AlertFeed, StreamEvent
from app.alerts.queries import RaisedAlert
from app.dev.children import CommandChild
from app.runtime.notifications import of_database
from app.runtime.pool import Pool, open_pool
from app.serve import free_port
from app.settings import Settings
from tests.alerting import enters_top, subscribe
from tests.engines import Engine
from tests.eventually import eventually
from tests.sql.world import AS_OF, World

HOST = "127.0.0.1"


class Heard:
    """What one caller is sent, for as long as it listens."""

    def __init__(self, events: AsyncIterator[StreamEvent | None]) -> None:
        self._events = events
        self.ids: list[int] = []
        self.position: int | None = None
        self.beats = 0
        self.task = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        async for event in self._events:
            if event is None:
                self.beats += 1
                continue
            self.position = event.alert_id
            if event.data is None:
                self.beats += 1
            else:
                assert msgspec.json.decode(event.data)["id"] == f"alert_{event.alert_id}"
                self.ids.append(event.alert_id)

    async def begun(self) -> bool:
        return self.position is not None

    async def has(self, *ids: int) -> bool:
        assert self.ids == list(ids)
        return True

    async def leave(self) -> None:
        self.task.cancel()
        await asyncio.wait({self.task})


@pytest.fixture
async def feed(settings: Settings, pool: Pool) -> AsyncIterator[AlertFeed]:
    async with following(AlertFeed(settings=settings, pool=pool)) as feed:
        yield feed


@asynccontextmanager
async def following(feed: AlertFeed) -> AsyncIterator[AlertFeed]:
    task = asyncio.create_task(feed.run(of_database(feed.settings, "alert")))
    yield feed
    feed.close()
    task.cancel()
    await asyncio.wait({task})


async def raise_one(world: World, subscription: int) -> int:
    return int(await world.value("select api.test_alert(%s, %s)", subscription, AS_OF))


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
        await eventually(partial(_more, heard, beats))
    assert reads == 50
    raised = await raise_one(world, mine)
    for heard in callers:
        await eventually(partial(heard.has, raised))
    for heard, beats in [(heard, heard.beats + 1) for heard in callers]:
        await eventually(partial(_more, heard, beats))
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
        await eventually(partial(_more, heard, beats + 1))
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
    await eventually(partial(_more, heard, heard.beats + 5))
    answers.set()
    await eventually(lambda: heard.has(raised))


async def test_a_caller_may_leave_between_two_beats(feed: AlertFeed) -> None:
    events = feed.follow(heartbeat=0.02)
    assert await anext(events)
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


async def test_a_database_that_was_put_back_ends_the_streams(world: World, feed: AlertFeed) -> None:
    mine = await subscribe(world, enters_top(1), ranking="trending_24h")
    for _ in range(3):
        newest = await raise_one(world, mine)
    heard = Heard(feed.follow(after=newest - 1))
    await eventually(lambda: heard.has(newest))
    await world.execute("delete from core.alert where alert_id > %s", newest - 2)
    await world.execute("notify alert")
    await asyncio.wait_for(heard.task, 5)
    back = Heard(feed.follow(after=newest))
    await eventually(back.begun)
    await world.execute(
        "insert into core.alert (alert_id, subscription_id, alert_type, occurred_at) "
        "overriding system value values (%s, %s, 'test', %s)",
        newest - 1, mine, AS_OF,
    )  # fmt: skip
    await world.execute("notify alert")
    await eventually(lambda: back.has(newest - 1))


async def test_the_stream_outlives_the_database(
    own_engine: Callable[..., Awaitable[Engine]],
) -> None:
    engine = await own_engine()
    own = Settings(database_url=engine.database_url, redis_url=engine.redis_url, database_timeout=2)
    async with open_pool(own) as pool, following(AlertFeed(settings=own, pool=pool)) as feed:
        await pool.wait()
        async with pool.connection() as connection:
            world = World(connection)
            mine = await subscribe(world, enters_top(1), ranking="trending_24h")
            first = await raise_one(world, mine)
        heard = Heard(feed.follow(after=0, heartbeat=0.1))
        await eventually(lambda: heard.has(first))
        await engine.kill_database()
        # Who comes back just now waits with it.
        back = Heard(feed.follow(after=0, heartbeat=0.1))
        beats = heard.beats
        await eventually(lambda: _more(heard, beats + 2))
        await engine.start_database()

        async def again() -> int:
            with suppress(Exception):
                async with pool.connection() as connection:
                    return await raise_one(World(connection), mine)
            return 0

        second = await eventually(again, within=20)
        await eventually(lambda: heard.has(first, second), within=20)
        await eventually(lambda: back.has(first, second), within=20)


async def _more(heard: Heard, beats: int) -> bool:
    return heard.beats >= beats


@asynccontextmanager
async def served(
    settings: Settings, **environment: str
) -> AsyncIterator[tuple[str, Callable[[], Awaitable[None]]]]:
    """Run the API as in production; gives where it is, and what stops it."""
    port = free_port(HOST)
    said: list[str] = []
    child = CommandChild(
        "serve",
        ("serve", "--port", str(port)),
        environment={
            **os.environ,
            "DATABASE_URL": settings.database_url,
            "REDIS_URL": settings.redis_url,
            **environment,
        },
        say=lambda _, line: said.append(line),
    )
    task = asyncio.create_task(child.run())
    base = f"http://{HOST}:{port}"

    async def ready() -> bool:
        with suppress(httpx.TransportError):
            async with httpx.AsyncClient() as client:
                return (await client.get(f"{base}/health/ready")).status_code == 200
        return False

    async def stop() -> None:
        task.cancel()
        await asyncio.wait({task})

    try:
        await eventually(ready, within=30)
        yield base, stop
    finally:
        await stop()


async def lines_of(answer: httpx.Response, lines: list[str]) -> None:
    async for line in answer.aiter_lines():
        lines.append(line)  # noqa: PERF401 - others look while it grows


async def test_over_http_it_resumes_is_limited_and_ends_with_the_server(
    world: World, settings: Settings
) -> None:
    mine = await subscribe(world, enters_top(1), ranking="trending_24h", name="Mine")
    old = await raise_one(world, mine)
    async with (
        served(settings, GROUNDSWELL_MAX_STREAMS="2") as (base, stop),
        httpx.AsyncClient(base_url=base, timeout=10) as client,
        httpx.AsyncClient(base_url=base, timeout=10) as one,
        httpx.AsyncClient(base_url=base, timeout=10) as two,
    ):
        lines: list[str] = []
        path = "/alerts/stream?ranking=trending_24h"
        async with one.stream("GET", path, headers={"last-event-id": str(old - 1)}) as answer:
            assert answer.status_code == 200
            assert answer.headers["content-type"].startswith("text/event-stream")
            assert answer.headers["cache-control"] == "no-cache"
            reading = asyncio.create_task(lines_of(answer, lines))

            async def arrived(alert: int) -> bool:
                assert f"id: {alert}" in lines
                return True

            await eventually(lambda: arrived(old))
            new = await raise_one(world, mine)
            await eventually(lambda: arrived(new))
            where = lines.index(f"id: {new}")
            assert lines[where + 1] == "event: alert"
            data = msgspec.json.decode(lines[where + 2].removeprefix("data: "))
            assert (data["id"], data["alert"]["name"]) == (f"alert_{new}", "Mine")

            async with two.stream("GET", path) as second:
                assert second.status_code == 200
                full = await client.get(path)
                assert full.json()["type"] == "/problems/too-many-streams"
                assert full.headers["retry-after"] == "5"

            async def has_left() -> bool:
                metrics = (await client.get("/metrics")).text
                return "groundswell_alert_streams 1.0" in metrics

            # One that has gone makes room for another.
            await eventually(has_left)
            for bad in ("?subscription=x", "?ranking="):
                assert (await client.get("/alerts/stream" + bad)).status_code == 400
            bad_id = await client.get("/alerts/stream", headers={"last-event-id": "x"})
            assert "Last-Event-ID: 'x' is no whole number" in bad_id.json()["detail"]
            # An end, not a broken connection, and at once.
            stopping = asyncio.ensure_future(stop())
            await asyncio.wait_for(reading, 3)
            await stopping
