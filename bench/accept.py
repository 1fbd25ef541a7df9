"""Durable events a second over HTTP against the same route decoding and dropping.

Both are one granian process each; durable is with Redis syncing its file before each answer
(`appendfsync always`). The rival answers the same, and its events go nowhere: see _accept_api.py.
The load comes from this process: 32 connections, 100 events a request.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from statistics import median
from typing import Any

import httpx
import redis.asyncio

from app.embedded import embedded_redis
from app.embedded.child import free_port
from app.ingest import keys
from app.ingest.stream import from_fields
from bench._post import post_all

ROUNDS = 7
EVENTS_A_REQUEST = 100
REQUESTS = 2_000
CONNECTIONS = 32


async def run(database_url: str) -> list[dict[str, object]]:
    """Return the ratio of durable to dropped events a second."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = await stack.enter_async_context(embedded_redis(folder, fsync="always"))
        client = await stack.enter_async_context(redis.asyncio.Redis.from_url(server.url))
        ports = {
            kind: await stack.enter_async_context(_api(kind, database_url, server.url))
            for kind in ("accepting", "dropping")
        }
        bodies = _bodies()
        rates: dict[str, list[float]] = {kind: [] for kind in ports}
        for number in range(ROUNDS + 1):
            for kind in list(ports)[:: 1 if number % 2 else -1]:
                await client.flushall()
                seconds = await post_all(
                    ports[kind], bodies, connections=CONNECTIONS, path="/analytics/events"
                )
                if number:  # the first round warms up
                    rates[kind].append(len(bodies) * EVENTS_A_REQUEST / seconds)
                    wanted = len(bodies) * EVENTS_A_REQUEST if kind == "accepting" else 0
                    assert await _stored(client) == wanted
    ratios = [ours / theirs for ours, theirs in zip(*rates.values(), strict=True)]
    return [
        {
            "bench": "accept",
            "case": f"{EVENTS_A_REQUEST} events a request, durable / decoded and dropped",
            "ratio": round(median(ratios), 3),
            "aim": 0.9,
            "better": "higher",
            "rounds": ROUNDS,
            "spread": [round(min(ratios), 3), round(max(ratios), 3)],
            "measured": {
                "durable_events_a_second": round(median(rates["accepting"])),
                "dropped_events_a_second": round(median(rates["dropping"])),
            },
        }
    ]


async def _stored(client: redis.asyncio.Redis) -> int:
    entries: Any = await client.xrange(keys.EVENT_STREAM)
    return sum(len(from_fields(fields).events) for _, fields in entries)


def _bodies() -> list[bytes]:
    chance = random.Random(3)
    return [
        json.dumps(
            [
                {
                    "type": chance.choice(("view", "view", "view", "like", "share")),
                    "contentId": f"bench-{int(5_000 * chance.random() ** 3)}",
                    "userId": f"user-{chance.randrange(100_000)}",
                }
                for _ in range(EVENTS_A_REQUEST)
            ]
        ).encode()
        for _ in range(REQUESTS)
    ]


@asynccontextmanager
async def _api(kind: str, database_url: str, redis_url: str) -> AsyncIterator[int]:
    """Run one of the two APIs and yield its port."""
    port = free_port()
    given = {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "PORT": str(port)}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "bench._accept_api", kind),
        env={**os.environ, **given, "GROUNDSWELL_LOG_LEVEL": "error"},
    )
    try:
        await _ready(port)
        yield port
    finally:
        process.send_signal(signal.SIGTERM)
        await process.wait()


async def _ready(port: int) -> None:
    deadline = time.monotonic() + 30
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        while time.monotonic() < deadline:
            try:
                if (await client.get("/health/ready")).status_code == 200:
                    return
            except httpx.RequestError:
                pass
            await asyncio.sleep(0.1)
    raise AssertionError("the API did not become ready")
