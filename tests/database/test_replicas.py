"""Reads on a physical standby: fresh, and nobody notices when it dies, lags or is promoted (H1)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import httpx
import msgspec
import psycopg
import pytest
import redis.asyncio
from click.testing import CliRunner
from prometheus_client import REGISTRY

from app.cli.export import export
from app.health.doctor import look_at_replicas
from app.main import create_app
from app.migrate.migrate import migrate
from app.runtime.pool import Pool, open_pool
from app.runtime.replicas import Replicas, open_replicas, read
from app.settings import Settings
from tests.database.restoring import DATABASE, ask, tell
from tests.engines.cluster import Cluster, Programs, cluster_folder, find_programs
from tests.eventually import eventually
from tests.lifespan import client_of
from tests.writing import running_writer

PROGRAMS = find_programs()
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(isinstance(PROGRAMS, str), reason=str(PROGRAMS)),
]


@pytest.fixture(scope="module")
async def servers() -> AsyncIterator[tuple[Cluster, Cluster]]:
    """A migrated primary whose jobs nobody runs, and a standby that follows it."""
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(cluster_folder())
        primary, standby = cluster(folder / "primary", stack), cluster(folder / "standby", stack)
        await primary.initialise(cron_database=DATABASE)
        await primary.start()
        await tell(primary.url("postgres"), f"create database {DATABASE}")
        await migrate(primary.url(DATABASE))
        if primary.programs.has_pg_cron:
            paused = "select cron.alter_job(jobid, active => false) from cron.job"
            await tell(primary.url(DATABASE), paused)
        await follow(primary, standby)
        yield primary, standby


def cluster(folder: Path, stack: AsyncExitStack) -> Cluster:
    made = Cluster(cast("Programs", PROGRAMS), folder)
    stack.push_async_callback(made.stop)
    return made


async def follow(primary: Cluster, standby: Cluster) -> None:
    """Make a standby of the primary, and start it."""
    url = primary.url("postgres")
    await primary.run("pg_basebackup", "-c", "fast", "-R", "-D", str(standby.data), "-d", url)
    await standby.start()


@pytest.fixture
def site(servers: tuple[Cluster, Cluster], settings: Settings) -> Settings:
    primary, standby = servers
    return msgspec.structs.replace(
        settings,
        database_url=primary.url(DATABASE),
        read_database_url=standby.url(DATABASE),
        read_lag_seconds=1.0,
        stats_fresh_seconds=0.001,
    )


@pytest.fixture
async def pool(site: Settings) -> AsyncIterator[Pool]:
    async with open_pool(site) as pool:
        yield pool


@pytest.fixture
async def replicas(site: Settings, pool: Pool) -> AsyncIterator[Replicas]:
    async with open_replicas(site, pool) as replicas:
        await eventually(is_used(replicas))
        yield replicas


def is_used(replicas: Replicas) -> Any:  # a condition
    async def used() -> bool:
        return replicas.all[0].why_not is None

    return used


def is_unused_because(replicas: Replicas, words: str) -> Any:  # a condition
    async def unused() -> bool:
        return words in (replicas.all[0].why_not or "")

    return unused


def reads(outcome: str) -> float:
    value = REGISTRY.get_sample_value("groundswell_replica_reads_total", {"outcome": outcome})
    return value or 0.0


async def on_standby(connection: psycopg.AsyncConnection[Any]) -> bool:
    row = await (await connection.execute("select pg_is_in_recovery()")).fetchone()
    assert row is not None
    return bool(row[0])


async def items(connection: psycopg.AsyncConnection[Any]) -> int:
    row = await (await connection.execute("select count(*) from core.item")).fetchone()
    assert row is not None
    return int(row[0])


async def add_item(pool: Pool) -> int:
    """Register an item on the primary, and return how many there are."""
    async with pool.connection() as connection:
        await connection.execute(
            "insert into core.item (content_type, external_id) values ('video', %s)",
            [uuid4().hex],
        )
        return await items(connection)


async def test_a_read_has_what_was_committed_before_it(pool: Pool, replicas: Replicas) -> None:
    assert await read(pool, on_standby, within=5)
    before = reads("replica")
    for _ in range(100):
        there = await add_item(pool)
        assert await read(pool, items, within=5) >= there
    assert reads("replica") > before
    assert replicas.all[0].lag is not None


async def test_a_read_that_a_lagging_standby_cannot_answer_goes_to_the_primary(
    pool: Pool, replicas: Replicas, site: Settings
) -> None:
    """Replay stands still, as behind a long query: writes show all the same, and it heals."""
    await tell(site.read_database_url, "select pg_wal_replay_pause()")
    try:
        before = reads("behind")
        for _ in range(20):
            there = await add_item(pool)
            assert await read(pool, items, within=5) == there
        assert reads("behind") > before
        await eventually(is_unused_because(replicas, "1 s behind"))
        assert replicas.all[0].lag is None or replicas.all[0].lag > 1
        [found] = await look_at_replicas(site)
        assert found.verdict == "warn"
    finally:
        await tell(site.read_database_url, "select pg_wal_replay_resume()")
    await eventually(is_used(replicas))
    there = await add_item(pool)
    assert await read(pool, items, within=5) == there


async def test_a_standby_that_dies_under_reads_fails_none(
    pool: Pool, replicas: Replicas, servers: tuple[Cluster, Cluster]
) -> None:
    stop = asyncio.Event()
    answers: list[int] = []

    async def ask_on() -> None:
        while not stop.is_set():
            there = await add_item(pool)
            found = await read(pool, items, within=5)
            assert found >= there
            answers.append(found)

    asking = [asyncio.create_task(ask_on()) for _ in range(4)]
    try:
        for _ in range(2):
            await servers[1].stop()
            await eventually(is_unused_because(replicas, "does not answer"))
            await servers[1].start()
            await eventually(is_used(replicas))
    finally:
        stop.set()
        await asyncio.gather(*asking)
    assert len(answers) > 20
    assert await read(pool, on_standby, within=5)


async def test_a_query_that_the_standby_cancels_is_asked_of_the_primary(
    pool: Pool, replicas: Replicas
) -> None:
    """As one is that holds up replay for too long."""
    tried: list[bool] = []

    async def conflicting(connection: psycopg.AsyncConnection[Any]) -> bool:
        tried.append(await on_standby(connection))
        if tried[-1]:
            raise psycopg.errors.SerializationFailure("canceling statement due to conflict")
        return tried[-1]

    assert await read(pool, conflicting, within=5) is False
    assert tried == [True, False]
    assert replicas.all[0].why_not is None


async def test_all_that_is_read_on_a_standby_can_be(
    site: Settings, redis: redis.asyncio.Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each route that reads answers there what the primary would: the view just written."""
    await redis.flushall()
    async with (
        open_pool(site) as pool,
        running_writer(site, pool, redis),
        client_of(create_app(site)) as client,
    ):
        await eventually(lambda: used_by(client))
        sent = await client.post("/analytics/view/v1?wait=true")
        assert sent.status_code == 200, sent.text
        await tell(site.database_url, "call api.run_rankings(forced => true)")
        before, failed = reads("replica"), reads("failed")
        for path in (
            "/analytics/stats/v1",
            "/analytics/stats/v1?tz=Asia/Tokyo",
            "/analytics/series?contentId=v1&metrics=views&metrics=uniqueViewers",
            "/analytics/totals",
            "/analytics/breakdown?by=item",
            "/analytics/now",
            "/analytics/rankings",
            "/analytics/items/v1/places?since=1h",
        ):
            answer = await client.get(path)
            assert answer.status_code == 200, (path, answer.text)
        assert (await client.get("/analytics/totals")).json()["views"] == 1
        assert reads("failed") == failed
        assert reads("replica") >= before + 6
        shown = (await client.get("/metrics")).text
        assert "groundswell_replica_used{" in shown
        assert "groundswell_replica_lag_seconds{" in shown
    monkeypatch.setenv("DATABASE_URL", site.database_url)
    monkeypatch.setenv("READ_DATABASE_URL", site.read_database_url)
    exporting = await asyncio.to_thread(
        CliRunner().invoke, export, ["items", str(tmp_path / "out")]
    )
    assert exporting.exit_code == 0, exporting.output
    assert "v1" in (tmp_path / "out" / "items.csv").read_text()


