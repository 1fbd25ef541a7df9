"""Bringing a database to this checkout's schema: versioned files once, functions as they change."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeAlias

import msgspec
import psycopg
import structlog

from app.errors import MigrationError
from app.migrate import bookkeeping, replace
from app.migrate.schema_files import (
    PROJECT,
    Folders,
    Replaceable,
    SqlFile,
    read_replaceable,
    read_versioned,
)

Connection: TypeAlias = psycopg.AsyncConnection[Any]

LOCK = 0x67726F756E64
"""Key of the advisory lock that a migration holds ("ground" in ASCII)."""

RETRY_SECONDS = 0.25

log = structlog.get_logger(__name__)


class MigrationReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a migration did; nothing, where every field is empty or false."""

    applied: list[str]
    """Versioned files applied now, in order."""
    api_replaced: bool
    """Whether the functions and the jobs were made anew."""
    jobs: list[str]
    """Names of the jobs registered now."""
    jobs_skipped: str | None
    """Why this database runs no jobs; None where it does."""


async def migrate(
    database_url: str, *, folders: Folders = PROJECT, patience: float = 60.0
) -> MigrationReport:
    """Apply what is pending and replace the functions if they or anything below them changed.

    Waits up to `patience` seconds for the database to answer, then for another migration of it to
    end. A second call changes nothing. Raises `MigrationError` for a changed, missing, misnumbered
    or failing file: files before it stay applied, and the next call goes on from there. Raises it,
    too, for a database from before the baseline, and touches nothing there.
    """
    versioned = read_versioned(folders)
    replaceable = read_replaceable(folders)
    async with (
        await connect(database_url, patience=patience) as connection,
        _exclusively(connection),
    ):
        await bookkeeping.refuse_before_baseline(connection)
        await _ensure_timescaledb(connection)
        jobs_skipped = await replace.why_no_jobs(connection)
        pending = await bookkeeping.pending_of(connection, versioned)
        wanted = replaceable.sha256(with_jobs=jobs_skipped is None)
        replacing = bool(pending) or await bookkeeping.replaced_hash(connection) != wanted
        jobs: list[str] = []
        if replacing:
            await bookkeeping.create(connection)
            await bookkeeping.forget_replaced(connection)
            if pending:
                await _apply(connection, pending, replaceable)
            async with connection.transaction():
                await _replace(connection, replaceable)
                if jobs_skipped is None:
                    jobs = await replace.register_jobs(connection, replaceable.jobs)
                await bookkeeping.remember_replaced(connection, wanted)
        return MigrationReport(
            applied=[file.path for file in pending],
            api_replaced=replacing,
            jobs=jobs,
            jobs_skipped=jobs_skipped,
        )


async def _apply(connection: Connection, pending: list[SqlFile], replaceable: Replaceable) -> None:
    """Apply the pending files, without schema api, which would hold on to what they change.

    Each is one transaction with its row of the bookkeeping. When one fails, schema api comes back
    as far as the schema that was reached allows.
    """
    await replace.drop_schemas(connection, replaceable)
    for file in pending:
        try:
            async with connection.transaction():
                # Else TimescaleDB tells of every default it takes.
                await connection.execute("set local client_min_messages = warning")
                await connection.execute(file.text.encode())
                await bookkeeping.remember_file(connection, file)
        except psycopg.Error as error:
            if not connection.broken:
                with suppress(MigrationError):
                    await _replace(connection, replaceable)
            raise MigrationError(f"{file.path}: {_fault(error, file)}") from error
        log.debug("migration_applied", file=file.path)


def _fault(error: psycopg.Error, file: SqlFile) -> str:
    """Return what went wrong, and in which line where the server says so."""
    reason = error.diag.message_primary or " ".join(str(error).split())
    position = error.diag.statement_position
    if position is None:
        return reason
    return f"{reason} (line {file.text.count(chr(10), 0, int(position) - 1) + 1})"


async def _replace(connection: Connection, replaceable: Replaceable) -> None:
    async with connection.transaction():
        await replace.drop_schemas(connection, replaceable)
        await replace.create_all(connection, replaceable)


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
            hopeless = "does not exist" in reason or "authentication failed" in reason
            if hopeless or time.monotonic() > deadline:
                raise MigrationError(f"cannot connect to the database: {reason}") from error
            if not told:
                log.warning("waiting_for_database", reason=reason, seconds=patience)
                told = True
            await asyncio.sleep(RETRY_SECONDS)
        else:
            connection.add_notice_handler(_log_notice)
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


async def _ensure_timescaledb(connection: Connection) -> None:
    known = "select exists (select from pg_catalog.pg_extension where extname = %s)"
    offered = "select exists (select from pg_catalog.pg_available_extensions where name = %s)"
    if await _true(connection, known, "timescaledb"):
        return
    if not await _true(connection, offered, "timescaledb"):
        raise MigrationError("this server has no TimescaleDB: install it, or use another server")
    try:
        await connection.execute("create extension if not exists timescaledb")
    except psycopg.Error as error:
        raise MigrationError(f"cannot create the extension timescaledb: {error}") from error


async def _true(connection: Connection, question: str, *parameters: object) -> bool:
    row = await (await connection.execute(question.encode(), parameters)).fetchone()
    return row is not None and bool(row[0])
