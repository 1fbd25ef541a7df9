"""Bringing a database to this checkout's schema: versioned files once, functions as they change."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeAlias

import msgspec
import psycopg
import structlog

from app.errors import MigrationError
from app.migrate import bookkeeping, engine, grants, jobs, mending, roles
from app.migrate.replace import Replacement, changed_files, gone_files
from app.migrate.roles import NO_SERVICES, Services
from app.migrate.schema_files import (
    PROJECT,
    Folders,
    SqlFile,
    read_replaceable,
    read_versioned,
)
from app.runtime.refusals import database_refusal

Connection: TypeAlias = psycopg.AsyncConnection[Any]

LOCK = 0x67726F756E64
"""Key of the advisory lock that a migration holds ("ground" in ASCII)."""

RETRY_SECONDS = 0.25

_HELD = {"2BP01", "0A000"}
"""What PostgreSQL says of a column, table or function that a view or function needs as it is."""

log = structlog.get_logger(__name__)


class MigrationReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a migration did; nothing, where every field is empty or false."""

    applied: list[str] = []
    """Versioned files applied now, in order."""
    newer: list[str] = []
    """Files of a newer version that says that this one can work with them: nothing was done."""
    replaced: int = 0
    """How many functions and views were replaced now."""
    jobs: list[str] = []
    """Names of the jobs registered now."""
    jobs_skipped: str | None = None
    """Why this database runs no jobs; None where it does."""
    mended: list[str] = []
    """Which roles, grants and settings were missing, and are there now."""
    warnings: list[str] = []
    """What only people can mend."""


async def migrate(
    database_url: str,
    *,
    folders: Folders = PROJECT,
    patience: float = 60.0,
    services: Services = NO_SERVICES,
    script: Path | None = None,
) -> MigrationReport:
    """Apply what is pending, replace functions and views that changed, and mend what is missing.

    Waits up to `patience` seconds for the database to answer, then for another migration of it to
    end. A second call changes nothing. Raises `MigrationError` for a changed, missing, misnumbered
    or failing file: files before it stay applied, and the next call goes on from there. Raises it,
    too, for a database from before the baseline, and touches nothing there.

    What others built is left alone: where it needs something that cannot be replaced in place,
    nothing happens and the error lists it, unless it may be dropped and written to `script`.
    """
    versioned = read_versioned(folders)
    replaceable = read_replaceable(folders)
    async with (
        await connect(database_url, patience=patience) as connection,
        _exclusively(connection),
    ):
        await bookkeeping.refuse_before_baseline(connection)
        await engine.ensure_timescaledb(connection)
        newer = await bookkeeping.newer_than(connection, versioned)
        pending = await bookkeeping.pending_of(connection, versioned)
        if newer:
            return MigrationReport(newer=newer)
        await bookkeeping.create(connection)
        mended = await mending.mend_roles(connection)
        replacement = Replacement(connection, replaceable, script=script)
        replaced = await _bring_up(connection, pending, replacement)
        jobs_skipped = await jobs.why_no_jobs(connection)
        registered: list[str] = []
        if jobs_skipped is None:
            async with connection.transaction():
                await jobs.unschedule(connection, await jobs.gone(connection, replaceable.jobs))
                registered = await jobs.register(
                    connection, await jobs.to_register(connection, replaceable.jobs)
                )
        login = services.login
        if login is not None and await roles.ensure_login(connection, database_url, login):
            mended.append(f"role {login.user} can log in for the services")
        return MigrationReport(
            applied=[file.path for file in pending],
            replaced=replaced,
            jobs=registered,
            jobs_skipped=jobs_skipped,
            mended=mended,
            warnings=await _warnings(connection, services),
        )


async def differences(
    database_url: str,
    *,
    folders: Folders = PROJECT,
    patience: float = 0.0,
    services: Services = NO_SERVICES,
) -> list[str]:
    """Return what `migrate` would do, one thing a line, and what only people can mend.

    Changes nothing. Raises `MigrationError` where `migrate` would before it began.
    """
    replaceable = read_replaceable(folders)
    async with await connect(database_url, patience=patience) as connection:
        await bookkeeping.refuse_before_baseline(connection)
        versioned = read_versioned(folders)
        if newer := await bookkeeping.newer_than(connection, versioned):
            return [f"{path} is of a newer version, with which this one works" for path in newer]
        pending = await bookkeeping.pending_of(connection, versioned)
        found = [f"{file.path} is not applied" for file in pending]
        if pending:
            return found
        found += [
            f"{file.path} is not what is there"
            for file in await changed_files(connection, replaceable)
        ]
        found += [f"no file makes {path}" for path in await gone_files(connection, replaceable)]
        found += [f"missing: {what}" for what in await mending.missing(connection)]
        if await jobs.why_no_jobs(connection) is None:
            wrong = await jobs.to_register(connection, replaceable.jobs)
            found += [f"{file.path} is not scheduled so" for file in wrong]
            gone = await jobs.gone(connection, replaceable.jobs)
            found += [f"no file makes job {job.name}" for job in gone]
        if login := services.login:
            fault = await roles.login_fault(database_url, login)
            if fault not in (None, roles.UNASKED):
                found.append(f"the services cannot log in as {login.user}: {fault}")
            found += [
                f"missing: the {name} of {value} for {login.user} here"
                for name, value in (await roles.unset(connection, service=login.user)).items()
            ]
        return found + await _warnings(connection, services)


