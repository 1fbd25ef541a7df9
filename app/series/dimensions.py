"""The queries on the keys of events' metadata that are counted by themselves."""

from __future__ import annotations

from datetime import datetime

import msgspec

from app.runtime.sql import Command, Connection, Query


class Dimension(msgspec.Struct, frozen=True, kw_only=True):
    """A declared key."""

    key: str
    names: list[str]
    """Values that are told apart; the rest is `other`."""
    counted_since: datetime
    """Events before this were gone when it was declared."""


_DECLARE_DIMENSION = Command("declare_dimension")
_DROP_DIMENSION = Command("drop_dimension")
_DECLARED_DIMENSIONS = Query("declared_dimensions", Dimension)


async def declare_dimension(connection: Connection, *, key: str, names: list[str]) -> None:
    """Count by a key; raises `psycopg.errors.CheckViolation` for one that cannot be."""
    await _DECLARE_DIMENSION.run(connection, key=key, names=names)


async def drop_dimension(connection: Connection, *, key: str) -> None:
    """Count by a key no more; raises `psycopg.errors.CheckViolation` where it was not."""
    await _DROP_DIMENSION.run(connection, key=key)


async def declared_dimensions(connection: Connection) -> list[Dimension]:
    """Return the declared keys, sorted."""
    return await _DECLARED_DIMENSIONS.all(connection)
