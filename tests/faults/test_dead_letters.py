"""What cannot be written is put aside with its reason, and takes nothing along."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from app.ingest import keys
from app.ingest.dead_letters import (
    drop_dead_letters,
    each_dead_letter,
    replay_dead_letters,
    show_dead_letter,
)
from app.ingest.group import WriterGroup
from app.runtime.pool import Pool
from app.settings import Settings
from tests.eventually import eventually
from tests.writing import Written, packed, put, running_writer, settled, written

pytestmark = pytest.mark.usefixtures("clean")


async def test_one_bad_event_does_not_take_the_others_along(
    quick: Settings, pool: Pool, redis: Redis
) -> None:
    bad = packed(metadata=b"{broken")
    good = [packed(f"item-{n}") for n in range(9)]
    async with running_writer(quick, pool, redis):
        first_id = await put(redis, [*good[:5], bad, *good[5:]])
        await eventually(lambda: settled(redis))
    assert await written(pool) == Written(rows=9, ids=9, fed=9, views=9)
    (letter,) = [letter async for letter in each_dead_letter(redis)]
    assert letter.events == [bad]
    assert "json" in letter.reason
    assert letter.first_id == first_id.decode()
    assert await show_dead_letter(redis, letter.id) == letter


async def test_unreadable_entries_and_those_that_kill_writers_die(
    quick: Settings, pool: Pool, redis: Redis
) -> None:
    await redis.xadd(keys.EVENT_STREAM, {"v": "99", "e": "?"})
    async with running_writer(quick, pool, redis):
        await eventually(lambda: settled(redis))
    deadly = packed()
    await put(redis, [deadly])
    for number in range(quick.max_deliveries):
        victim = WriterGroup(redis, consumer=f"victim-{number}", claim_seconds=0.001)
        got = await (
            victim.read_new(count=9, block_milliseconds=100) if not number else _claimed(victim)
        )
        assert len(got) == 1  # type: ignore[arg-type]
    async with running_writer(quick, pool, redis):
        await eventually(lambda: settled(redis))
    unreadable, killer = [letter async for letter in each_dead_letter(redis)]
    assert (unreadable.events, unreadable.reason) == (
        None,
        "cannot be read: format version b'99' is unknown",
    )
    assert (killer.events, killer.reason) == ([deadly], "delivered more than 5 times")
    assert (await written(pool)).rows == 0

    assert await drop_dead_letters(redis, [unreadable.id]) == 1
    async with running_writer(quick, pool, redis):
        assert await replay_dead_letters(redis, [killer.id, killer.id]) == 1
        await eventually(lambda: settled(redis))
    assert (await written(pool)).rows == 1
    assert [letter async for letter in each_dead_letter(redis)] == []


async def _claimed(group: WriterGroup) -> object:
    return await eventually(lambda: group.claim(count=10))