async def _warnings(connection: Connection, services: Services) -> list[str]:
    return [
        *await engine.warnings(connection),
        *await mending.warnings(connection, wanted=services.connections),
    ]


async def _bring_up(
    connection: Connection, pending: list[SqlFile], replacement: Replacement
) -> int:
    """Apply the pending files and what of the others changed; return how many were replaced.

    Functions and views stay in place meanwhile: the services go on. A file that changes what they
    need is applied with all after it, and with the replacing, in one transaction.
    """
    waiting = list(pending)
    while waiting and not await _in_the_way(connection, waiting[0]):
        waiting.pop(0)
    async with connection.transaction():
        if waiting:
            await _apply_together(connection, waiting, replacement)
        # A view lists the columns that its tables had.
        files = (
            replacement.replaceable.functions
            if pending
            else await changed_files(connection, replacement.replaceable)
        )
        if not files and not await gone_files(connection, replacement.replaceable):
            return 0
        await replacement.replace(files)
        await grants.remember(connection)
    return len(files)


async def _in_the_way(connection: Connection, file: SqlFile) -> bool:
    """Apply one file; return whether functions or views kept it from doing so."""
    try:
        async with connection.transaction():
            await _apply(connection, file)
    except psycopg.Error as error:
        if not connection.broken and error.sqlstate in _HELD:
            return True
        raise MigrationError(f"{file.path}: {_fault(error, file)}") from error
    log.debug("migration_applied", file=file.path)
    return False


async def _apply_together(
    connection: Connection, files: list[SqlFile], replacement: Replacement
) -> None:
    """Apply files of which the first needs what is in schema api to go, for as long as it takes.

    What others need of it stays, unless it has to go and they can be written to a script.
    """
    try:
        async with connection.transaction():
            await replacement.take_down(others_too=False)
            await _apply(connection, files[0])
    except psycopg.Error as error:
        if connection.broken or error.sqlstate not in _HELD or replacement.script is None:
            raise MigrationError(f"{files[0].path}: {_fault(error, files[0])}") from error
        await replacement.take_down(others_too=True)
    else:
        files = files[1:]
    for file in files:
        try:
            await _apply(connection, file)
        except psycopg.Error as error:
            raise MigrationError(f"{file.path}: {_fault(error, file)}") from error


async def _apply(connection: Connection, file: SqlFile) -> None:
    # Else TimescaleDB tells of every default it takes.
    await connection.execute("set local client_min_messages = warning")
    await connection.execute("set local groundswell.migrating = on")
    await connection.execute(file.text.encode())
    await bookkeeping.remember_file(connection, file)


def _fault(error: psycopg.Error, file: SqlFile) -> str:
    """Return what went wrong, and in which line where the server says so."""
    reason = error.diag.message_primary or " ".join(str(error).split())
    if error.sqlstate in _HELD and error.diag.message_detail:
        reason = f"{reason}: {error.diag.message_detail}"
    position = error.diag.statement_position
    if position is None:
        return reason
    return f"{reason} (line {file.text.count(chr(10), 0, int(position) - 1) + 1})"


async def connect(database_url: str, *, patience: float) -> Connection:
    """Connect, trying for `patience` seconds while the server does not answer."""
    deadline = time.monotonic() + patience
    told = False
    while True:
        try:
            connection = await psycopg.AsyncConnection.connect(
                database_url, autocommit=True, prepare_threshold=None, connect_timeout=5
            )
        except psycopg.OperationalError as error:
            reason = " ".join(str(error).split())
            if database_refusal(error) or time.monotonic() > deadline:
                raise MigrationError(f"cannot connect to the database: {reason}") from error
            if not told:
                log.warning("waiting_for_database", reason=reason, seconds=patience)
                told = True
            await asyncio.sleep(RETRY_SECONDS)
        else:
            connection.add_notice_handler(_log_notice)
            # A database's limit is for its users' queries.
            await connection.execute("set statement_timeout = 0")
            return connection


def _log_notice(notice: psycopg.errors.Diagnostic) -> None:
    level = log.warning if notice.severity_nonlocalized == "WARNING" else log.info
    level("database_notice", message=notice.message_primary)


@asynccontextmanager
async def _exclusively(connection: Connection) -> AsyncIterator[None]:
    """Hold the migration lock of this database.

    Tried again and again: a session that waits inside `pg_advisory_lock` holds a snapshot, and the
    other migration could wait for it in turn. On the embedded engine, where all clients share one
    session, this excludes nobody; there only `dev` migrates.
    """
    told = False
    while not await _true(connection, "select pg_try_advisory_lock(%s)", LOCK):
        if not told:
            log.info("waiting_for_another_migration")
            told = True
        await asyncio.sleep(RETRY_SECONDS)
    try:
        yield
    finally:
        if not connection.closed:
            await connection.execute("select pg_advisory_unlock(%s)", [LOCK])


async def _true(connection: Connection, question: str, *parameters: object) -> bool:
    row = await (await connection.execute(question.encode(), parameters)).fetchone()
    return row is not None and bool(row[0])
