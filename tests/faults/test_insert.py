"""Inserting events: each id counts once, whatever is sent again, at another time or as another."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from redis.asyncio import Redis

from app.ingest import keys
from app.ingest.direct import DirectWriter
from app.ingest.insert import Inserter
from app.ingest.packing import CONFLICT
from app.ingest.rows import Committed, ReceivedEvent
from app.ingest.stream import Entry, Reply
from app.ingest.uuid7 import Uuid7Source
from app.runtime.moments import unix_microseconds
from app.runtime.pool import Pool
from app.settings import Settings
from tests.eventually import eventually
from tests.writing import Written, packed, put, running_writer, settled, written

pytestmark = pytest.mark.usefixtures("clean")

HOUR = 3_600_000_000
DAY = 24 * HOUR


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
