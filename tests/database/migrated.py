"""What migrating makes, and a look at it."""

from __future__ import annotations

from typing import Any

import psycopg

from app.migrate.schema_files import PROJECT, read_versioned
from tests.fingerprint import row_versions

OURS = ("core", "agg", "api")
ALL = (*OURS, "public")
VERSIONED = [file.path for file in read_versioned(PROJECT)]


async def one(connection: psycopg.AsyncConnection, query: str) -> Any:
    [(found,)] = await (await connection.execute(query)).fetchall()
    return found


async def table_versions(connection: psycopg.AsyncConnection) -> list[str]:
    """Return the versions of all that is kept: tables, indexes, types."""
    versions = await row_versions(connection, "core", "agg")
    return [version for version in versions if version.startswith(("class ", "type ", "schema "))]
