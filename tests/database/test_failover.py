"""A standby takes over under load, while the old primary runs on, cut off from it (H3).

Some of the services are on the old primary's side: a publisher and a writer that go on talking to
it, and reach Redis; and its jobs, which pg_cron goes on running there.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import NamedTuple, cast

import msgspec
import psycopg
import pytest
import redis.asyncio

from app.migrate.migrate import migrate
from app.rankings import keys
from app.rankings.publisher import Publisher
from app.runtime.epochs import EPOCH, DeposedError
from app.runtime.fence import epochs_heard
from app.runtime.outage import DATABASE_ERRORS, REDIS_ERRORS
from app.runtime.pool import Pool, open_pool
from app.runtime.tasks import end
from app.settings import Settings
from app.top.publisher import TopPublisher
from tests.database.restoring import DATABASE, ask, run_jobs, tell
from tests.engines.cluster import Cluster, Programs, cluster_folder, find_programs
from tests.engines.partition import Partition, partition
from tests.eventually import eventually
from tests.writing import packed, put, running_writer, waiting

PROGRAMS = find_programs()
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(isinstance(PROGRAMS, str), reason=str(PROGRAMS)),
]
RANKING = "trending_24h"
FEW = "delete from core.ranking where name not in ('trending_24h', 'top_viewed')"


class Pair(NamedTuple):
    """A primary, a standby that follows it, and the network that leads to the former."""

    old: Cluster
    new: Cluster
    network: Partition

    def url(self, *ports: int) -> str:
        hosts = ",".join(f"127.0.0.1:{port}" for port in ports)
        return f"postgresql://postgres@{hosts}/{DATABASE}?target_session_attrs=read-write"


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


def cluster(folder: Path, stack: AsyncExitStack) -> Cluster:
    made = Cluster(cast("Programs", PROGRAMS), folder)
    stack.push_async_callback(made.stop)
    return made


@pytest.fixture
async def pair(stack: AsyncExitStack, redis: redis.asyncio.Redis) -> Pair:
    await redis.flushall()
    folder = stack.enter_context(cluster_folder())
    old, new = cluster(folder / "old", stack), cluster(folder / "new", stack)
    await old.initialise(cron_database=DATABASE)
    await old.start()
    await tell(old.url("postgres"), f"create database {DATABASE}")
    await migrate(old.url(DATABASE))
    await tell(old.url(DATABASE), FEW)
    await old.run(
        "pg_basebackup", "-c", "fast", "-R", "-D", str(new.data), "-d", old.url("postgres")
    )
    await new.start()
    network = await stack.enter_async_context(partition(old.port))
    return Pair(old, new, network)


async def make_synchronous(pair: Pair) -> None:
    url = pair.old.url(DATABASE)
    await tell(url, "alter system set synchronous_standby_names = '*'", "select pg_reload_conf()")

    async def is_synchronous() -> bool:
        [(state,)] = await ask(url, "select max(sync_state) from pg_stat_replication")
        return bool(state == "sync")

    await eventually(is_synchronous)


class Services(NamedTuple):
    """A worker's pool and publisher."""

    settings: Settings
    pool: Pool
    publisher: Publisher


async def services(
    url: str,
    settings: Settings,
    redis_: redis.asyncio.Redis,
    stack: AsyncExitStack,
    *,
    writes: bool = True,
) -> Services:
    """Run a writer and what hears of promotions; the publisher is called by the test."""
    own = msgspec.structs.replace(
        settings, database_url=url, claim_seconds=1.0, database_timeout=2.0, batch_seconds=0.05
    )
    pool = await stack.enter_async_context(open_pool(own))
    await stack.enter_async_context(epochs_heard(pool, redis_))
    if writes:
        await stack.enter_async_context(running_writer(own, pool, redis_))
    top = TopPublisher(pool=pool, redis=redis_, count_seconds=2.0)
    return Services(own, pool, Publisher(settings=own, pool=pool, redis=redis_, then=top.publish))


async def over_and_over(work: Callable[[], Awaitable[object]], *, pause: float) -> None:
    """Do it until cancelled, whatever the servers say."""
    while True:
        with suppress(*DATABASE_ERRORS, *REDIS_ERRORS):
            await work()
        await asyncio.sleep(pause)


