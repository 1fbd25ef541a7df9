"""Collect the writer's next batch: what it already holds, then what others left, then the new."""

from __future__ import annotations

import time

from redis.exceptions import OutOfMemoryError, RedisError, ResponseError

from app.ingest.group import Delivery, WriterGroup
from app.ingest.metrics import OLDEST_SECONDS
from app.settings import Settings

IDLE_SECONDS = 0.5
"""Longest wait for a first event, after which the writer looks around."""
MOST_ENTRIES = 250
"""Most entries fetched at once, which fit in memory even if each is as large as may be."""
_BYTES_A_FETCH = 4_000_000


class Collector:
    """Remembers what a writer has to look at before it takes new events."""

    def __init__(self, settings: Settings, group: WriterGroup) -> None:
        self._group = group
        self._batch_size = settings.batch_size
        self._batch_seconds = settings.batch_seconds
        self._idle_seconds = min(IDLE_SECONDS, settings.redis_timeout / 2)
        self._look_seconds = min(1.0, settings.claim_seconds / 2)
        self._look_at = 0.0
        self._lost_touch = True
        """True until the group is known to exist and to hold nothing of ours."""
        self._entry_bytes = 16_000.0

    async def collect(self) -> list[Delivery]:
        """Return the next entries to write; none when nothing came for a while.

        Raises `RedisError` when Redis is down.
        """
        try:
            return await self._collect()
        except ResponseError as error:
            self._lost_touch = True
            # Redis was emptied: the group is made anew, and the stream read from its start.
            if str(error).startswith(("NOGROUP", "UNBLOCKED")):
                return []
            raise
        except (RedisError, OSError):
            # Entries may have been delivered in an answer that never came.
            self._lost_touch = True
            raise

    async def _collect(self) -> list[Delivery]:
        if self._lost_touch:
            try:
                await self._group.create()
            except OutOfMemoryError:
                # What is written makes room for the group.
                if unowned := await self._group.read_unowned(count=self._fetch_count()):
                    return unowned
                raise
            if own := await self._group.read_own(count=self._fetch_count()):
                return own
            self._lost_touch = False
        if time.monotonic() >= self._look_at:
            if left := await self._group.claim(count=self._fetch_count()):
                return left
            await self._look_around()
        return await self._collect_new()

    async def _look_around(self) -> None:
        await self._group.forget_silent()
        group = self._group
        oldest = OLDEST_SECONDS.labels(lane=group.lane, shard=str(group.shard))
        oldest.set(await group.oldest_seconds())
        self._look_at = time.monotonic() + self._look_seconds

    async def _collect_new(self) -> list[Delivery]:
        deliveries = await self._read_new(self._idle_seconds)
        until = time.monotonic() + self._batch_seconds
        events = _events_in(deliveries)
        while deliveries and events < self._batch_size and not _awaited(deliveries):
            left = until - time.monotonic()
            if left <= 0:
                break
            try:
                more = await self._read_new(min(left, self._idle_seconds))
            except (RedisError, OSError):
                # What is in hand need not wait for Redis.
                self._lost_touch = True
                break
            deliveries += more
            events += _events_in(more)
        return deliveries

    async def _read_new(self, seconds: float) -> list[Delivery]:
        deliveries = await self._group.read_new(
            count=self._fetch_count(), block_milliseconds=round(seconds * 1_000)
        )
        if deliveries:
            size = sum(len(each.fields.get(b"e", b"")) for each in deliveries) / len(deliveries)
            self._entry_bytes += (size - self._entry_bytes) / 4
        return deliveries

    def _fetch_count(self) -> int:
        return max(1, min(MOST_ENTRIES, round(_BYTES_A_FETCH / max(self._entry_bytes, 1.0))))


def _events_in(deliveries: list[Delivery]) -> int:
    return sum(_event_count(each.fields.get(b"e", b"")) for each in deliveries)


def _event_count(payload: bytes) -> int:
    """Return the length in the header of a MessagePack array, without decoding it."""
    if not payload:
        return 1
    match payload[0]:
        case 0xDC:
            return int.from_bytes(payload[1:3], "big")
        case 0xDD:
            return int.from_bytes(payload[1:5], "big")
        case first:
            return max(1, first & 0x0F)


def _awaited(deliveries: list[Delivery]) -> bool:
    """Whether a caller waits for one of them: then the batch is not held back to be filled."""
    return any(b"w" in each.fields for each in deliveries)
