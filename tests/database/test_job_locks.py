"""A job's lock ends with the call that took it, and whoever was skipped for it says so."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import psycopg
import pytest

from app.runtime.pool import Pool
from tests.engines import Home
from tests.eventually import eventually

pytestmark = pytest.mark.usefixtures("clean")


@pytest.fixture(autouse=True)
def _several_sessions(home: Home) -> None:
    if home.name == "embedded":
        pytest.skip(
            "the embedded engine's clients share one session: run with TEST_DATABASE_URL or Docker"
        )


@pytest.fixture
async def sessions(database_url: str) -> AsyncIterator[list[psycopg.AsyncConnection[Any]]]:
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(
                await psycopg.AsyncConnection.connect(database_url, autocommit=True)
            )
            for _ in range(3)
        ]


async def newest(connection: psycopg.AsyncConnection[Any], job: str) -> Any:
    cursor = await connection.execute(
        "select finished_at is not null, error from core.job_run where job = %s"
        " order by job_run_id desc limit 1",
        [job],
    )
    return await cursor.fetchone()


async def test_a_skipped_run_says_who_runs_it(
    sessions: list[psycopg.AsyncConnection[Any]],
) -> None:
    blocking, running, other = sessions
    await running.execute("set application_name = 'the slow one'")
    async with blocking.transaction():
        await blocking.execute("lock table core.score_feed")
        call = asyncio.create_task(running.execute("call api.run_rankings()"))

        async def waits() -> bool:
            cursor = await other.execute(
                "select count(*) from pg_locks where not granted and pid = %s",
                [running.info.backend_pid],
            )
            return await cursor.fetchone() == (1,)

        await eventually(waits)
        await other.execute("call api.run_rankings()")
        ended, error = await newest(other, "run_rankings")
        assert not ended
        assert error.startswith("skipped: ")
        assert f"run by session {running.info.backend_pid} of postgres (the slow one)" in error
        cursor = await other.execute(
            "select job, error from api.job_status where error ~ 'skipped'"
        )
        assert await cursor.fetchall() == []
    await call
    await other.execute("call api.run_rankings()")
    assert await newest(other, "run_rankings") == (True, None)


async def test_a_cancelled_call_holds_no_lock(
    sessions: list[psycopg.AsyncConnection[Any]],
) -> None:
    blocking, running, other = sessions
    async with blocking.transaction():
        await blocking.execute("lock table core.score_feed")
        await running.execute("set statement_timeout = 100")
        with pytest.raises(psycopg.errors.QueryCanceled):
            await running.execute("call api.run_rankings()")

    async def runs() -> bool:
        await other.execute("call api.run_rankings()")
        return bool(await newest(other, "run_rankings") == (True, None))

    await eventually(runs)
    cursor = await other.execute("select count(*) from core.job_run where error = 'cut off'")
    assert await cursor.fetchone() == (1,)
    assert not running.closed


@pytest.mark.parametrize("role", ["groundswell_read", "groundswell_service"])
async def test_whoever_may_not_run_a_job_may_not_begin_it(pool: Pool, role: str) -> None:
    async with pool.connection() as connection:
        await connection.execute(f"set role {role}".encode())
        try:
            for call in ("call api.run_rankings()", "select api.start_job('run_rankings')"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    await connection.execute(call.encode())
        finally:
            await connection.execute("reset role")
        cursor = await connection.execute("select api.take_job_lock('run_rankings')")
        assert await cursor.fetchone() == (None,)
        await connection.execute("select api.release_job_lock('run_rankings')")


async def test_dashboards_see_no_users_and_schedule_nothing(pool: Pool) -> None:
    async with pool.connection() as connection:
        await connection.execute("set role groundswell_read")
        try:
            for statement in (
                "select user_id from core.event",
                "select * from core.event",
                "select user_id from core.item_like",
                "select key_hash from core.api_key",
                "select add_job('pg_catalog.pg_sleep', '1 day')",
                "create table public.mine (x integer)",
            ):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    await connection.execute(statement.encode())
            await connection.execute("select * from api.event")
            await connection.execute("select item_id, liked from core.item_like")
            await connection.execute("select * from api.latest_run")
        finally:
            await connection.execute("reset role")


async def test_who_has_a_lock_is_not_refused_it_for_others_who_look(
    sessions: list[psycopg.AsyncConnection[Any]],
) -> None:
    holding, looking, _ = sessions
    assert await taken(holding) is None
    async with looking.transaction():
        await looking.execute("select pg_advisory_xact_lock(hashtext('groundswell job j'), 0)")
        again = asyncio.create_task(taken(holding))
        assert "just beginning" in str(await taken(sessions[2]))
    assert await again is None


async def taken(connection: psycopg.AsyncConnection[Any]) -> Any:
    return (await (await connection.execute("select api.take_job_lock('j')")).fetchone() or [0])[0]
