"""What a database knows about its own schema, in two tables of schema public.

`schema_file` holds what the applied files were, `schema_replaceable` from which text each function,
view and job was made. A file's row is of the same transaction as what the file did.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import msgspec
import psycopg
from psycopg.rows import class_row

from app.errors import MigrationError
from app.migrate.schema_files import SqlFile

Connection: TypeAlias = psycopg.AsyncConnection[Any]

FIRST_BEFORE_BASELINE = "0776dbd38a389f62aff20f227783938671d534693add8d530c93dc9602ef6947"
"""Hash of the first file of every database from before the baseline (docs/decisions/0013)."""


async def create(connection: Connection) -> None:
    """Make the bookkeeping's tables where they are missing."""
    if await _exists(connection, "public.schema_replaceable"):
        return
    await connection.execute(
        """
        create table public.schema_file (
            version text primary key,
            path text not null,
            sha256 text not null,
            compatible boolean not null default false,
            applied_at timestamptz not null default now()
        );
        comment on table public.schema_file is
            'The versioned files of db/ that were applied, as they were then; compatible: the '
            'version before it can work with what the file did.';

        create table public.schema_replaceable (
            path text primary key,
            sha256 text not null,
            made text not null,
            replaced_at timestamptz not null default now()
        );
        comment on table public.schema_replaceable is
            'What each function, view and job was made from, and what that made: an object as in '
            '"drop", or a job''s schedule.';

        create table public.schema_grant (
            thing text,
            privilege text,
            role text,
            primary key (thing, privilege, role)
        );
        comment on table public.schema_grant is
            'What groundswell_service and groundswell_read were granted: where it is lost, '
            'migrate gives it again.';
        """
    )


async def refuse_before_baseline(connection: Connection) -> None:
    """Raise `MigrationError` for a database that the files before the baseline made."""
    older = await _exists(connection, "public.schema_migration")
    if not older and await _exists(connection, "public.schema_file"):
        cursor = await connection.execute(
            "select exists (select from public.schema_file where sha256 = %s)",
            [FIRST_BEFORE_BASELINE],
        )
        older = await cursor.fetchone() == (True,)
    if older:
        raise MigrationError(
            "this database is from before the baseline of Groundswell's schema and stays as it "
            "is: use a new one (DATABASE_URL, or make run DATA=another-folder); docs/operations.md "
            "tells how to take its events along"
        )


async def newer_than(connection: Connection, files: list[SqlFile]) -> list[str]:
    """Return the applied files that only a newer version has, if this one can work with them all.

    They say so themselves. Raises `MigrationError` where one does not.
    """
    if not await _exists(connection, "public.schema_file"):
        return []
    cursor = await connection.execute(
        """
        select path, compatible from public.schema_file
        where not version = any(%s) order by version
        """,
        [[file.version for file in files]],
    )
    newer = await cursor.fetchall()
    for path, compatible in newer:
        if not compatible:
            raise MigrationError(
                f"{path} was applied to this database, but this checkout does not have it, and the "
                "file does not say that older versions can work with it"
            )
    return [path for path, _ in newer]


async def pending_of(connection: Connection, files: list[SqlFile]) -> list[SqlFile]:
    """Return those of `files` still to apply, in order.

    Raises `MigrationError` when an applied file is renamed or changed, and when a pending one has a
    number below an applied one.
    """
    if not await _exists(connection, "public.schema_file"):
        return files
    cursor = await connection.execute("select version, path, sha256 from public.schema_file")
    applied = {version: (path, sha256) for version, path, sha256 in await cursor.fetchall()}
    by_version = {file.version: file for file in files}
    for version, (path, sha256) in sorted(applied.items()):
        if file := by_version.get(version):
            _verify(path, sha256, file)
    pending = [file for file in files if file.version not in applied]
    newest = max(applied, default="")
    if pending and pending[0].version < newest:
        raise MigrationError(
            f"{pending[0].path} comes before {newest}, which is already applied: number it higher"
        )
    return pending


def _verify(path: str, sha256: str, file: SqlFile) -> None:
    """Raise `MigrationError` unless `file` is what was applied as `path`."""
    if file.path != path:
        raise MigrationError(f"{file.path} was applied as {path}: a file keeps its name")
    if file.sha256 != sha256:
        raise MigrationError(f"{path} was applied and has changed since: add a new file instead")


async def remember_file(connection: Connection, file: SqlFile) -> None:
    """Store that `file` was applied: in the transaction that does so."""
    await connection.execute(
        """
        insert into public.schema_file (version, path, sha256, compatible) values (%s, %s, %s, %s)
        """,
        [file.version, file.path, file.sha256, file.is_compatible],
    )


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """A replaceable file as it was applied, and what that made."""

    path: str
    sha256: str
    made: str
    """The object as in `drop`, `function core.count_like()`; of a job its schedule."""


async def made_by_files(connection: Connection) -> dict[str, Made]:
    """Return what the replaceable files made, by path."""
    if not await _exists(connection, "public.schema_replaceable"):
        return {}
    async with connection.cursor(row_factory=class_row(Made)) as cursor:
        await cursor.execute("select path, sha256, made from public.schema_replaceable")
        return {made.path: made for made in await cursor.fetchall()}


async def remember_made(connection: Connection, file: SqlFile, made: str) -> None:
    """Store what `file` made: in the transaction that does so."""
    await connection.execute(
        """
        insert into public.schema_replaceable (path, sha256, made) values (%s, %s, %s)
        on conflict (path) do update
        set sha256 = excluded.sha256, made = excluded.made, replaced_at = now()
        """,
        [file.path, file.sha256, made],
    )


async def forget_made(connection: Connection, path: str) -> None:
    """Say that what `path` made is gone."""
    await connection.execute("delete from public.schema_replaceable where path = %s", [path])


async def _exists(connection: Connection, table: str) -> bool:
    cursor = await connection.execute("select to_regclass(%s) is not null", [table])
    row = await cursor.fetchone()
    return row is not None and bool(row[0])
