"""The writer: every event exactly once, whatever is delivered twice, broken, or down."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from redis.asyncio import Redis

from app.ingest import keys
from app.ingest.dead_letters import (
    drop_dead_letters,
    each_dead_letter,
    replay_dead_letters,
    show_dead_letter,
)
from app.ingest.direct import DirectWriter
from app.ingest.group import WriterGroup
from app.ingest.insert import Inserter
from app.ingest.packing import CONFLICT
from app.ingest.rows import Committed, ReceivedEvent
from app.ingest.stream import Entry, Reply
from app.ingest.uuid7 import Uuid7Source
from app.runtime.moments import unix_microseconds
from app.runtime.pool import Pool, open_pool
from app.runtime.redis_client import open_redis
from app.settings import Settings
from app.stats.keys import item_keys
from tests.engines import Engine
from tests.eventually import eventually
from tests.writing import Written, packed, put, running_writer, waiting, written

pytestmark = pytest.mark.usefixtures("clean")

HOUR = 3_600_000_000
DAY = 24 * HOUR


@pytest.fixture
def quick(settings: Settings) -> Settings:
    """Settings under which batches and claims do not keep a test waiting."""
    return msgspec.structs.replace(settings, batch_seconds=0.02, claim_seconds=0.3)


async def settled(redis: Redis) -> bool:
    return await waiting(redis) == 0


async def test_events_are_written_once_and_the_stream_is_emptied(
    quick: Settings, pool: Pool, redis: Redis
) -> None:
    every_field = packed(
        type=6, count=3, seconds=0.1, user_id="ü", session_id="s", metadata=b'{"a": ["b", 1]}'
    )
    entries = [[packed(f"item-{number % 7}")] for number in range(40)]
    async with running_writer(quick, pool, redis):
        for events in [[every_field], *entries, *entries]:
            await put(redis, events)
        await eventually(lambda: settled(redis))
    assert await written(pool) == Written(rows=41, ids=41, fed=41, views=40)
    async with pool.connection() as connection:
        cursor = await connection.execute(
            """
            select
                event.event_id, event.occurred_at, item.content_type, item.external_id,
                event.event_type::text, event.count, event.seconds::float8, event.user_id,
                event.session_id, event.metadata, event.counted,
                event.uncounted_because
            from core.event as event join core.item as item using (item_id)
            where event.event_type = 'watch_time'
            """
        )
        row = await cursor.fetchone()
    assert row is not None
    moment = datetime.fromtimestamp(0, UTC).timestamp() + every_field.occurred_at / 1e6
    assert row[0].bytes == every_field.event_id
    assert row[1].timestamp() == pytest.approx(moment, abs=1e-5)
    assert row[2:] == (
        "video", "a", "watch_time", 3, 0.1, "ü", "s", {"a": ["b", 1]}, True, None,
    )  # fmt: skip


async def test_an_insert_may_be_repeated_in_part_or_whole(pool: Pool) -> None:
    inserter = Inserter(late_seconds=3_600)
    now = unix_microseconds()
    events = [ReceivedEvent(packed(f"item-{n}", occurred_at=now - n), now) for n in range(10)]
    async with pool.connection() as connection:
        assert (await inserter.insert(connection, events[:4] * 2, now=now)).new == 4
        assert (await inserter.insert(connection, events, now=now)).new == 6
        assert (await inserter.insert(connection, events, now=now, seen_before=True)).new == 0
    assert await written(pool) == Written(rows=10, ids=10, fed=10, views=10)


async def test_items_met_for_the_first_time_come_after_the_others(pool: Pool) -> None:
    told: list[Committed] = []
    inserter = Inserter(late_seconds=3_600, on_commit=told.append)
    now = unix_microseconds()
    known = [ReceivedEvent(packed(f"known-{n}", occurred_at=now - n), now) for n in range(3)]
    new = [ReceivedEvent(packed(f"new-{n}", occurred_at=now - n), now) for n in range(4)]
    again = [ReceivedEvent(packed(f"known-{n}", occurred_at=now - n), now) for n in range(3)]
    async with pool.connection() as connection:
        assert (await inserter.insert(connection, known, now=now)).new == 3
        del told[:]
        assert await inserter.insert(connection, [*new, *again], now=now) == (7, {})
        both = [again[::-1], new[::-1]]
        assert [list(committed.events) for committed in told] == both
        # What is known is found, whether its item was met before or not.
        late = [ReceivedEvent(packed("newest", occurred_at=now), now)]
        stranger = Inserter(late_seconds=3_600)
        assert (await stranger.insert(connection, [*new, *late], now=now)).new == 1
        assert (await inserter.insert(connection, [*again, *late], now=now)).new == 0
    assert await written(pool) == Written(rows=11, ids=11, fed=11, views=11)


@pytest.mark.parametrize("seen_before", [False, True])
async def test_scoring_hears_of_what_counts_no_later_than_it_came(
    pool: Pool, *, seen_before: bool
) -> None:
    now = unix_microseconds()
    ahead = packed("ahead", occurred_at=now + HOUR // 2)
    uncounted = packed("uncounted", occurred_at=now, uncounted_because="bot: x")
    inserter = Inserter(late_seconds=3_600)
    async with pool.connection() as connection:
        events = [ReceivedEvent(each, now) for each in (ahead, uncounted)]
        inserted = await inserter.insert(connection, events, now=now, seen_before=seen_before)
        assert inserted == (2, {})
        cursor = await connection.execute(
            "select round(extract(epoch from occurred_at) * 1e6)::bigint from core.score_feed"
        )
        assert await cursor.fetchall() == [(now,)]


async def test_an_id_counts_once_whatever_its_time(pool: Pool) -> None:
    """Sent with another `occurredAt`, or first without and then with one, it counted twice."""
    inserter, now = Inserter(late_seconds=3_600), unix_microseconds()
    ids = [uuid4().bytes, Uuid7Source()(now // 1_000)]

    def again(after: int) -> list[ReceivedEvent]:
        events = [packed(event_id=each, occurred_at=now + after, claims=True) for each in ids]
        return [ReceivedEvent(event, now) for event in events]

    async with pool.connection() as connection:
        assert (await inserter.insert(connection, again(0) + again(5), now=now)).new == 2
        for after, seen_before in ((0, False), (HOUR, True), (-40 * DAY, False), (DAY, False)):
            inserted = await inserter.insert(
                connection, again(after), now=now, seen_before=seen_before
            )
            assert (inserted.new, set(inserted.known)) == (0, set(ids))
    assert await written(pool) == Written(rows=2, ids=2, fed=2, views=2)


async def test_an_id_may_come_again_once_it_is_forgotten_but_not_with_its_time(pool: Pool) -> None:
    inserter, now = Inserter(late_seconds=3_600), unix_microseconds()
    first = packed(occurred_at=now - HOUR, claims=True)
    other = msgspec.structs.replace(first, occurred_at=now)
    async with pool.connection() as connection:
        events = [ReceivedEvent(first, now - DAY + HOUR)]
        assert (await inserter.insert(connection, events, now=now)).new == 1
        for moment, new in ((now, 0), (now + 2 * HOUR, 1)):
            at = datetime.fromtimestamp(moment / 1e6, UTC)
            await connection.execute("call api.maintain_storage(%s)", [at])
            again = [ReceivedEvent(other, moment)]
            assert (await inserter.insert(connection, again, now=now)).new == new
        await connection.execute("delete from core.claimed_id")
        assert (await inserter.insert(connection, events, now=now)).new == 0


async def test_writers_of_one_id_at_different_times_agree(pool: Pool) -> None:
    now = unix_microseconds()
    ids = [uuid4().bytes for _ in range(40)]

    async def insert(number: int) -> int:
        events = [
            ReceivedEvent(packed(event_id=each, occurred_at=now - number - n, claims=True), now)
            for n, each in enumerate(ids if number % 2 else reversed(ids))
        ]
        inserter, new = Inserter(late_seconds=3_600), 0
        async with pool.connection() as connection:
            for start in range(0, 40, 10):
                batch = events[start : start + 10]
                inserted = await inserter.insert(connection, batch, now=now, seen_before=number > 2)
                new += inserted.new
        return new

    assert sum(await asyncio.gather(*(insert(number) for number in range(5)))) == 40
    assert await written(pool) == Written(rows=40, ids=40, fed=40, views=40)


async def test_an_id_used_for_something_else_is_told_from_a_duplicate(
    quick: Settings, pool: Pool, redis: Redis
) -> None:
    first = packed("a", user_id="u", claims=True)
    others = [
        msgspec.structs.replace(first, **{field: value})
        for field, value in (("content_id", "b"), ("user_id", None), ("type", 1))
    ]
    await put(redis, [first])
    await put(redis, [first, *others], wait="before")
    async with running_writer(quick, pool, redis):
        await eventually(lambda: settled(redis))
        await put(redis, [others[0], first, packed("c")], wait="after")
        await eventually(lambda: settled(redis))
    stored: list[Any] = [await redis.lpop(keys.reply(name)) for name in ("before", "after")]
    replies = [msgspec.json.decode(each, type=Reply) for each in stored]
    assert replies[0] == Reply(faults=[(1, CONFLICT), (2, CONFLICT), (3, CONFLICT)], duplicates=1)
    assert replies[1] == Reply(faults=[(0, CONFLICT)], duplicates=1)
    assert await written(pool) == Written(rows=2, ids=2, fed=2, views=2)


async def test_while_redis_is_down_an_id_used_for_something_else_is_told_too(
    settings: Settings, pool: Pool
) -> None:
    direct = DirectWriter(settings, pool, clock=unix_microseconds)
    first = packed("a", claims=True)
    other = msgspec.structs.replace(first, content_id="b", occurred_at=first.occurred_at - HOUR)
    now = unix_microseconds()
    assert await direct.write(Entry(now, [first])) == Reply(faults=[], duplicates=0)
    again = await direct.write(Entry(now, [other, first, packed("c")]))
    assert again == Reply(faults=[(0, CONFLICT)], duplicates=1)
    assert await written(pool) == Written(rows=2, ids=2, fed=2, views=2)


async def test_late_events_arrive_each_once(quick: Settings, pool: Pool, redis: Redis) -> None:
    now = unix_microseconds()
    late = [packed(occurred_at=now - n * HOUR // 2) for n in range(100)]
    async with running_writer(quick, pool, redis):
        await put(redis, late)
        await put(redis, late[50:])
        await eventually(lambda: settled(redis))
    assert await written(pool) == Written(rows=100, ids=100, fed=100, views=100)


async def test_two_writers_share_the_stream(quick: Settings, pool: Pool, redis: Redis) -> None:
    entries = [[packed(f"item-{n}") for n in range(5)] for _ in range(60)]
    async with running_writer(quick, pool, redis), running_writer(quick, pool, redis):
        for number, events in enumerate(entries):
            await put(redis, events + entries[number // 2])
        await eventually(lambda: settled(redis))
    assert await written(pool) == Written(rows=300, ids=300, fed=300, views=300)


async def test_the_entries_of_a_dead_writer_are_taken_over(
    quick: Settings, pool: Pool, redis: Redis
) -> None:
    await put(redis, [packed()])
    dead = WriterGroup(redis, consumer="dead", claim_seconds=1)
    await dead.create()
    assert len(await dead.read_new(count=10, block_milliseconds=100)) == 1
    async with running_writer(quick, pool, redis):
        await eventually(lambda: settled(redis))
    assert (await written(pool)).rows == 1


async def test_an_entry_that_is_gone_leaves_the_group(redis: Redis) -> None:
    entry_id = await put(redis, [packed()])
    for reader in (WriterGroup(redis, consumer=name, claim_seconds=0.001) for name in "ab"):
        await reader.create()
        await reader.read_new(count=10, block_milliseconds=1)
    await redis.xdel(keys.EVENT_STREAM, entry_id)
    other = WriterGroup(redis, consumer="c", claim_seconds=0.001)

    async def released() -> bool:
        assert await other.claim(count=10) == []
        pending = await redis.xpending(keys.EVENT_STREAM, keys.WRITER_GROUP)
        return int(pending["pending"]) == 0

    await eventually(released)


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


async def test_changed_items_lose_their_freshness(
    quick: Settings, pool: Pool, redis: Redis
) -> None:
    """And whoever refreshes them keeps nothing of what it finds; the last known value stays."""
    mine, other = item_keys("video", "a"), item_keys("video", "b")
    await redis.mset(dict.fromkeys((*mine, *other), 1))
    async with running_writer(quick, pool, redis):
        await put(redis, [packed("a")])
        await eventually(lambda: _gone(redis, mine.served))
    assert not await redis.exists(mine.claim)
    assert await redis.exists(mine.last, *other) == 1 + len(other)


async def _gone(redis: Redis, key: str) -> bool:
    return not await redis.exists(key)


async def test_flushed_redis_gets_its_group_back(quick: Settings, pool: Pool, redis: Redis) -> None:
    async with running_writer(quick, pool, redis):
        for round_number in range(3):
            await put(redis, [packed()])
            await eventually(lambda: settled(redis))
            assert (await written(pool)).rows == round_number + 1
            await redis.flushall()


async def test_a_stopped_writer_ends_its_batch(quick: Settings, pool: Pool, redis: Redis) -> None:
    async with running_writer(quick, pool, redis) as stop:
        for _ in range(20):
            await put(redis, [packed()])
        await eventually(lambda: _some_rows(pool))
        stop.set()
    pending = await redis.xpending(keys.EVENT_STREAM, keys.WRITER_GROUP)
    assert pending["pending"] == 0
    assert (await written(pool)).rows == 20 - await waiting(redis)


async def _some_rows(pool: Pool) -> bool:
    return (await written(pool)).rows > 0


async def test_the_database_may_go_and_come(
    own_engine: Callable[..., Awaitable[Engine]],
) -> None:
    engine = await own_engine()
    own = Settings(
        database_url=engine.database_url,
        redis_url=engine.redis_url,
        batch_seconds=0.02,
        database_timeout=1,
    )
    async with open_pool(own) as pool, open_redis(own) as redis:
        async with running_writer(own, pool, redis):
            await put(redis, [packed() for _ in range(5)])
            await eventually(lambda: settled(redis))
            await engine.kill_database()
            for _ in range(3):
                await put(redis, [packed() for _ in range(5)])
            await eventually(lambda: _delivered(redis))
            await engine.start_database()
            await eventually(lambda: settled(redis), within=30)
        assert await written(pool) == Written(rows=20, ids=20, fed=20, views=20)
        assert [letter async for letter in each_dead_letter(redis)] == []


async def _delivered(redis: Redis) -> bool:
    pending = await redis.xpending(keys.EVENT_STREAM, keys.WRITER_GROUP)
    return bool(pending["pending"])


async def test_redis_may_go_and_come(own_engine: Callable[..., Awaitable[Engine]]) -> None:
    engine = await own_engine()
    own = Settings(database_url=engine.database_url, redis_url=engine.redis_url, batch_seconds=0.02)
    async with open_pool(own) as pool, open_redis(own) as redis:
        async with running_writer(own, pool, redis):
            await put(redis, [packed() for _ in range(5)])
            await eventually(lambda: _some_rows(pool))
            await engine.kill_redis()
            await engine.start_redis()
            await put(redis, [packed() for _ in range(5)])
            await eventually(lambda: settled(redis), within=30)
        assert await written(pool) == Written(rows=10, ids=10, fed=10, views=10)
