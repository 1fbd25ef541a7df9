"""Epochs of the database: a promotion raises them, and who has an older one is deposed.

docs/decisions/0054 says what is compared where.
"""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from app.runtime.sql import Connection

_NOT_MIGRATED = (errors.UndefinedFunction, errors.InvalidSchemaName, errors.InsufficientPrivilege)
_BY_HOST = ("host", "hostaddr", "port")


class DeposedError(psycopg.OperationalError):
    """The server is one that another has taken over from: what it is told or tells is lost."""


async def epoch_of(connection: Connection) -> int | None:
    """Return the epoch of the server; None where its schema knows none, as before the first."""
    try:
        cursor = await connection.execute("select api.epoch()")
    except _NOT_MIGRATED:
        return None
    row = await cursor.fetchone()
    return None if row is None else row[0]


def rotated(url: str, times: int) -> str:
    """Return how to connect with the hosts of `url` in turn, another one first each time."""
    named: dict[str, Any] = dict(conninfo_to_dict(url))
    for name in _BY_HOST:
        parts = str(named.get(name) or "").split(",")
        if len(parts) > 1:
            first = times % len(parts)
            named[name] = ",".join(parts[first:] + parts[:first])
    return make_conninfo(**named)