def jobs_of(url: str) -> Callable[[], Awaitable[None]]:
    """Return what runs the scoring job once, as pg_cron does."""

    async def run() -> None:
        async with asyncio.timeout(5):
            await tell(url, "call api.run_rankings(forced => true)")

    return run


class Load:
    """Puts views into the stream, and remembers their ids."""

    def __init__(self, redis_: redis.asyncio.Redis) -> None:
        self.redis = redis_
        self.ids: list[bytes] = []

    async def send(self) -> None:
        events = [packed(f"i{n}") for n in range(20)]
        await put(self.redis, events)
        self.ids += [event.event_id for event in events]


async def epoch_in(redis_: redis.asyncio.Redis) -> int:
    return int(cast("bytes | None", await redis_.get(EPOCH)) or 0)


class Samples:
    """What Redis pointed at, with the epoch in the same moment."""

    def __init__(self, redis_: redis.asyncio.Redis) -> None:
        self.redis = redis_
        self.switched: list[tuple[float, int, int]] = []
        """When, in which epoch, to which run."""

    async def take(self) -> None:
        async with self.redis.pipeline(transaction=True) as pipe:
            pipe.get(EPOCH)
            pipe.hget(keys.TRENDING_CURRENT, RANKING)
            epoch, run = await pipe.execute()
        if run is not None and (not self.switched or self.switched[-1][2] != int(run)):
            self.switched.append((time.monotonic(), int(epoch or 0), int(run)))

    def since(self, epoch: int) -> list[int]:
        """Return the runs that were switched to in an epoch."""
        return [run for _, known, run in self.switched if known >= epoch]


class Seconds(NamedTuple):
    """How long after the network was cut what happened."""

    promoted: float
    heard: float
    """When Redis knew the new epoch."""
    written: float
    """When an event that came in then was in the new primary."""
    listed: float
    """When a run of the new primary was published."""


@pytest.mark.parametrize(
    ("is_synchronous", "writes_there"),
    [(True, True), (False, False), (False, True)],
    ids=["synchronous", "asynchronous", "asynchronous with a writer on the other side"],
)
async def test_a_standby_takes_over_under_load(  # noqa: PLR0917  # fixtures and parameters
    pair: Pair,
    settings: Settings,
    redis: redis.asyncio.Redis,
    stack: AsyncExitStack,
    is_synchronous: bool,
    writes_there: bool,
) -> None:
    """What a writer stores there in vain is lost, unless the database waits for its standby."""
    if is_synchronous:
        await make_synchronous(pair)
    old_url, new_url = pair.old.url(DATABASE), pair.new.url(DATABASE)
    inner = await stack.enter_async_context(AsyncExitStack())
    ours = await services(pair.url(pair.network.port, pair.new.port), settings, redis, inner)
    theirs = await services(pair.url(pair.old.port), settings, redis, inner, writes=writes_there)
    load, samples = Load(redis), Samples(redis)

    def go_on(work: Callable[[], Awaitable[object]], pause: float) -> asyncio.Task[None]:
        task = asyncio.create_task(over_and_over(work, pause=pause))
        inner.push_async_callback(end, task)
        return task

    sending = go_on(load.send, 0.05)
    go_on(samples.take, 0.005)
    go_on(ours.publisher.publish, 0.2)
    go_on(theirs.publisher.publish, 0.1)
    go_on(jobs_of(old_url), 0.5)

    async def is_published() -> bool:
        return len(samples.switched) >= 3

    await eventually(is_published, within=30)
    seconds = await fail_over(pair, redis, samples, lambda: go_on(jobs_of(new_url), 0.5))
    epoch = await epoch_in(redis)
    await asyncio.sleep(3)  # while those on the other side go on trying
    sending.cancel()

    async def is_empty() -> bool:
        return await waiting(redis) == 0

    await eventually(is_empty, within=60)
    assert await epoch_in(redis) == epoch, "the old primary has raised the epoch"
    with pytest.raises(psycopg.OperationalError):
        await theirs.publisher.publish()
    await inner.aclose()

    stored = [each.bytes for (each,) in await ask(new_url, "select event_id from core.event")]
    lost = len(set(load.ids) - set(stored))
    runs = "select run_id from core.ranking_run"
    of_new = {run for (run,) in await ask(new_url, runs)}
    of_old = {run for (run,) in await ask(old_url, runs)}
    deposed = set(samples.since(epoch)) & (of_old - of_new)
    print(  # for the table of docs/operations.md: pytest -s
        f"\n{len(load.ids)} sent, {lost} lost, {len(stored) - len(set(stored))} doubled, "
        f"{len(of_old - of_new)} runs on the deposed, {len(deposed)} of them published since, "
        + ", ".join(f"{name} {value:.1f}" for name, value in seconds._asdict().items())
    )
    assert len(stored) == len(set(stored))
    assert deposed == set()
    assert samples.switched[-1][2] in of_new
    if is_synchronous:
        assert lost == 0
    # What was stored is counted once, in all that is made of it.
    if pair.new.programs.has_pg_cron:
        paused = "select cron.alter_job(jobid, active => false) from cron.job"
        await tell(new_url, paused)
    await run_jobs(new_url)


