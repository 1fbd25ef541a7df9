"""Events a second from HTTP to the hypertable with a kill -9 every 30 s, against the same without.

One API and two workers as in production, Redis with `appendfsync always`. Callers post 100 events a
request, each with an id, as fast as they are written (they hold back while a backlog waits), and
repeat what was not acknowledged. Each round with a kill lasts 30 s; the kill takes the API, a
worker or Redis in turn, is healed at once as by a supervisor, and comes before the last third, so
that what it held up shows. After each round everything acknowledged must be stored, once.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from statistics import median

import redis.asyncio
from psycopg import AsyncConnection

from app.embedded.child import free_port
from app.runtime.sql import Connection
from bench._callers import Callers
from bench._servers import ready
from tests.engines.redis import KillableRedis
from tests.eventually import eventually
from tests.soak.parts import Part, make_parts

ROUNDS = 5
KILL_SECONDS = 30.0
CALM_SECONDS = 15.0

Action = Callable[[], Awaitable[None]]


class Bench:
    """Everything that runs, and the callers."""

    def __init__(
        self, connection: Connection, server: KillableRedis, parts: list[Part], callers: Callers
    ) -> None:
        self._connection = connection
        self._parts = parts
        self._callers = callers
        self._chance = random.Random(5)
        api, worker, _ = parts
        self._kills: list[Action] = [
            lambda: _restart(worker.kill, worker.start),
            lambda: _restart(api.kill, api.start),
            lambda: _restart(server.kill, server.start),
        ]

    async def round(self, number: int, *, kill: bool) -> float:
        """Post for a while, with a kill or without, and return the events stored a second."""
        seconds = KILL_SECONDS if kill else CALM_SECONDS
        before, began = await self._stored(), time.perf_counter()
        self._callers.resume()
        if kill:
            await asyncio.sleep(self._chance.uniform(0.1, 0.6) * seconds)
            await self._kills[number % len(self._kills)]()
        await asyncio.sleep(max(0.0, began + seconds - time.perf_counter()))
        rate = (await self._stored() - before) / (time.perf_counter() - began)
        await self._callers.pause()
        await eventually(self._is_whole, within=60)
        return rate

    async def _stored(self) -> int:
        cursor = await self._connection.execute("select count(*) from core.event")
        return int((await cursor.fetchone() or (0,))[0])

    async def _is_whole(self) -> bool:
        stored, acknowledged = await self._stored(), self._callers.acknowledged
        assert stored <= acknowledged, f"{stored - acknowledged} events are there twice"
        return stored == acknowledged


async def run(database_url: str) -> list[dict[str, object]]:
    """Return the ratio of events stored a second, with kills to without."""
    rates: dict[str, list[float]] = {"killed": [], "calm": []}
    async with _running(database_url) as bench:
        await bench.round(0, kill=False)  # warms up
        for number in range(ROUNDS):
            rates["calm"].append(await bench.round(number, kill=False))
            rates["killed"].append(await bench.round(number, kill=True))
    ratios = [killed / calm for killed, calm in zip(*rates.values(), strict=True)]
    return [
        {
            "bench": "end_to_end",
            "case": "events stored a second, kill -9 every 30 s / none",
            "ratio": round(median(ratios), 3),
            "aim": 0.95,
            "better": "higher",
            "rounds": ROUNDS,
            "spread": [round(min(ratios), 3), round(max(ratios), 3)],
            "measured": {f"{way}_events_a_second": round(median(rates[way])) for way in rates},
        }
    ]


@asynccontextmanager
async def _running(database_url: str) -> AsyncIterator[Bench]:
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = KillableRedis(folder, fsync="always")
        await server.start()
        stack.push_async_callback(server.stop)
        connection = await stack.enter_async_context(
            await AsyncConnection.connect(database_url, autocommit=True, prepare_threshold=None)
        )
        port = free_port()
        given = {"DATABASE_URL": database_url, "REDIS_URL": server.url, "PORT": str(port)}
        api, workers = make_parts({**given, "GROUNDSWELL_LOG_LEVEL": "error"}, folder)
        for part in (api, *workers):
            await part.start()
            stack.push_async_callback(part.kill)
        client = redis.asyncio.Redis.from_url(server.url, socket_timeout=2)
        stack.push_async_callback(client.aclose)
        await ready(port)
        callers = Callers(port, client)
        async with callers.running():
            yield Bench(connection, server, [api, *workers], callers)


async def _restart(kill: Action, start: Action) -> None:
    await kill()
    await start()
