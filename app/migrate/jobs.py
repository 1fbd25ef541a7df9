"""The pg_cron jobs of db/jobs: registered once, and left as the DBA has them."""

from __future__ import annotations

import re
from typing import Any, TypeAlias

import msgspec
import psycopg
import structlog
from psycopg.rows import class_row, dict_row

from app.errors import MigrationError
from app.migrate import bookkeeping
from app.migrate.schema_files import SqlFile

JOB_PREFIX = "groundswell_"
"""Jobs with such a name are ours: one that db/jobs no longer names is unscheduled."""

_SCHEDULE = re.compile(r"cron\.schedule\(\s*'([^']+)',\s*'([^']+)',\s*'([^']+)'\s*\)")

Connection: TypeAlias = psycopg.AsyncConnection[Any]

log = structlog.get_logger(__name__)


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """A job as pg_cron has it."""

    id: int
    name: str
    schedule: str
    command: str
    active: bool
    at_home: bool
    """Whether it runs in this database, as this role: a restored dump may say otherwise."""


async def why_no_jobs(connection: Connection) -> str | None:
    """Return why pg_cron's jobs cannot be registered in this database, or None where they can.

    pg_cron lives in one database of a server, named by its setting `cron.database_name`; there its
    extension is created if need be. The embedded engine brings schema `cron` itself.
    """
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(
            """
            select
                to_regprocedure('cron.schedule(text, text, text)') is not null as ready,
                exists (
                    select from pg_catalog.pg_available_extensions where name = 'pg_cron'
                ) as installed,
                current_setting('cron.database_name', true) as home,
                current_database() as here
            """
        )
        state = await cursor.fetchone()
    assert state is not None  # noqa: S101 - a select without from has one row
    # A dump that was restored elsewhere brings the extension along, but nobody runs its jobs there.
    if state["ready"] and state["home"] in (None, state["here"]):
        return None
    if not state["installed"]:
        return "this server has no pg_cron"
    if not state["home"]:
        return "pg_cron is not in shared_preload_libraries"
    if state["home"] != state["here"]:
        return f"pg_cron runs in database {state['home']}, this is {state['here']}"
    try:
        await connection.execute("create extension if not exists pg_cron")
        # Everyone could schedule jobs otherwise.
        await connection.execute("revoke usage on schema cron from public")
    except psycopg.errors.InsufficientPrivilege:
        return "only a superuser can create the extension pg_cron"
    return None


async def to_register(connection: Connection, files: list[SqlFile]) -> list[SqlFile]:
    """Return the files whose job is missing, not at home, or not as they say."""
    known = {job.name: job for job in await registered(connection)}
    made = await bookkeeping.made_by_files(connection)
    wanted = []
    for file in files:
        name, schedule, command = _parts(file)
        job = known.get(name)
        before = made.get(file.path)
        if (
            job is None
            or not job.at_home
            or job.command != command
            or before is None
            or before.made != schedule
        ):
            wanted.append(file)
    return wanted


async def gone(connection: Connection, files: list[SqlFile]) -> list[Job]:
    """Return the jobs of ours that no file names any more."""
    names = {_parts(file)[0] for file in files}
    return [job for job in await registered(connection) if job.name not in names]


async def register(connection: Connection, files: list[SqlFile]) -> list[str]:
    """Schedule the job of each of `files`; return their names.

    A job that is there keeps its id, and with it its history, and what a DBA has made of it: paused
    stays paused, and a schedule that is not the one that was shipped stays, too.
    """
    known = {job.name: job for job in await registered(connection)}
    made = await bookkeeping.made_by_files(connection)
    for file in files:
        name, shipped, command = _parts(file)
        job = known.get(name)
        before = made.get(file.path)
        own = job is not None and before is not None and job.schedule != before.made
        schedule = job.schedule if job is not None and own else shipped
        try:
            if job is not None and not job.at_home:
                await connection.execute("select cron.unschedule(%s::bigint)", [job.id])
            cursor = await connection.execute(
                "select cron.schedule(%s, %s, %s)", [name, schedule, command]
            )
            scheduled = await cursor.fetchone()
            if job is not None and not job.active and scheduled is not None:
                await connection.execute(
                    "update cron.job set active = false where jobid = %s and active", [scheduled[0]]
                )
        except psycopg.Error as error:
            raise MigrationError(f"{file.path}: {str(error).partition(chr(10))[0]}") from error
        await bookkeeping.remember_made(connection, file, shipped)
    return [_parts(file)[0] for file in files]


async def unschedule(connection: Connection, jobs: list[Job]) -> None:
    """Remove `jobs`."""
    for job in jobs:
        await connection.execute("select cron.unschedule(%s::bigint)", [job.id])
        await bookkeeping.forget_made(connection, f"jobs/{job.name}.sql")
        log.info("job_removed", job=job.name)


async def registered(connection: Connection) -> list[Job]:
    """Return the jobs of ours that pg_cron has, by name; only where `why_no_jobs` finds nothing."""
    async with connection.cursor(row_factory=class_row(Job)) as cursor:
        await cursor.execute(
            """
            select
                jobid as id,
                jobname::text as name,
                schedule,
                command,
                active,
                database = current_database() and username = current_user as at_home
            from cron.job
            where starts_with(jobname::text, %s)
            order by jobname
            """,
            [JOB_PREFIX],
        )
        return await cursor.fetchall()


def _parts(file: SqlFile) -> tuple[str, str, str]:
    """Return name, schedule and command of the job that `file` schedules."""
    found = _SCHEDULE.search(file.text)
    if found is None:
        raise MigrationError(
            f"{file.path} should hold select cron.schedule('name', 'when', 'what')"
        )
    return found[1], found[2], found[3]
