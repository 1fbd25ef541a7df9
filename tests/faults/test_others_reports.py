"""What users of neighbouring systems reported, tried on the writer.

TimescaleDB 7672 (a conflict in a compressed chunk ended an insert early); Redis 6199 and 10756
(entries trimmed while pending come back without fields).
"""

from __future__ import annotations

import msgspec
import pytest
from redis.asyncio import Redis

from app.ingest import keys
from app.ingest.insert import Inserter
from app.ingest.rows import ReceivedEvent
from app.runtime.moments import unix_microseconds
from app.runtime.pool import Pool
from app.settings import Settings
from tests.eventually import eventually
from tests.writing import Written, packed, put, running_writer, waiting, written

pytestmark = pytest.mark.usefixtures("clean")

DAY = 86_400_000_000


async def test_known_and_new_events_of_a_compressed_chunk_come_mixed(pool: Pool) -> None:
    now = unix_microseconds()
    events = [
        ReceivedEvent(packed(f"item-{n % 7}", occurred_at=now - 3 * DAY - n * 1_000), now)
        for n in range(100)
    ]
    inserter = Inserter(late_seconds=3_600)
    async with pool.connection() as connection:
        assert (await inserter.insert(connection, events[::2], now=now)).new == 50
        await connection.execute(
            "select compress_chunk(chunk) from show_chunks('core.event') chunk"
        )
        inserted = await inserter.insert(connection, events, now=now)
        assert (inserted.new, len(inserted.known)) == (50, 50)
        assert (await inserter.insert(connection, events, now=now)).new == 0
    assert await written(pool) == Written(rows=100, ids=100, fed=100, views=100)


async def test_entries_trimmed_while_they_were_pending_hold_nothing_up(
    settings: Settings, pool: Pool, redis: Redis
) -> None:
    quick = msgspec.structs.replace(settings, batch_seconds=0.02, claim_seconds=0.3)
    async with running_writer(quick, pool, redis):
        await put(redis, [packed()])
        await eventually(lambda: _settled(redis))
    await redis.xgroup_createconsumer(keys.EVENT_STREAM, keys.WRITER_GROUP, "killed")
    for _ in range(3):
        await put(redis, [packed()])
    await redis.xreadgroup(keys.WRITER_GROUP, "killed", {keys.EVENT_STREAM: ">"})
    await redis.xtrim(keys.EVENT_STREAM, maxlen=1, approximate=False)
    await put(redis, [packed()])
    async with running_writer(quick, pool, redis):
        await eventually(lambda: _settled(redis))
        assert (await redis.xpending(keys.EVENT_STREAM, keys.WRITER_GROUP))["pending"] == 0
    assert (await written(pool)).rows == 3


async def _settled(redis: Redis) -> bool:
    return await waiting(redis) == 0
