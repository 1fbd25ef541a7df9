"""Callers that post events and remember which were acknowledged, and what became of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple
from uuid import UUID, uuid4

import httpx
import redis.asyncio
from redis.exceptions import RedisError

from app.ingest import keys
from app.ingest.shards import known_shards
from app.runtime.pool import Pool
from tests.eventually import eventually

CALLERS = 8
EVENTS = 20
"""Of one request."""


class Posted(NamedTuple):
    """What callers know."""

    acknowledged: set[UUID]
    refused: list[int]
    """The status of each answer that acknowledged nothing."""


async def post(api: httpx.AsyncClient, posted: Posted, *, durable: str) -> None:
    """Post one request, and note how it ended."""
    ids = [uuid4() for _ in range(EVENTS)]
    events = [{"type": "view", "contentId": "a", "id": str(each)} for each in ids]
    answer = await api.post("/analytics/events", params={"durable": durable}, json=events)
    if answer.is_success:
        posted.acknowledged.update(ids)
    else:
        posted.refused.append(answer.status_code)


@asynccontextmanager
async def posting(api: httpx.AsyncClient, *, durable: str) -> AsyncIterator[Posted]:
    """Post as fast as it goes, while the block runs."""
    posted, stop = Posted(set(), []), asyncio.Event()

    async def call() -> None:
        while not stop.is_set():
            await post(api, posted, durable=durable)
            await asyncio.sleep(0.005)

    async with asyncio.TaskGroup() as group:
        for _ in range(CALLERS):
            group.create_task(call())
        yield posted
        stop.set()


async def drained(client: redis.asyncio.Redis, *, within: float = 60) -> None:
    """Wait until no stream has anything left."""

    async def is_empty() -> bool:
        try:
            shards = range(max(8, await known_shards(client)))
            left = [await client.xlen(keys.event_stream(shard)) for shard in shards]
        except (RedisError, OSError):
            return False
        return not any(left)

    await eventually(is_empty, within=within)


class Stored(NamedTuple):
    """What the database has."""

    rows: int
    ids: set[UUID]
    counted: int
    """By scoring's queue, which has each event once."""


async def stored(pool: Pool) -> Stored:
    async with pool.connection() as connection:
        cursor = await connection.execute("select event_id from core.event")
        ids = [row[0] for row in await cursor.fetchall()]
        cursor = await connection.execute("select count(*) from core.score_feed")
        counted = (await cursor.fetchone() or (0,))[0]
    return Stored(len(ids), set(ids), counted)
