"""Intake: what Redis says after it was down is heeded, and one event never sinks a request."""

from __future__ import annotations

import msgspec
import pytest
from redis.asyncio import Redis

from app.errors import OverloadedError, RateLimitedError
from app.ingest import keys
from app.ingest.dead_letters import each_dead_letter
from app.ingest.intake import Intake
from app.ingest.limits import Limit
from app.ingest.packing import CONFLICT, PackedEvent
from app.ingest.sender import ANYBODY, Sender
from app.ingest.shards import PROBE_SECONDS
from app.ingest.stream import Entry, Reply, Sealed, sealed
from app.runtime.moments import unix_microseconds
from app.runtime.pool import Pool
from app.settings import Settings
from tests.writing import Written, packed, put, waiting, written

pytestmark = pytest.mark.usefixtures("clean")

ONE_A_MINUTE = Sender(limits=(Limit("key", keys.rate("key", "1"), 1),))


class Later:
    """A clock that stands until it is told to go on."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def past_the_pause(self) -> None:
        self.now += 2 * PROBE_SECONDS


@pytest.fixture
def later() -> Later:
    return Later()


def entry(*events: PackedEvent) -> Sealed:
    taken = list(events or [packed()])
    return sealed(Entry(unix_microseconds(), taken))


async def lose_redis(intake: Intake, redis: Redis) -> None:
    """Let Redis fail once, so that an event goes to the database, and come back."""
    await redis.set(keys.EVENT_STREAM, "no stream")
    assert (await intake.take(entry())).reply is not None
    await redis.delete(keys.EVENT_STREAM)


async def test_an_overload_after_an_outage_is_an_overload(
    settings: Settings, pool: Pool, redis: Redis, later: Later
) -> None:
    own = msgspec.structs.replace(settings, max_stream_entries=1)
    intake = Intake(own, pool, redis, monotonic=later)
    await lose_redis(intake, redis)
    await put(redis, [packed()])
    later.past_the_pause()
    for _ in range(3):
        with pytest.raises(OverloadedError):
            await intake.take(entry())
    assert (await written(pool)).rows == 1


async def test_a_rate_limit_after_an_outage_is_a_rate_limit(
    settings: Settings, pool: Pool, redis: Redis, later: Later
) -> None:
    intake = Intake(settings, pool, redis, monotonic=later)
    await intake.take(entry(), ONE_A_MINUTE)
    await redis.rename(keys.EVENT_STREAM, "aside")
    await lose_redis(intake, redis)
    later.past_the_pause()
    for _ in range(3):
        with pytest.raises(RateLimitedError):
            await intake.take(entry(), ONE_A_MINUTE)
    assert (await written(pool)).rows == 1
    assert (await intake.take(entry(), ANYBODY)).reply is None
    assert await waiting(redis) == 1


async def test_one_bad_event_does_not_take_the_others_along_while_redis_is_down(
    settings: Settings, pool: Pool, redis: Redis
) -> None:
    bad = packed(metadata=b"{broken")
    good = [packed(f"item-{n}") for n in range(9)]
    intake = Intake(settings, pool, redis)
    await redis.set(keys.EVENT_STREAM, "no stream")
    for duplicates in (0, 9):
        taken = await intake.take(entry(*good[:5], bad, *good[5:]))
        assert taken.reply is not None
        ((position, reason),) = taken.reply.faults
        assert (position, taken.reply.duplicates) == (5, duplicates)
        assert "json" in reason
    assert await written(pool) == Written(rows=9, ids=9, fed=9, views=9)
    letters = [letter async for letter in each_dead_letter(redis)]
    assert [letter.events for letter in letters] == [[bad], [bad]]


async def test_an_id_that_stands_for_another_event_is_refused_while_redis_is_down(
    settings: Settings, pool: Pool, redis: Redis
) -> None:
    first = packed(claims=True)
    other = packed("another", claims=True, event_id=first.event_id)
    intake = Intake(settings, pool, redis)
    await redis.set(keys.EVENT_STREAM, "no stream")
    await intake.take(entry(first))
    taken = await intake.take(entry(other, first, packed()))
    assert taken.reply == Reply(faults=[(0, CONFLICT)], duplicates=1)
    assert (await written(pool)).rows == 2
    assert [letter async for letter in each_dead_letter(redis)] == []
