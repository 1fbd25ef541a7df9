"""Running the writer in a test, and counting what it wrote."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import NamedTuple
from uuid import uuid4

import redis.asyncio

from app.ingest import keys
from app.ingest.packing import TYPE_NUMBERS, PackedEvent
from app.ingest.stream import Entry, to_fields
from app.runtime.moments import unix_microseconds
from app.runtime.pool import Pool
from app.settings import Settings
from app.worker import write_and_count


class Written(NamedTuple):
    """What the database has of the events."""

    rows: int
    ids: int
    fed: int
    """Rows in scoring's queue: each event exactly once, as long as no scoring has run."""
    views: int
    """Sum of the counts of all views."""


@asynccontextmanager
async def running_writer(
    settings: Settings, pool: Pool, redis_client: redis.asyncio.Redis
) -> AsyncIterator[asyncio.Event]:
    """Run a writer; gives what stops it, which happens at the latest on leaving."""
    stop = asyncio.Event()
    writer = asyncio.create_task(
        write_and_count(settings=settings, pool=pool, redis=redis_client, stop=stop)
    )
    try:
        yield stop
    finally:
        stop.set()
        await writer


async def written(pool: Pool) -> Written:
    """Count what is in the database."""
    async with pool.connection() as connection:
        cursor = await connection.execute(
            """
            select
                (select count(*) from core.event),
                (select count(*) from (select distinct event_id from core.event) as each),
                (select count(*) from core.score_feed),
                (select coalesce(sum(count), 0)::bigint from core.event where event_type = 'view')
            """
        )
        row = await cursor.fetchone()
    assert row is not None
    return Written(*row)


def packed(content_id: str = "a", **fields: object) -> PackedEvent:
    """Make a view, with a random id and the present time unless told otherwise."""
    given: dict[str, object] = {
        "event_id": uuid4().bytes,
        "occurred_at": unix_microseconds(),
        "content_type": "video",
        "content_id": content_id,
        "type": TYPE_NUMBERS["view"],
        **fields,
    }
    return PackedEvent(**given)  # type: ignore[arg-type]


async def put(
    redis_client: redis.asyncio.Redis, events: Iterable[PackedEvent], *, wait: str | None = None
) -> bytes:
    """Append one entry to the stream, as the API does, and return its id."""
    fields = to_fields(Entry(unix_microseconds(), list(events), wait))
    entry_id = await redis_client.xadd(keys.EVENT_STREAM, dict(fields.items()))
    assert isinstance(entry_id, bytes)
    return entry_id


async def waiting(redis_client: redis.asyncio.Redis) -> int:
    """Return how many entries wait to be written."""
    return int(await redis_client.xlen(keys.EVENT_STREAM))


async def settled(redis_client: redis.asyncio.Redis) -> bool:
    """Tell whether nothing waits to be written."""
    return await waiting(redis_client) == 0
