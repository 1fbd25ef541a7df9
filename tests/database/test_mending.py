"""What restores and hands take away beside the schema is told by --check and brought back."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from app.errors import MigrationError
from app.migrate.migrate import differences, migrate
from app.migrate.roles import Login, Services, login_fault
from tests.engines import Engine, Home
from tests.fingerprint import fingerprint


@pytest.fixture
def url(own: Engine) -> str:
    return own.database_url


async def test_what_is_missing_is_told_and_comes_back(
    connection: psycopg.AsyncConnection[Any], url: str, home: Home
) -> None:
    await migrate(url)
    assert await differences(url) == []
    before = await fingerprint(connection, "core", "agg", "api", "formula")
    await connection.execute(
        """
        revoke insert on core.event from groundswell_service;
        revoke usage on schema api from groundswell_read;
        revoke execute on function api.closed_before() from groundswell_service;
        do $$
        begin
            execute format('drop function %s', 'api.recompute_fault'::regproc::regprocedure);
        end
        $$;
        """
    )
    # As after a restore without grants. The embedded engine keeps what it has read of a catalogue.
    opened = home.name != "embedded"
    if opened:
        await connection.execute("update pg_proc set proacl = null where proname = 'start_job'")
    told = await differences(url)
    assert told == await differences(url), "it only tells"
    assert sorted(told) == [
        "functions/api/recompute_fault.sql is not what is there",
        "missing: execute on function api.closed_before() for groundswell_service",
        *["missing: function api.start_job(pg_catalog.text) closed to public"] * opened,
        "missing: insert on core.event for groundswell_service",
        "missing: usage on schema api for groundswell_read",
    ]
    report = await migrate(url)
    assert report.replaced == 1
    assert len(report.mended) == 3 + opened
    assert await differences(url) == []
    now = await fingerprint(connection, "core", "agg", "api", "formula")
    # In another order, perhaps.
    assert {name for name in now if name.split("{")[0] not in str(before)} == set()


async def test_nobody_but_whom_it_is_granted_may_call_anything(
    connection: psycopg.AsyncConnection[Any],
) -> None:
    cursor = await connection.execute(
        """
        select oid::regprocedure::text from pg_proc
        where pronamespace in ('api'::regnamespace, 'core'::regnamespace)
            and has_function_privilege('public', oid, 'execute')
        """
    )
    assert await cursor.fetchall() == []


async def run(*command: str) -> None:
    """Run one of PostgreSQL's programs."""
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()


ITEMS = """
    insert into core.item (content_type, external_id) values ('video', 'kept');
    insert into core.event (event_id, occurred_at, received_at, item_id, event_type)
    select gen_random_uuid(), now() - n * interval '1 hour', now(), 1, 'view'
    from generate_series(1, 50) as n;
    insert into core.score_feed (item_id, occurred_at, event_type, count)
    select item_id, occurred_at, event_type, count from core.event;
"""


@pytest.mark.skipif(
    shutil.which("pg_dump") is None or shutil.which("pg_restore") is None,
    reason="needs pg_dump and pg_restore of the server's version in PATH",
)
async def test_a_dump_comes_back_under_another_name(
    connection: psycopg.AsyncConnection[Any], url: str, home: Home, tmp_path: Path
) -> None:
    """The recipe of docs/operations.md, with everything left out that pg_dump can leave out."""
    if home.name == "embedded":
        pytest.skip("the embedded engine has one database: run with TEST_DATABASE_URL or Docker")
    await connection.execute(ITEMS)
    await connection.execute("call api.refresh_aggregates(forced => true)")
    await connection.execute("call api.run_rankings(forced => true)")
    before = await fingerprint(connection, "core", "agg", "api", "formula")
    counts = (
        "select (select count(*) from core.event), (select sum(views) from agg.engagement_1d),"
        " (select views from api.item_popularity), (select count(*) from core.ranking_run)"
    )
    counted = await (await connection.execute(counts)).fetchone()
    dump = str(tmp_path / "dump")
    await run("pg_dump", "-Fc", "--no-acl", "--no-owner", "-f", dump, url)
    restored = f"{url}_restored"
    name = restored.rpartition("/")[2]
    await connection.execute(f'create database "{name}"'.encode())
    try:
        async with await psycopg.AsyncConnection.connect(restored, autocommit=True) as other:
            await other.execute("create extension timescaledb")
            await other.execute("select timescaledb_pre_restore()")
            await run("pg_restore", "--no-acl", "--no-owner", "-d", restored, dump)
            await other.execute("select timescaledb_post_restore()")
        assert await differences(restored) != []
        report = await migrate(restored)
        assert (report.applied, report.replaced) == ([], 0)
        assert await differences(restored) == []
        async with await psycopg.AsyncConnection.connect(restored, autocommit=True) as other:
            now = await fingerprint(other, "core", "agg", "api", "formula")
            assert names(now) == names(before)
            assert await (await other.execute(counts)).fetchone() == counted
            await other.execute("call api.refresh_aggregates(forced => true)")
            await other.execute("call api.run_rankings(forced => true)")
            await other.execute("call api.reconcile()")
            cursor = await other.execute(
                "select job, error from core.job_run where error is not null"
            )
            assert await cursor.fetchall() == []
    finally:
        await connection.execute(f'drop database "{name}" with (force)'.encode())


