"""The faults, each a function that injects it, heals it, and says how often it did."""

from __future__ import annotations

import asyncio
import random
import signal
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from typing import NamedTuple

import httpx
import psycopg
from redis.exceptions import RedisError

from tests.site import NO_CERTIFICATES
from tests.soak import dba
from tests.soak.hostile import call_slowly, hang_up, send_bombs
from tests.soak.parts import Part
from tests.soak.stand import Stand

Inject = Callable[[Stand, random.Random], Awaitable[int]]


class Fault(NamedTuple):
    """A fault by its name."""

    name: str
    inject: Inject
    is_kill: bool = False
    stops_api: bool = False
    """Whether the API itself cannot answer meanwhile."""


async def _kill_part(part: Part) -> None:
    await part.kill()
    await part.start()


async def kill_api(stand: Stand, chance: random.Random) -> int:
    """Kill the API again and again, some of the times before it is ready."""
    for _ in range(stand.burst):
        await asyncio.sleep(chance.uniform(0.1, 1.5))
        await _kill_part(stand.api)
    return stand.burst


async def kill_writer(stand: Stand, chance: random.Random) -> int:
    """Kill one of the two writers, or both, again and again."""
    kills = 0
    while kills < stand.burst:
        await asyncio.sleep(chance.uniform(0.1, 1.0))
        for worker in chance.sample(stand.workers, chance.choice((1, 1, 2))):
            await _kill_part(worker)
            kills += 1
    return kills


async def kill_redis(stand: Stand, chance: random.Random) -> int:
    """Kill Redis again and again."""
    for _ in range(stand.burst):
        await asyncio.sleep(chance.uniform(0.05, 0.5))
        await stand.engine.kill_redis()
        await asyncio.sleep(chance.uniform(0, 0.3))
        await stand.engine.start_redis()
    return stand.burst


async def kill_database(stand: Stand, chance: random.Random) -> int:
    """Kill the database; it takes some time to come back."""
    for _ in range(stand.burst):
        await asyncio.sleep(chance.uniform(0.05, 0.7))
        await stand.kill_database()
        await asyncio.sleep(chance.uniform(0, 0.3))
        await stand.start_database()
    return stand.burst


async def kill_all(stand: Stand, chance: random.Random) -> int:
    """Kill every process in one moment, or within a few milliseconds, and start all again."""
    for _ in range(stand.burst):
        await asyncio.sleep(chance.uniform(0.2, 1.0))
        kills: list[Callable[[], Awaitable[None]]] = [
            *(part.kill for part in stand.parts),
            stand.engine.kill_redis,
            stand.kill_database,
        ]
        chance.shuffle(kills)
        for kill in kills:
            await kill()
            await asyncio.sleep(chance.choice((0, 0.005, 0.02)))
        await _start_all(stand)
    return stand.burst


async def power_loss(stand: Stand, chance: random.Random) -> int:
    """Kill everything and cut Redis' file: see tests/soak/power.py.

    The API goes first, so that no caller is told of anything that is then cut.
    """
    await asyncio.sleep(chance.uniform(0.2, 1.0))
    await stand.api.kill()
    await asyncio.sleep(chance.uniform(0, 0.03))
    await stand.engine.kill_redis()
    for worker in stand.workers:
        await worker.kill()
    await stand.kill_database()
    stand.mark.cut_power(chance)
    await _start_all(stand)
    return 1


async def _start_all(stand: Stand) -> None:
    for part in stand.parts:
        await part.start()
    await asyncio.gather(stand.engine.start_redis(), stand.start_database())


async def both_down(stand: Stand, chance: random.Random) -> int:
    """Kill Redis and the database: events are then refused with 503 and Retry-After."""
    await asyncio.gather(stand.engine.kill_redis(), stand.kill_database())
    try:
        await asyncio.sleep(chance.uniform(0.1, 0.5))
        await _refused(stand.url)
    finally:
        await asyncio.gather(stand.engine.start_redis(), stand.start_database())
    return 1


async def _refused(url: str) -> None:
    event = {"type": "view", "contentId": "refused", "count": 0}
    good = {**event, "count": 1, "userId": "soak-refused"}
    async with httpx.AsyncClient(base_url=url, timeout=10, verify=NO_CERTIFICATES) as client:
        answer = await client.post("/analytics/events", json=[event, good])
    if answer.status_code != 503 or int(answer.headers.get("retry-after", "0")) < 1:
        raise AssertionError(f"both down, and the answer was {answer.status_code} {answer.text}")


