"""Making again what is replaceable: schema api, the functions of core, the pg_cron jobs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, TypeAlias

import psycopg
import structlog
from psycopg import sql
from psycopg.rows import dict_row

from app.errors import MigrationError
from app.migrate.schema_files import Replaceable, SqlFile

JOB_PREFIX = "groundswell_"
"""Jobs with such a name are ours: one that db/jobs no longer names is unscheduled."""

_TRIGGER = re.compile(r"create or replace trigger ([a-z0-9_]+)")

Connection: TypeAlias = psycopg.AsyncConnection[Any]

log = structlog.get_logger(__name__)


async def drop_schemas(connection: Connection, replaceable: Replaceable) -> None:
    """Drop the schemas that are made from nothing, with everything in them."""
    async with connection.transaction():
        # Else PostgreSQL lists every object it drops along.
        await connection.execute("set local client_min_messages = warning")
        for schema in replaceable.dropped:
            statement = sql.SQL("drop schema if exists {} cascade").format(sql.Identifier(schema))
            await connection.execute(statement)


async def create_all(connection: Connection, replaceable: Replaceable) -> None:
    """Make every replaceable object, where the dropped schemas are gone.

    First what is replaced in place: it cannot depend on a schema that is not there. Raises
    `MigrationError` with the first line of each error.
    """
    await _apply(connection, replaceable.in_place)
    await _drop_leftovers(connection, replaceable)
    await _apply(connection, replaceable.from_nothing)


async def _apply(connection: Connection, files: list[SqlFile]) -> None:
    """Apply every file, each after those it uses.

    Their order is found by trying: a file that fails is tried again after the others, until a whole
    pass makes no progress.
    """
    waiting = files
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


async def _drop_leftovers(connection: Connection, replaceable: Replaceable) -> None:
    """Drop functions of the kept schemas that no file makes any more, and triggers that call them.

    Of two functions of one name, the older one is what the file made before its parameters changed.
    """
    files = replaceable.in_place
    cursor = await connection.execute(
        """
        select 'trigger', format('%%I on %%s', called.tgname, called.tgrelid::regclass)
        from pg_catalog.pg_trigger as called
        inner join pg_catalog.pg_proc as known on known.oid = called.tgfoid
        where known.pronamespace::regnamespace::text = any(%(schemas)s)
            and called.tgparentid = 0
            and not called.tgname = any(%(triggers)s)
        union all
        select 'function', known.oid::regprocedure::text
        from pg_catalog.pg_proc as known
        where known.pronamespace::regnamespace::text = any(%(schemas)s)
            and (
                not format('%%s/%%s', known.pronamespace::regnamespace, known.proname)
                    = any(%(functions)s)
                or exists (
                    select from pg_catalog.pg_proc as newer
                    where newer.pronamespace = known.pronamespace
                        and newer.proname = known.proname and newer.oid > known.oid
                )
            )
        """,
        {
            "schemas": replaceable.kept,
            "triggers": [name for file in files for name in _TRIGGER.findall(file.text)],
            "functions": ["/".join(Path(file.path).with_suffix("").parts[-2:]) for file in files],
        },
    )
    for kind, identity in await cursor.fetchall():
        try:
            await connection.execute(f"drop {kind} {identity}".encode())
        except psycopg.Error as error:
            raise MigrationError(
                f"no file makes {kind} {identity} any more, but: {_first_line(error)}"
            ) from error
        log.info("function_removed", what=f"{kind} {identity}")


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