async def fail_over(
    pair: Pair, redis_: redis.asyncio.Redis, samples: Samples, run_jobs_there: Callable[[], object]
) -> Seconds:
    """Cut the old primary off from all but what is on its side, and promote the standby."""
    [(before,)] = await ask(pair.old.url(DATABASE), "select api.epoch()")
    began = time.monotonic()
    pair.network.cut()
    await pair.new.promote()
    promoted = time.monotonic()
    run_jobs_there()

    async def is_heard() -> bool:
        return bool(await epoch_in(redis_) > before)

    await eventually(is_heard, within=30)
    heard = time.monotonic()
    await put(redis_, [packed("after")])

    async def is_written() -> bool:
        found = """
            select count(*) from core.event
            where item_id = (select item_id from core.item where external_id = 'after')
        """
        return bool((await ask(pair.new.url(DATABASE), found))[0][0])

    await eventually(is_written, within=60)
    written = time.monotonic()

    async def is_listed() -> bool:
        return len([run for run in samples.since(before + 1) if run > before]) >= 3

    await eventually(is_listed, within=60)
    listed = next(at for at, _, run in samples.switched if run > before)
    return Seconds(*(each - began for each in (promoted, heard, written, listed)))


async def test_who_was_deposed_is_refused_and_can_be_taken_back(
    pair: Pair, settings: Settings, redis: redis.asyncio.Redis, stack: AsyncExitStack
) -> None:
    """Also a publisher that was at it as the other one came, and top lists."""
    old_url, new_url = pair.old.url(DATABASE), pair.new.url(DATABASE)
    await tell(old_url, "call api.run_rankings(forced => true)")
    await pair.new.promote()
    await tell(new_url, "call api.run_rankings(forced => true)")
    pools = [
        await stack.enter_async_context(
            open_pool(msgspec.structs.replace(settings, database_url=url, database_timeout=1.0))
        )
        for url in (old_url, new_url)
    ]
    old, new = [Publisher(settings=settings, pool=pool, redis=redis) for pool in pools]
    tops = [TopPublisher(pool=pool, redis=redis) for pool in pools]
    await old.publish()
    await tops[0].publish()
    await new.publish()
    assert await tops[1].publish() > 0, "lists that were counted elsewhere are counted anew"
    published = await redis.hgetall(keys.TRENDING_CURRENT)
    words = await redis.hgetall(keys.TRENDING_WORDS)
    with pytest.raises(DeposedError):
        await old.publish()
    for late in (
        old._switch(RANKING),  # as one that has begun before
        old._withdraw(set(), 1),
    ):
        with pytest.raises((DeposedError, psycopg.OperationalError)):
            await late
    # Nobody can borrow a connection to it any more.
    with pytest.raises(psycopg.OperationalError):
        async with pools[0].connection(timeout=0.5):
            pass

    async def is_told() -> bool:
        return "deposed" in (pools[0].refusal or "")

    await eventually(is_told)
    assert await redis.hgetall(keys.TRENDING_CURRENT) == published
    assert await redis.hgetall(keys.TRENDING_WORDS) == words

    await tell(old_url, "select api.skip_used_ids(always => true)")
    async with open_pool(msgspec.structs.replace(settings, database_url=old_url)) as pool:
        back = Publisher(settings=settings, pool=pool, redis=redis)
        await back.publish()
        with pytest.raises(DeposedError):
            await new.publish()
