"""Erasing from what waits in Redis: the streams of events, and the dead letters."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import redis.asyncio

from app.errors import UnavailableError
from app.ingest import keys
from app.ingest.packing import PackedEvent, UnreadableEntryError, pack, unpack
from app.ingest.shards import known_shards
from app.ingest.stream import Fields

Change = Callable[[PackedEvent], PackedEvent | None]
"""What is to be instead of an event: itself, another one, or None for nothing."""

_PAGE = 100
_WAIT_SECONDS = 30.0
"""Longest time that a writer may take to end what it holds of what was changed."""


async def change_waiting(redis_client: redis.asyncio.Redis, change: Change, hint: bytes) -> int:
    """Change the events that wait, and return how many were changed; `hint` is in their bytes.

    On return no writer holds one as it was. Entries that nobody can read go if `hint` is in them.
    """
    changed = 0
    live = [keys.event_stream(shard) for shard in range(await known_shards(redis_client))]
    for stream in (*live, keys.BACKFILL_STREAM, keys.DEAD_STREAM):
        start = "-"
        old: list[bytes] = []
        while page := await _page(redis_client, stream, start):
            for entry_id, fields in page:
                if hint in b"".join(fields.values()):
                    changed += (
                        number := await _change(redis_client, stream, entry_id, fields, change)
                    )
                    old += [entry_id] if number else []
            start = "(" + page[-1][0].decode()
        if stream != keys.DEAD_STREAM:
            await _settled(redis_client, stream, old)
    return changed


async def _page(redis_client: redis.asyncio.Redis, stream: str, start: str) -> list[Any]:
    page: Any = await redis_client.xrange(stream, min=start, count=_PAGE)
    return list(page)


async def _change(
    redis_client: redis.asyncio.Redis,
    stream: str,
    entry_id: bytes,
    fields: Fields,
    change: Change,
) -> int:
    """Put another entry in the place of one, and return how many of its events are changed."""
    try:
        events = unpack(fields[b"e"])
    except (KeyError, UnreadableEntryError):
        events = []
    after = [change(event) for event in events]
    changed = sum(one is not other for one, other in zip(events, after, strict=True))
    if events and not changed:
        return 0
    left = [event for event in after if event is not None]
    async with redis_client.pipeline(transaction=True) as pipeline:
        if left:
            # Why one is dead may cite it.
            cited = {b"reason": b"erased"} if b"reason" in fields else {}
            renewed: Fields = {**fields, **cited, b"e": pack(left)}
            pipeline.xadd(stream, dict(renewed.items()))
        pipeline.xdel(stream, entry_id)
        await pipeline.execute()
    return changed or 1


async def _settled(redis_client: redis.asyncio.Redis, stream: str, entries: list[bytes]) -> None:
    """Wait until no writer holds one of `entries`, which it may have read before."""
    deadline = time.monotonic() + _WAIT_SECONDS
    for entry_id in entries:
        while await _is_held(redis_client, stream, entry_id):
            if time.monotonic() > deadline:
                raise UnavailableError(
                    "a writer holds what is to be erased: try again", retry_after=_WAIT_SECONDS
                )
            await asyncio.sleep(0.1)


async def _is_held(redis_client: redis.asyncio.Redis, stream: str, entry_id: bytes) -> bool:
    try:
        held = await redis_client.xpending_range(
            stream, keys.WRITER_GROUP, min=entry_id, max=entry_id, count=1
        )
    except redis.asyncio.ResponseError:
        return False  # there is no group yet
    return bool(held)
