"""The writers' consumer group on the ingest stream: who has which entry, and who takes it over."""

from __future__ import annotations

import time
from collections.abc import Collection
from typing import Any, Literal, NamedTuple

import msgspec
import redis.asyncio
from redis.asyncio.client import Pipeline
from redis.exceptions import OutOfMemoryError, ResponseError

from app.ingest import keys
from app.ingest.dead_letters import keep_dead
from app.ingest.stream import Fields, Reply
from app.stats.invalidation import forget
from app.stats.keys import Item

REPLY_SECONDS = 30
"""How long a reply waits for the caller of a `wait=true` request."""
FORGET_MILLISECONDS = 3_600_000
"""How long a writer without entries is silent before the group forgets its name."""

# One script, so that no entry can be delivered to a writer between the question and the removal.
_FORGET = """
for _, consumer in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
    if consumer[4] == 0 and consumer[6] > tonumber(ARGV[2]) then
        redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], consumer[2])
    end
end
"""


class Delivery(NamedTuple):
    """A stream entry in the hands of this writer."""

    entry_id: bytes
    fields: Fields
    deliveries: int = 1
    """How often it was handed to a writer; read only when it is taken over from another."""


class Settlement(NamedTuple):
    """How a batch ended, for Redis."""

    entry_ids: list[bytes]
    """Those of which everything is written."""
    dead: dict[bytes, list[Fields]]
    """The dead letters of the others, by their ids."""
    replies: dict[str, Reply]
    """For the callers who wait, by request id."""
    changed: Collection[Item]
    """Whose stats are old now that the batch is committed."""
    awaited: Collection[Item]
    """Those of them that a caller waits for."""


