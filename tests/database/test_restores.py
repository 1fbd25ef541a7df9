"""The recipes of docs/operations.md for a restored database, on servers of the tests' own.

After each, counts, scores and lists are what they were, nothing is counted twice, and Redis and
running workers that know more than the database do no harm.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import cast

import pytest
import redis.asyncio

from app.migrate.migrate import differences, migrate
from app.rankings import keys
from app.rankings.follower import Follower
from app.rankings.publisher import Publisher
from app.rankings.snapshots import Snapshots
from app.runtime.pool import open_pool
from app.runtime.redis_client import open_redis
from app.settings import Settings
from tests.database.restoring import (
    DATABASE,
    JOBS,
    Site,
    ask,
    make_history,
    newest_run,
    run_jobs,
    served,
    state,
    tell,
)
from tests.engines.cluster import Cluster, Programs, cluster_folder, copy_files, find_programs
from tests.eventually import eventually
from tests.writing import running_writer

PROGRAMS = find_programs()
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(isinstance(PROGRAMS, str), reason=str(PROGRAMS)),
]


@pytest.fixture(scope="module")
async def history(settings: Settings) -> AsyncIterator[Path]:
    """The folder of a stopped server with some history, whose jobs a DBA has paused."""
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(cluster_folder())
        primary = cluster(folder / "history", stack)
        await primary.initialise(cron_database=DATABASE)
        await primary.start()
        await tell(primary.url("postgres"), f"create database {DATABASE}")
        async with open_redis(settings) as client:
            await client.flushall()
            await make_history(Site(primary, settings, client))
        await primary.stop("fast")
        yield primary.data


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


@pytest.fixture
def folder(stack: AsyncExitStack) -> Path:
    return stack.enter_context(cluster_folder())


def cluster(folder: Path, stack: AsyncExitStack) -> Cluster:
    """Return a server in `folder`, stopped at the end of the test."""
    made = Cluster(cast("Programs", PROGRAMS), folder)
    stack.push_async_callback(made.stop)
    return made


@pytest.fixture
async def site(
    history: Path,
    folder: Path,
    stack: AsyncExitStack,
    settings: Settings,
    redis: redis.asyncio.Redis,
) -> Site:
    """A running primary that archives its log."""
    await redis.flushall()
    primary = cluster(folder / "primary", stack)
    copy_files(history, primary.data)
    archive = folder / "archive"
    primary.configure(
        f"archive_mode = on\narchive_command = 'mkdir -p {archive} && cp %p {archive}/%f'"
    )
    await primary.start()
    return Site(primary, settings, redis)


async def test_a_dump_on_a_new_server_under_a_new_name(
    site: Site, folder: Path, stack: AsyncExitStack
) -> None:
    """With nothing there but the server: no roles, no database, no jobs."""
    before = await state(site.url)
    dump = str(folder / "groundswell.dump")
    await site.primary.run("pg_dump", "-Fc", "-f", dump, site.url)
    new = cluster(folder / "new", stack)
    await new.initialise(cron_database="restored")
    await new.start()
    url = new.url("restored")
    await tell(new.url("postgres"), "create database restored")
    await tell(url, "create extension timescaledb", "select timescaledb_pre_restore()")
    await new.run("pg_restore", "--no-owner", "--no-acl", "-d", url, dump)
    await tell(url, "select timescaledb_post_restore()")

    told = await differences(url)
    assert {"missing: role groundswell_read", "missing: role groundswell_service"} <= set(told)
    assert [line for line in told if line.startswith("missing: insert on core.event")]
    wrong_jobs = [line for line in told if line.endswith("is not scheduled so")]
    assert len(wrong_jobs) == JOBS * new.programs.has_pg_cron
    report = await migrate(url)
    assert (report.applied, report.replaced) == ([], 0)
    left = await differences(url)
    assert [line for line in left if "one behind the other" not in line] == []
    assert await state(url) == before
    if new.programs.has_pg_cron:
        jobs = "select distinct database, active from cron.job"
        assert await ask(url, jobs) == [("restored", False)]
    await run_jobs(url)
    assert await newest_run(url) > await newest_run(site.url) + 1_000_000


async def test_a_standby_takes_over(site: Site, folder: Path, stack: AsyncExitStack) -> None:
    standby = cluster(folder / "standby", stack)
    await site.primary.run(
        "pg_basebackup", "-c", "fast", "-R", "-D", str(standby.data), "-d", site.url
    )
    await standby.start()
    url = standby.url(DATABASE)
    async with open_pool(site.settings) as pool, running_writer(site.settings, pool, site.redis):
        await site.record("i2", "new")
        await site.written()
    await run_jobs(site.url)
    before = await state(site.url)
    [(end,)] = await ask(site.url, "select pg_current_wal_lsn()::text")

    async def caught_up() -> bool:
        return await ask(url, f"select pg_last_wal_replay_lsn() >= '{end}'::pg_lsn") == [(True,)]

    await eventually(caught_up)
    assert await state(url) == before
    newest = await newest_run(site.url)
    await site.primary.stop()
    await standby.promote()
    assert [line for line in await differences(url) if "one behind the other" not in line] == []
    await run_jobs(url)
    assert (await state(url))["popularity"] == before["popularity"]
    await tell(url, "update core.ranking set size = 5")
    await run_jobs(url)
    assert await newest_run(url) > newest + 1_000_000


async def test_an_earlier_moment_under_a_redis_and_workers_that_know_more(
    site: Site, folder: Path, stack: AsyncExitStack
) -> None:
    """Same address, same ids to come: lists must not be stale, nor items mixed up."""
    restored = cluster(folder / "restored", stack)
    restored.port = site.primary.port
    await site.primary.run("pg_basebackup", "-c", "fast", "-D", str(restored.data), "-d", site.url)
    before = await state(site.url)
    await tell(site.url, "select pg_create_restore_point('here')")

    pool = await stack.enter_async_context(open_pool(site.settings))
    await stack.enter_async_context(running_writer(site.settings, pool, site.redis))
    snapshots = Snapshots(max_age=5)
    publisher = Publisher(settings=site.settings, pool=pool, redis=site.redis)
    follower = Follower(
        settings=site.settings, pool=pool, redis=site.redis, snapshots=snapshots, clock=lambda: 0.0
    )
    lost = [f"lost{n}" for n in range(50)]
    await site.record(*lost, *lost)
    await site.written()
    await run_jobs(site.url)
    await publisher.publish()
    await follower.refresh()
    assert "lost0" in served(snapshots)
    newest = await newest_run(site.url)
    [(last,)] = await ask(site.url, "select pg_walfile_name(pg_switch_wal())")

    async def archived() -> bool:
        [(done,)] = await ask(site.url, "select last_archived_wal from pg_stat_archiver")
        return str(done or "") >= str(last)

    await eventually(archived)
    await site.primary.stop()
    restored.configure(
        f"restore_command = 'cp {folder}/archive/%f %p'\n"
        "recovery_target_name = 'here'\nrecovery_target_action = promote"
    )
    (restored.data / "recovery.signal").touch()
    await restored.start()

    async def promoted() -> bool:
        return await ask(site.url, "select pg_is_in_recovery()") == [(False,)]

    await eventually(promoted)
    assert await state(site.url) == before
    assert [line for line in await differences(site.url) if "one behind" not in line] == []

    # New items may get the ids that lost ones had: the writer must not remember those.
    fresh = [f"fresh{n}" for n in range(50)]
    await site.record(*fresh)
    await site.written()
    await site.record(*lost)
    await site.written()
    await run_jobs(site.url)
    views = dict(
        await ask(site.url, "select content_id, views from api.item_popularity where views = 1")
    )
    assert views.keys() == {*fresh, *lost}
    # What is published is what the database has, under ids that were never seen before.
    [(run_id,)] = await ask(
        site.url, "select run_id from api.latest_run where ranking = 'top_viewed'"
    )
    assert run_id > newest
    await publisher.publish()
    assert await site.redis.hget(keys.TRENDING_CURRENT, "top_viewed") == b"%d" % run_id
    await follower.refresh()
    assert "fresh0" in served(snapshots)
