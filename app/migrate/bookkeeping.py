"""What a database knows about its own schema, in three tables of schema public.

`schema_migration` is dbmate's. `schema_file` holds what the applied files were. The one row of
`schema_replaceable` says what schema api and the jobs were made from; it is gone while they are
being replaced, so that a run that was cut off is finished by the next one.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import psycopg

from app.errors import MigrationError
from app.migrate.dbmate import TABLE
from app.migrate.schema_files import SqlFile

Connection: TypeAlias = psycopg.AsyncConnection[Any]


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
            applied_at timestamptz not null default now()
        );
        comment on table public.schema_file is
            'The versioned files of db/ as they were when schema_migration got their version.';

        create table public.schema_replaceable (
            sha256 text primary key,
            replaced_at timestamptz not null default now()
        );
        comment on table public.schema_replaceable is
            'What schema api and the jobs were made from; no row while they are being made.';
        """
    )


async def pending_of(connection: Connection, files: list[SqlFile]) -> list[SqlFile]:
    """Return those of `files` still to apply, in order.

    Raises `MigrationError` when an applied file is missing, renamed or changed, and when a pending
    one has a number below an applied one.
    """
    if not await _exists(connection, TABLE):
        return files
    cursor = await connection.execute(
        f"""
        select version, coalesce(path, version), coalesce(sha256, '')
        from {TABLE} left join public.schema_file using (version)
        order by version
        """  # noqa: S608 - a constant
    )
    applied = {version: (path, sha256) for version, path, sha256 in await cursor.fetchall()}
    by_version = {file.version: file for file in files}
    for version, (path, sha256) in applied.items():
        _verify(path, sha256, by_version.get(version))
    pending = [file for file in files if file.version not in applied]
    newest = max(applied, default="")
    if pending and pending[0].version < newest:
        raise MigrationError(
            f"{pending[0].path} comes before {newest}, which is already applied: number it higher"
        )
    return pending


def _verify(path: str, sha256: str, file: SqlFile | None) -> None:
    """Raise `MigrationError` unless `file` is what was applied as `path`."""
    if file is None:
        raise MigrationError(
            f"{path} was applied to this database, but this checkout does not have it"
        )
    if file.path != path:
        raise MigrationError(f"{file.path} was applied as {path}: a file keeps its name")
    if file.sha256 != sha256:
        raise MigrationError(f"{path} was applied and has changed since: add a new file instead")


async def remember_files(connection: Connection, files: list[SqlFile]) -> None:
    """Store what `files` are, before they are applied."""
    for file in files:
        await connection.execute(
            """
            insert into public.schema_file (version, path, sha256)
            values (%s, %s, %s)
            on conflict (version) do update
            set path = excluded.path, sha256 = excluded.sha256, applied_at = excluded.applied_at
            """,
            [file.version, file.path, file.sha256],
        )


async def replaced_hash(connection: Connection) -> str | None:
    """Return the hash of what schema api was made from, None where it has to be made anew."""
    if not await _exists(connection, "public.schema_replaceable"):
        return None
    cursor = await connection.execute("select sha256 from public.schema_replaceable")
    row = await cursor.fetchone()
    return None if row is None else str(row[0])


async def forget_replaced(connection: Connection) -> None:
    """Say that schema api has to be made anew."""
    await connection.execute("delete from public.schema_replaceable")


async def remember_replaced(connection: Connection, sha256: str) -> None:
    """Say what schema api was made from."""
    await connection.execute("insert into public.schema_replaceable (sha256) values (%s)", [sha256])


async def _exists(connection: Connection, table: str) -> bool:
    cursor = await connection.execute("select to_regclass(%s) is not null", [table])
    row = await cursor.fetchone()
    return row is not None and bool(row[0])
