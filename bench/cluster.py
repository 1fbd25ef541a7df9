"""Events a second from HTTP to the hypertable through three masters of Redis, against one Redis.

Two stacks beside each other, each with an API, two workers and its Redis (`appendfsync always`):
one has a single server, the other a cluster of three masters and as many shards of the stream.
Callers post to one of them at a time, 100 events a request, in interleaved rounds. As other work
on the machine takes from both what it likes, events are also told by seconds of CPU of all
processes of the stack.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from statistics import median
from typing import NamedTuple

from psycopg import AsyncConnection

from app.embedded.child import free_port
from app.runtime.redis_client import open_redis
from app.runtime.sql import Connection
from app.settings import Settings
from bench._callers import Callers
from bench._servers import ready
from tests.engines.redis import KillableRedis
from tests.engines.redis_nodes import redis_cluster
from tests.eventually import eventually
from tests.soak.parts import make_parts

ROUNDS = 5
SECONDS = 3.0
SHARDS = 3
_TICKS = os.sysconf("SC_CLK_TCK")


class Rate(NamedTuple):
    """What a round came to."""

    wall: float
    cpu: float


class Stack:
    """One API with its workers and its Redis, and the callers of it."""

    def __init__(self, connection: Connection, callers: Callers, sessions: set[int]) -> None:
        self._connection = connection
        self._callers = callers
        self._sessions = sessions

    async def round(self) -> Rate:
        """Post for a while, and return the events stored a second and a second of CPU."""
        stored, began, spent = await self._stored(), time.perf_counter(), self._cpu()
        acknowledged = self._callers.acknowledged
        await self._callers.post_for(SECONDS)

        async def is_whole() -> bool:
            posted = self._callers.acknowledged - acknowledged
            return await self._stored() - stored == posted

        await eventually(is_whole, within=60)
        events = await self._stored() - stored
        return Rate(events / (time.perf_counter() - began), events / max(0.01, self._cpu() - spent))

    async def _stored(self) -> int:
        cursor = await self._connection.execute("select count(*) from core.event")
        return int((await cursor.fetchone() or (0,))[0])

    def _cpu(self) -> float:
        """Return the seconds of CPU that all processes of the stack have taken."""
        ticks = 0
        for path in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = path.read_text().rpartition(")")[2].split()
            except OSError:
                continue  # it has ended meanwhile
            if int(fields[3]) in self._sessions:
                ticks += int(fields[11]) + int(fields[12])
        return ticks / _TICKS


async def run(database_url: str) -> list[dict[str, object]]:
    """Return the ratios of events stored a second and a second of CPU, cluster to single."""
    rates: dict[str, list[Rate]] = {"cluster": [], "single": []}
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        connection = await stack.enter_async_context(
            await AsyncConnection.connect(database_url, autocommit=True, prepare_threshold=None)
        )
        single = KillableRedis(folder / "single", fsync="always")
        await single.start()
        stack.push_async_callback(single.stop)
        cluster = await stack.enter_async_context(
            redis_cluster(folder / "cluster", replicas=0, fsync="always")
        )
        stacks = {
            "single": await stack.enter_async_context(
                _running(database_url, connection, single.url, [single], folder, shards=1)
            ),
            "cluster": await stack.enter_async_context(
                _running(
                    database_url, connection, cluster.url, cluster.nodes, folder, shards=SHARDS
                )
            ),
        }
        for each in stacks.values():
            await each.round()  # warms up
        for number in range(ROUNDS):
            for name in sorted(stacks, reverse=number % 2 == 1):
                rates[name].append(await stacks[name].round())
    return [
        _row(rates, "wall", "events stored a second, three masters / one Redis", "a_second"),
        _row(
            rates, "cpu", "events stored a second of CPU, three masters / one Redis", "a_cpu_second"
        ),
    ]


def _row(rates: dict[str, list[Rate]], of: str, case: str, unit: str) -> dict[str, object]:
    found = {name: [getattr(rate, of) for rate in each] for name, each in rates.items()}
    ratios = [ours / other for ours, other in zip(found["cluster"], found["single"], strict=True)]
    return {
        "bench": "cluster",
        "case": case,
        "ratio": round(median(ratios), 3),
        "aim": 0.75,
        "better": "higher",
        "rounds": ROUNDS,
        "spread": [round(min(ratios), 3), round(max(ratios), 3)],
        "measured": {f"{name}_events_{unit}": round(median(each)) for name, each in found.items()},
    }


@asynccontextmanager
async def _running(  # noqa: PLR0913  # what runs, and where
    database_url: str,
    connection: Connection,
    redis_url: str,
    servers: Sequence[KillableRedis],
    folder: Path,
    *,
    shards: int,
) -> AsyncIterator[Stack]:
    async with AsyncExitStack() as stack:
        port = free_port()
        logs = folder / f"logs{shards}"
        logs.mkdir()
        given = {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "PORT": str(port)}
        api, workers = make_parts(
            {**given, "GROUNDSWELL_LOG_LEVEL": "error", "GROUNDSWELL_STREAM_SHARDS": str(shards)},
            logs,
        )
        for part in (api, *workers):
            await part.start()
            stack.push_async_callback(part.kill)
        client = await stack.enter_async_context(open_redis(Settings(redis_url=redis_url)))
        await ready(port)
        callers = Callers(port, client, shards=shards)
        await stack.enter_async_context(callers.running())
        sessions = {part.pid for part in (api, *workers)} | {each.pid for each in servers}
        yield Stack(connection, callers, sessions)
