"""What is used of pg_cron's SQL interface, and the gateway that runs its jobs."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from typing import Any

import psycopg
import pytest

from tests.embedded.conftest import Connect, Connection, fetch, value
from tests.embedded.test_schedule import INVALID, VALID
from tests.eventually import eventually


@pytest.fixture(autouse=True)
async def no_jobs(db: Connection) -> AsyncIterator[None]:
    yield
    await db.execute("select cron.unschedule(jobid) from cron.job")
    await db.execute("delete from cron.job_run_details")


async def _runs(db: Connection, job: int, status: str) -> list[tuple[Any, ...]]:
    return await fetch(
        db,
        "select return_message, start_time, end_time from cron.job_run_details"
        " where jobid = %s and status = %s order by runid",
        job,
        status,
    )


async def _first_run(db: Connection, job: int, status: str) -> tuple[Any, ...]:
    async def ran() -> list[tuple[Any, ...]]:
        return await _runs(db, job, status)

    return (await eventually(ran))[0]


async def test_a_job_by_name_is_replaced(db: Connection) -> None:
    first = await value(db, "select cron.schedule('score', '* * * * *', 'select 1')")
    second = await value(db, "select cron.schedule('score', '0 3 * * *', 'select 2')")
    assert first == second
    assert await fetch(
        db,
        "select schedule, command, nodename, database, username, active, jobname from cron.job",
    ) == [("0 3 * * *", "select 2", "localhost", "postgres", "postgres", True, "score")]
    assert await value(db, "select cron.unschedule('score')") is True
    assert await fetch(db, "select * from cron.job") == []


async def test_jobs_without_a_name(db: Connection) -> None:
    first = await value(db, "select cron.schedule('* * * * *', 'select 1')")
    second = await value(db, "select cron.schedule('* * * * *', 'select 1')")
    assert first != second
    assert await value(db, "select cron.unschedule(%s::bigint)", first) is True


async def test_what_does_not_exist_cannot_be_unscheduled(db: Connection) -> None:
    with pytest.raises(psycopg.errors.InternalError_, match="could not find valid entry for job"):
        await db.execute("select cron.unschedule('nothing')")
    with pytest.raises(psycopg.errors.InternalError_, match="could not find valid entry for job"):
        await db.execute("select cron.unschedule(123456)")


async def test_schedules_are_checked_as_the_gateway_reads_them(db: Connection) -> None:
    for text in VALID:
        await db.execute("select cron.schedule('checked', %s, 'select 1')", [text])
    for text in INVALID:
        with pytest.raises(psycopg.errors.InvalidParameterValue, match="invalid schedule"):
            await db.execute("select cron.schedule('checked', %s, 'select 1')", [text])


async def test_a_job_runs_and_leaves_a_record(db: Connection) -> None:
    job = await value(db, "select cron.schedule('add', '1 second', 'insert into thing values (1)')")
    message, start, end = await _first_run(db, job, "succeeded")
    assert message == "INSERT 0 1"
    assert start <= end
    assert await value(db, "select count(*) from thing") == 1


async def test_a_failing_job_is_recorded_and_tried_again(db: Connection) -> None:
    job = await value(db, "select cron.schedule('fail', '1 second', 'select 1 / 0')")

    async def failed_twice() -> bool:
        return len(await _runs(db, job, "failed")) >= 2

    await eventually(failed_twice)
    assert (await _first_run(db, job, "failed"))[0] == "ERROR: division by zero"


async def test_a_job_may_commit_in_its_middle_and_vacuum(db: Connection) -> None:
    await db.execute(
        "create or replace procedure step() language plpgsql as $$ begin"
        " insert into thing values (1); commit; insert into thing values (2); rollback; end $$"
    )
    job = await value(db, "select cron.schedule('step', '1 second', 'call step()')")
    await _first_run(db, job, "succeeded")
    await db.execute("select cron.unschedule('step')")
    assert await fetch(db, "select id from thing") == [(1,)]
    job = await value(db, "select cron.schedule('vacuum', '1 second', 'vacuum thing')")
    assert (await _first_run(db, job, "succeeded"))[0] == "VACUUM"


async def test_a_job_that_leaves_a_transaction_open_is_rolled_back(db: Connection) -> None:
    job = await value(
        db, "select cron.schedule('open', '1 second', 'begin; insert into thing values (1)')"
    )
    message, *_ = await _first_run(db, job, "failed")
    assert "left a transaction open" in message
    assert await value(db, "select count(*) from thing") == 0


async def test_a_job_waits_for_an_open_transaction_and_never_overlaps_itself(
    connect: Connect, db: Connection
) -> None:
    job = await value(db, "select cron.schedule('tick', '1 second', 'select 1')")
    await _first_run(db, job, "succeeded")
    holder = await connect(autocommit=False)
    before = await value(holder, "select count(*) from cron.job_run_details")
    await asyncio.sleep(2.5)  # more than two runs are due meanwhile
    assert await value(holder, "select count(*) from cron.job_run_details") == before
    released = await value(holder, "select clock_timestamp()")
    await holder.commit()

    async def ran_again() -> list[tuple[Any, ...]]:
        runs = await _runs(db, job, "succeeded")
        return [run for run in runs if run[1] >= released]

    runs = await eventually(ran_again)
    assert len(runs) == 1
    everything = await _runs(db, job, "succeeded")
    assert all(a[2] <= b[1] for a, b in itertools.pairwise(everything))


async def test_an_inactive_or_rolled_back_job_does_not_run(
    connect: Connect, db: Connection
) -> None:
    silent = await value(db, "select cron.schedule('silent', '1 second', 'select 1')")
    await db.execute("update cron.job set active = false where jobid = %s", [silent])
    undoing = await connect(autocommit=False)
    undone = await value(undoing, "select cron.schedule('undone', '1 second', 'select 1')")
    await undoing.rollback()
    witness = await value(db, "select cron.schedule('witness', '1 second', 'select 1')")

    async def witness_ran_twice() -> bool:
        return len(await _runs(db, witness, "succeeded")) >= 2

    await eventually(witness_ran_twice)
    assert await _runs(db, silent, "succeeded") == await _runs(db, undone, "succeeded") == []


async def test_a_job_acts_as_its_user_with_settings_of_its_own(
    connect: Connect, db: Connection
) -> None:
    await db.execute("drop role if exists worker")
    await db.execute("create role worker login")
    await db.execute("grant insert on thing to worker")
    await db.execute("set search_path = nowhere")
    worker = await connect(user="worker")
    job = await value(
        worker, "select cron.schedule('w', '1 second', 'insert into thing values (1, user)')"
    )
    await _first_run(db, job, "succeeded")
    assert await value(db, "select note from public.thing") == "worker"
    assert await fetch(worker, "select jobname from cron.job") == [("w",)]
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        await worker.execute("select cron.__schedule('w', '1 second', 'select 1', 'postgres')")


async def test_the_extension_can_be_created_and_its_database_is_named(db: Connection) -> None:
    await db.execute("create extension if not exists pg_cron")
    await db.execute("create extension if not exists pg_cron")
    assert await value(db, "select current_setting('cron.database_name', true)") == "postgres"
    assert await value(db, "select current_database()") == "postgres"
    await db.execute("drop extension pg_cron")
    assert await fetch(db, "select * from cron.job") == []