class WriterGroup:
    """One writer's part in the group. Every method may raise `RedisError`."""

    def __init__(
        self,
        redis_client: redis.asyncio.Redis,
        *,
        consumer: str,
        claim_seconds: float,
        shard: int = 0,
        lane: Literal["live", "backfill"] = "live",
    ) -> None:
        self._redis = redis_client
        self._stream = keys.event_stream(shard) if lane == "live" else keys.BACKFILL_STREAM
        self.lane = lane
        self.shard = shard
        self.name = f"the {lane} stream" + (f", shard {shard}" if shard else "")
        """What logs and metrics call its stream."""
        self._consumer = consumer
        self._claim_milliseconds = round(claim_seconds * 1_000)

    async def ping(self) -> None:
        """Ask the server of the stream whether it is there."""
        await self._redis.exists(self._stream)

    async def create(self) -> None:
        """Make the stream and the group where they are missing; the group begins at the start."""
        try:
            await self._redis.xgroup_create(self._stream, keys.WRITER_GROUP, id="0", mkstream=True)
        except OutOfMemoryError:
            # A full Redis makes nothing, but lets go of what is written.
            if not await self._exists():
                raise
        except ResponseError as error:
            if not str(error).startswith("BUSYGROUP"):
                raise

    async def _exists(self) -> bool:
        try:
            groups: Any = await self._redis.xinfo_groups(self._stream)
        except ResponseError:
            return False
        return any(group["name"] == keys.WRITER_GROUP.encode() for group in groups)

    async def read_new(self, *, count: int, block_milliseconds: int) -> list[Delivery]:
        """Return entries that nobody has yet, after at most `block_milliseconds`."""
        return await self._read(">", count, max(1, block_milliseconds))

    async def read_own(self, *, count: int) -> list[Delivery]:
        """Return the oldest entries delivered to this writer and not settled."""
        deliveries = await self._read("0", count, None)
        gone = [delivery.entry_id for delivery in deliveries if not delivery.fields]
        if gone:
            await self._redis.xack(self._stream, keys.WRITER_GROUP, *gone)
        return [delivery for delivery in deliveries if delivery.fields]

    async def read_unowned(self, *, count: int) -> list[Delivery]:
        """Return the oldest entries, where Redis is too full for a group; others may, too."""
        entries: Any = await self._redis.xrange(self._stream, count=count)
        return [Delivery(entry_id, fields, deliveries=2) for entry_id, fields in entries]

    async def claim(self, *, count: int) -> list[Delivery]:
        """Take over the oldest entries that a writer has held in silence for `claim_seconds`."""
        pending: Any = await self._redis.xpending_range(
            self._stream,
            keys.WRITER_GROUP,
            min="-",
            max="+",
            count=count,
            idle=self._claim_milliseconds,
        )
        if not pending:
            return []
        times = {row["message_id"]: row["times_delivered"] for row in pending}
        claimed: Any = await self._redis.xclaim(
            self._stream,
            keys.WRITER_GROUP,
            self._consumer,
            self._claim_milliseconds,
            list(times),
        )
        deliveries = [
            Delivery(entry_id, fields, times[entry_id] + 1)
            for entry_id, fields in claimed
            if entry_id is not None and fields
        ]
        await self._acknowledge_gone(times.keys() - {each.entry_id for each in deliveries})
        return deliveries

    async def settle(self, settlement: Settlement) -> None:
        """Delete a batch's entries and acknowledge them, first those that leave no dead letter.

        Raises `OutOfMemoryError` where Redis is too full for the dead letters, whose entries stay.
        """
        # No transaction: a full Redis refuses everything in one, and only this makes room again.
        # Deleted first, because what is pending and gone is acknowledged by whoever meets it.
        if settlement.entry_ids:
            async with self._redis.pipeline(transaction=False) as pipeline:
                self._let_go(pipeline, settlement.entry_ids)
                await pipeline.execute()
        for entry_id, letters in settlement.dead.items():
            if self.shard:
                # Dead letters are on another slot than this stream. Where one is kept and its
                # entry still there, the entry is tried again, and may leave a second one.
                await keep_dead(self._redis, letters)
            async with self._redis.pipeline(transaction=True) as pipeline:
                for fields in [] if self.shard else letters:
                    pipeline.xadd(keys.DEAD_STREAM, dict(fields.items()))
                self._let_go(pipeline, [entry_id])
                await pipeline.execute()

    def _let_go(self, pipeline: Pipeline, entry_ids: list[bytes]) -> None:
        pipeline.xdel(self._stream, *entry_ids)
        pipeline.xack(self._stream, keys.WRITER_GROUP, *entry_ids)

    async def announce(self, settlement: Settlement) -> None:
        """Make readers ask again for what changed, and tell the callers who wait."""
        async with self._redis.pipeline(transaction=False) as pipeline:
            forget(pipeline, settlement.changed, awaited=settlement.awaited)
            for request_id, reply in settlement.replies.items():
                key = keys.reply(request_id)
                pipeline.rpush(key, msgspec.json.encode(reply))
                pipeline.expire(key, REPLY_SECONDS)
            await pipeline.execute()

    async def oldest_seconds(self) -> float:
        """Return the age of the oldest entry that waits, 0 where none does."""
        oldest: Any = await self._redis.xrange(self._stream, count=1)
        if not oldest:
            return 0.0
        return max(0.0, time.time() - int(oldest[0][0].partition(b"-")[0]) / 1_000)

    async def forget_silent(self) -> None:
        """Remove the names of writers that hold nothing and have long been silent."""
        await self._redis.eval(
            _FORGET, 1, self._stream, keys.WRITER_GROUP, str(FORGET_MILLISECONDS)
        )

    async def _read(self, after: str, count: int, block: int | None) -> list[Delivery]:
        answer: Any = await self._redis.xreadgroup(
            keys.WRITER_GROUP,
            self._consumer,
            {self._stream: after},
            count=count,
            block=block,
        )
        return [Delivery(entry_id, fields) for _, entries in answer for entry_id, fields in entries]

    async def _acknowledge_gone(self, entry_ids: set[bytes]) -> None:
        for entry_id in entry_ids:
            if not await self._redis.xrange(self._stream, min=entry_id, max=entry_id):
                await self._redis.xack(self._stream, keys.WRITER_GROUP, entry_id)
