"""The event stream: every alert once and in order, whoever comes back, whatever is down."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any

import httpx
import msgspec
import pytest

from app.alerts import feed as feeding
from app.alerts.feed import AlertFeed, StreamEvent
from app.alerts.queries import newest_alert
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


async def test_many_callers_cost_one_reader(
    world: World, feed: AlertFeed, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = 0

    async def counted(connection: Any) -> int:
        nonlocal reads
        reads += 1
        return await newest_alert(connection)

    monkeypatch.setattr(feeding, "newest_alert", counted)
    monkeypatch.setattr(feeding, "POLL_SECONDS", 600.0)
    mine = await subscribe(world, enters_top(1), ranking="trending_24h")
    callers = [Heard(feed.follow()) for _ in range(50)]
    for heard in callers:
        await eventually(heard.begun)
    raised = await raise_one(world, mine)
    for heard in callers:
        await eventually(partial(heard.has, raised))
    # Begun, the first look when it listens to the database, and one alert.
    assert reads <= 4
    for heard in callers:
        await heard.leave()
    assert not feed._listeners


async def test_a_caller_who_is_too_slow_is_let_go_and_resumes(
    world: World, feed: AlertFeed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeding, "MAX_PENDING", 5)
    mine = await subscribe(world, enters_top(1), ranking="trending_24h")
    slow, quick = feed.follow(), Heard(feed.follow())
    assert await anext(slow) is not None
    await eventually(quick.begun)
    raised = list[int]()
    for _ in range(8):
        raised.append(await raise_one(world, mine))
        await eventually(partial(quick.has, *raised))
    taken = [event.alert_id async for event in slow if event]
    assert taken == raised[:5]
    back = Heard(feed.follow(after=taken[-1]))
    await eventually(lambda: back.has(*raised[5:]))


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
) -> AsyncIterator[tuple[str, Callable[[], Coroutine[Any, Any, None]]]]:
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
            assert "Last-Event-ID" in bad_id.json()["detail"]
            # An end, not a broken connection, and at once.
            stopping = asyncio.create_task(stop())
            await asyncio.wait_for(reading, 3)
            await stopping