async def used_by(client: httpx.AsyncClient) -> bool:
    ready = (await client.get("/health/ready")).json()
    return [each["used"] for each in ready["replicas"]] == [True]


async def test_a_standby_that_was_promoted_is_read_no_more(
    servers: tuple[Cluster, Cluster], site: Settings, pool: Pool
) -> None:
    """Nor is one that follows the promoted one: it has another history than the primary."""
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(cluster_folder())
        other, third = cluster(folder / "other", stack), cluster(folder / "third", stack)
        await follow(servers[0], other)
        await follow(other, third)
        urls = f"{other.url(DATABASE)},{third.url(DATABASE)}"
        both = msgspec.structs.replace(site, read_database_url=urls)
        replicas = await stack.enter_async_context(open_replicas(both, pool))

        async def why() -> list[str | None]:
            return [each.why_not for each in replicas.all]

        async def all_used() -> bool:
            return await why() == [None, None]

        async def none_used() -> bool:
            return all(await why())

        await eventually(all_used)
        await other.promote()
        [(epoch,)] = await ask(other.url(DATABASE), "select api.epoch()")
        [(before,)] = await ask(site.database_url, "select api.epoch()")
        assert epoch > before
        await eventually(none_used)
        first, second = await why()
        assert "promoted" in (first or "")
        assert "does not follow" in (second or "")
        there = await add_item(pool)
        assert await read(pool, items, within=5) == there
