"""TimescaleDB, PostgreSQL and pg_cron as this server has them: what must be, and what is said."""

from __future__ import annotations

import re
from typing import Any, TypeAlias

import psycopg

from app.errors import MigrationError

Connection: TypeAlias = psycopg.AsyncConnection[Any]

OLDEST, NEWEST = (2, 23), (2, 32)
"""Versions of TimescaleDB with which this works."""

POSTGRESQL = range(15, 19)
"""Major versions of PostgreSQL with which this works."""

TRIED = (
    f"Groundswell works with TimescaleDB {OLDEST[0]}.{OLDEST[1]} to {NEWEST[0]}.{NEWEST[1]} on "
    f"PostgreSQL {POSTGRESQL[0]} to {POSTGRESQL[-1]}"
)

PARALLEL_WORKERS = (1, 5)
"""Before this version of pg_cron, its background workers take turns."""

_NEEDED = (
    "select count(*) from api.level_chunks()",
    "select count(*) from api.changed_ranges('engagement_1m', '1 minute', now(), now())",
    "select count(*) from api.stale_ranges(now(), now())",
    "select api.unrefreshed('engagement_1d')",
    "select '_timescaledb_functions.chunk_status(regclass)'::regprocedure",
)
"""Everything that reads what TimescaleDB keeps for itself, and may keep otherwise one day."""


async def ensure_timescaledb(connection: Connection) -> None:
    """Create the extension where it is missing.

    Raises `MigrationError` for a server without it, or with one that cannot do what is needed.
    """
    if await _version_of(connection, "timescaledb") is None:
        cursor = await connection.execute(
            "select from pg_catalog.pg_available_extensions where name = 'timescaledb'"
        )
        if await cursor.fetchone() is None:
            raise MigrationError(
                "this server has no TimescaleDB: install it, or use another server"
            )
        try:
            await connection.execute("create extension if not exists timescaledb")
        except psycopg.Error as error:
            raise MigrationError(f"cannot create the extension timescaledb: {error}") from error
    version = await _version_of(connection, "timescaledb") or ""
    if _number(version) < OLDEST:
        raise MigrationError(f"TimescaleDB {version} is too old: {TRIED}")
    cursor = await connection.execute("select current_setting('timescaledb.license', true)")
    if await cursor.fetchone() == ("apache",):
        raise MigrationError(
            "this TimescaleDB has no continuous aggregates: use a build with the Community (TSL) "
            "code, never one that ends in -oss"
        )


async def warnings(connection: Connection) -> list[str]:
    """Return what is not as tried, and what does not work for it."""
    return [
        *await _untried(connection),
        *await _unreadable(connection),
        *await _one_job_at_a_time(connection),
    ]


async def _untried(connection: Connection) -> list[str]:
    version = await _version_of(connection, "timescaledb") or ""
    server = connection.info.server_version // 10_000
    return [
        *[f"TimescaleDB {version} is not tried: {TRIED}"] * (_number(version) > NEWEST),
        *[f"PostgreSQL {server} is not tried: {TRIED}"] * (server not in POSTGRESQL),
    ]


async def _unreadable(connection: Connection) -> list[str]:
    told = []
    for query in _NEEDED:
        try:
            await connection.execute(query.encode())
        except psycopg.errors.FeatureNotSupported as error:
            told.append(error.diag.message_primary or str(error))
        except psycopg.ProgrammingError as error:
            told.append(
                "this TimescaleDB shows its chunks otherwise than those that are known, so late "
                "events are refused, and nothing is dropped or made columnar: "
                f"{error.diag.message_primary}"
            )
    return told


async def _one_job_at_a_time(connection: Connection) -> list[str]:
    """Say that a long job would keep rankings waiting."""
    version = await _version_of(connection, "pg_cron")
    cursor = await connection.execute(
        """
        select current_setting('cron.use_background_workers', true) = 'on'
            and current_setting('cron.database_name', true) = current_database()
        """
    )
    if version is None or _number(version) >= PARALLEL_WORKERS:
        return []
    if await cursor.fetchone() != (True,):
        return []
    told = (
        f"pg_cron {version} with cron.use_background_workers = on runs jobs one behind the other, "
        "and a long one keeps rankings waiting: take pg_cron 1.5 or newer (then alter extension "
        "pg_cron update), or set it off and let pg_cron log in (cron.host, pg_hba.conf)"
    )
    return [told]


async def _version_of(connection: Connection, extension: str) -> str | None:
    cursor = await connection.execute(
        "select extversion from pg_catalog.pg_extension where extname = %s", [extension]
    )
    row = await cursor.fetchone()
    return None if row is None else str(row[0])


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:2])
