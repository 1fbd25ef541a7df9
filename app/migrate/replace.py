"""Dropping and making again of what is replaceable: schema api and the pg_cron jobs."""

from __future__ import annotations

from typing import Any, TypeAlias

import psycopg
import structlog
from psycopg import sql
from psycopg.rows import dict_row

from app.errors import MigrationError
from app.migrate.schema_files import Replaceable, SqlFile

JOB_PREFIX = "groundswell_"
"""Jobs with such a name are ours: one that db/jobs no longer names is unscheduled."""

Connection: TypeAlias = psycopg.AsyncConnection[Any]

log = structlog.get_logger(__name__)


async def drop_schemas(connection: Connection, replaceable: Replaceable) -> None:
    """Drop the replaceable schemas with everything in them."""
    async with connection.transaction():
        # Else PostgreSQL lists every object it drops along.
        await connection.execute("set local client_min_messages = warning")
        for schema in replaceable.schemas:
            statement = sql.SQL("drop schema if exists {} cascade").format(sql.Identifier(schema))
            await connection.execute(statement)


async def create_schemas(connection: Connection, replaceable: Replaceable) -> None:
    """Make every replaceable object, each after those it uses.

    `functions/<schema>.sql` makes the schema itself. The order of the others is found by trying:
    a file that fails is tried again after the others, until a whole pass makes no progress. Raises
    `MigrationError` with the first line of each error then.
    """
    waiting = replaceable.functions
    while waiting:
        failed = [
            (file, error)
            for file in waiting
            if (error := await _error_of(connection, file)) is not None
        ]
        if len(failed) == len(waiting):
            reasons = "\n".join(f"{file.path}: {_first_line(error)}" for file, error in failed)
            raise MigrationError(f"these files cannot be applied:\n{reasons}") from failed[0][1]
        waiting = [file for file, _ in failed]


async def _error_of(connection: Connection, file: SqlFile) -> psycopg.Error | None:
    try:
        async with connection.transaction():
            await connection.execute(file.text.encode())
    except psycopg.Error as error:
        if connection.broken:
            raise
        return error
    return None


def _first_line(error: psycopg.Error) -> str:
    return str(error).partition("\n")[0]


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
    if state["ready"]:
        return None
    if not state["installed"]:
        return "this server has no pg_cron"
    if not state["home"]:
        return "pg_cron is not in shared_preload_libraries"
    if state["home"] != state["here"]:
        return f"pg_cron runs in database {state['home']}, this is {state['here']}"
    try:
        await connection.execute("create extension if not exists pg_cron")
    except psycopg.errors.InsufficientPrivilege:
        return "only a superuser can create the extension pg_cron"
    return None


async def register_jobs(connection: Connection, jobs: list[SqlFile]) -> list[str]:
    """Schedule every job of db/jobs, unschedule those of ours it no longer has; return the names.

    `cron.schedule` keeps the id, and with it the history, of a job it already knows by name.
    """
    for file in jobs:
        try:
            await connection.execute(file.text.encode())
        except psycopg.Error as error:
            raise MigrationError(f"{file.path}: {_first_line(error)}") from error
    cursor = await connection.execute(
        "select jobname from cron.job where starts_with(jobname, %s) order by jobname",
        [JOB_PREFIX],
    )
    registered = [str(name) for (name,) in await cursor.fetchall()]
    named = [name for name in registered if any(f"'{name}'" in file.text for file in jobs)]
    for name in registered:
        if name not in named:
            await connection.execute("select cron.unschedule(%s::text)", [name])
            log.info("job_removed", job=name)
    return named