async def _pause(send: Callable[[int], None], seconds: float) -> None:
    send(signal.SIGSTOP)
    try:
        await asyncio.sleep(seconds)
    finally:
        send(signal.SIGCONT)


async def pause_part(stand: Stand, chance: random.Random) -> int:
    """Freeze the API or a worker, often for longer than its entries are left to it."""
    part = chance.choice(stand.parts)
    await _pause(part.signal, chance.uniform(0.2, 3.0))
    return 1


async def pause_redis(stand: Stand, chance: random.Random) -> int:
    """Freeze Redis, often for longer than anybody waits for it."""
    await _pause(stand.engine.signal_redis, chance.uniform(0.2, 2.0))
    return 1


async def pause_database(stand: Stand, chance: random.Random) -> int:
    """Freeze the database, often for longer than a request waits for it."""
    await _pause(stand.engine.signal_database, chance.uniform(0.2, 3.0))
    return 1


async def full_redis(stand: Stand, chance: random.Random) -> int:
    """Leave Redis no memory for a while."""
    async with stand.redis() as client:
        await client.config_set("maxmemory", 1)
        await asyncio.sleep(chance.uniform(0.2, 2.0))
        await client.config_set("maxmemory", 0)
    return 1


async def fill_redis(stand: Stand, chance: random.Random) -> int:
    """Leave Redis no more memory than it uses, and so on; a worker is started on it."""
    async with stand.redis() as client:
        used = (await client.info("memory"))["used_memory"]
        await client.config_set("maxmemory", used)
    await _kill_part(chance.choice(stand.workers))
    return 1


async def cut_connections(stand: Stand, chance: random.Random) -> int:
    """Cut the connections of Redis' clients, and on a server of the database's, a few times."""
    for _ in range(5):
        await asyncio.sleep(chance.uniform(0.02, 0.3))
        with suppress(RedisError):
            async with stand.redis() as client:
                await client.client_kill_filter(_type="normal", skipme=True)
        if stand.engine.shares_server:
            async with await stand.connect() as connection:
                await connection.execute(
                    "select pg_terminate_backend(pid) from pg_stat_activity"
                    " where datname = current_database() and application_name = 'groundswell'"
                )
    return 5


async def lock_events(stand: Stand, chance: random.Random) -> int:
    """Hold a lock under which nobody can insert an event."""
    async with await stand.connect() as connection:
        with suppress(psycopg.OperationalError):
            async with connection.transaction():
                await connection.execute("lock table core.event in exclusive mode")
                await asyncio.sleep(chance.uniform(0.5, 3.0))
    return 1


KILLS = (
    Fault("kill the API", kill_api, is_kill=True, stops_api=True),
    Fault("kill a writer", kill_writer, is_kill=True),
    Fault("kill Redis", kill_redis, is_kill=True),
    Fault("kill the database", kill_database, is_kill=True),
    Fault("kill everything", kill_all, is_kill=True, stops_api=True),
)
OTHERS = (
    Fault("power loss of Redis", power_loss),
    Fault("both down", both_down),
    Fault("pause API or worker", pause_part, stops_api=True),
    Fault("pause Redis", pause_redis),
    Fault("pause the database", pause_database),
    Fault("Redis full", full_redis),
    Fault("Redis left full", fill_redis),
    Fault("callers hang up", hang_up),
    Fault("callers are slow", call_slowly),
    Fault("bodies are bombs", send_bombs),
    Fault("connections cut", cut_connections),
    Fault("core.event locked", lock_events),
    Fault("history dropped", dba.drop_history),
    Fault("own aggregate refreshed", dba.refresh_own_aggregate),
    Fault("transaction left open", dba.leave_open),
)


def faults_for(stand: Stand) -> Iterable[Fault]:
    """Return the faults that can be injected there."""
    shared = stand.engine.shares_server
    # The embedded engine has one backend, which whoever is idle in a transaction would keep.
    unfit = pause_database if shared else dba.leave_open
    return [each for each in KILLS + OTHERS if each.inject is not unfit]
