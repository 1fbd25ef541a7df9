"""What the tests of the sink share: events to publish, and what came of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from aiokafka import ConsumerRecord

from app.ingest.insert import Inserter
from app.ingest.packing import TYPE_NUMBERS, PackedEvent
from app.ingest.rows import ReceivedEvent
from app.ingest.uuid7 import Uuid7Source
from app.publishing import run_parts, topics_of
from app.runtime.moments import unix_microseconds
from app.runtime.pool import Pool, open_pool
from app.settings import Settings
from app.sink.queries import StreamStatus, sink_streams, switch_sink
from tests.eventually import eventually

NEW_ID = Uuid7Source()


def event(content_id: str, kind: str = "view", **more: Any) -> ReceivedEvent:
    """Return an event that comes now."""
    now = unix_microseconds()
    return ReceivedEvent(
        PackedEvent(
            **{
                "event_id": NEW_ID(now // 1_000),
                "occurred_at": now,
                "content_type": "video",
                "content_id": content_id,
                "type": TYPE_NUMBERS[kind],
                **more,
            }
        ),
        now,
    )


async def insert(
    pool: Pool, events: Sequence[ReceivedEvent], *, seen_before: bool = False, **options: Any
) -> int:
    """Insert events as the writer does, and return how many were new."""
    async with pool.connection() as connection:
        inserted = await Inserter(late_seconds=3_600, **options).insert(
            connection, list(events), now=unix_microseconds(), seen_before=seen_before
        )
    return inserted.new


async def status_of(pool: Pool, stream: str = "event") -> StreamStatus:
    """Return what waits."""
    async with pool.connection() as connection:
        (found,) = [each for each in await sink_streams(connection) if each.stream == stream]
    return found


async def all_out(pool: Pool, *, within: float = 30) -> None:
    """Return once nothing waits."""

    async def out() -> bool:
        return not (await status_of(pool)).waiting

    await eventually(out, within=within)


async def switch(pool: Pool, *, to_on: bool, stream: Any = "event") -> int:
    """Switch the sink."""
    async with pool.connection() as connection:
        return await switch_sink(connection, stream=stream, to_on=to_on)


@asynccontextmanager
async def publishing(settings: Settings) -> AsyncIterator[None]:
    """Run a publisher in this process."""
    stop = asyncio.Event()
    async with open_pool(settings) as pool:
        running = asyncio.create_task(run_parts(settings, topics_of(settings), pool, stop))
        try:
            yield
        finally:
            stop.set()
            await running


def values(log: list[ConsumerRecord]) -> list[dict[str, Any]]:
    """Return what messages say, those of a partition in their order."""
    return [msgspec.json.decode(record.value or b"") for record in log]


def ids(log: list[ConsumerRecord]) -> list[str]:
    """Return the ids of messages."""
    return [dict(record.headers)["ce_id"].decode() for record in log]