def names(fingerprint: dict[str, str]) -> set[str]:
    """Return what there is, without grants: differences() tells of them."""
    return {re.sub(r"{.*?}", "", name) for name in fingerprint}


@pytest.fixture
async def login(
    connection: psycopg.AsyncConnection[Any], home: Home, own: Engine
) -> AsyncIterator[Login]:
    if home.name == "embedded":
        pytest.skip("the embedded engine lets everyone in: run with TEST_DATABASE_URL or Docker")
    role = own.database_url.rpartition("/")[2]
    yield Login(user=role, password="it's a secret")
    await connection.execute(f'drop role if exists "{role}"'.encode())


async def test_the_login_role_is_made_and_mended(
    connection: psycopg.AsyncConnection[Any], url: str, login: Login
) -> None:
    assert "does not exist" in str(await login_fault(url, login))
    assert [
        line
        for line in await differences(url, services=Services(login=login))
        if "cannot log in" in line
    ]
    report = await migrate(url, services=Services(login=login))
    assert report.mended[-1] == f"role {login.user} can log in for the services"
    assert (await migrate(url, services=Services(login=login))).mended == []
    database = url.rpartition("/")[2]
    for harm in (
        "alter role {} nologin",
        "revoke groundswell_service from {}",
        # Compiled anew each time, a series takes its readers three times as long.
        f'alter role {{}} in database "{database}" reset jit',
    ):
        await connection.execute(harm.format(f'"{login.user}"').encode())
        assert [
            line
            for line in await differences(url, services=Services(login=login))
            if login.user in line
        ]
        assert (await migrate(url, services=Services(login=login))).mended
        assert await differences(url, services=Services(login=login)) == []
    cursor = await connection.execute(
        "select rolpassword from pg_authid where rolname = %s", [login.user]
    )
    assert (await cursor.fetchall())[0][0].startswith("SCRAM-SHA-256$")


async def test_a_login_that_still_fails_is_an_error(
    connection: psycopg.AsyncConnection[Any], url: str, login: Login
) -> None:
    await connection.execute(f'create role "{login.user}" connection limit 0'.encode())
    with pytest.raises(MigrationError, match=r"cannot log in as .*too many connections"):
        await migrate(url, services=Services(login=login))


async def test_a_limit_on_statements_does_not_reach_the_jobs(
    connection: psycopg.AsyncConnection[Any], url: str, home: Home
) -> None:
    if home.name == "embedded":
        pytest.skip("the embedded engine has one session and no limits")
    name = url.rpartition("/")[2]
    await connection.execute(f'alter database "{name}" set statement_timeout = 500'.encode())
    assert [line for line in await differences(url) if "statement_timeout" in line]
    await migrate(url)
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as job:
        await job.execute("select pg_sleep(0.6)")
        await job.execute("call api.run_rankings()")


async def test_too_few_connections_are_told(url: str) -> None:
    services = Services(connections=100_000)
    [told] = (await migrate(url, services=services)).warnings
    assert "the services may take 100000" in told
    assert told in await differences(url, services=services)
