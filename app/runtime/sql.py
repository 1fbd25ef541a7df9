"""One query is one `.sql` file in its room and one `Query` here: its text and its rows' type.

A query's parameters are written `%(name)s`, with a cast (`%(limit)s::integer`) so that their type
never depends on the value; a literal percent sign is `%%`. A room's module holds its queries and
one keyword-only function for each; the room's folder `sql` has the files:

    _ITEM_STATS = Query("item_stats", ItemStats)

    async def item_stats(connection: Connection, *, content_id: str) -> ItemStats | None:
        return await _ITEM_STATS.first(connection, content_id=content_id)

tests/schema runs every `Query` against the real schema and compares columns and types.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Generic, TypeAlias, TypeVar

import msgspec
from psycopg import AsyncConnection
from psycopg.rows import kwargs_row

ROOMS = Path(__file__).parents[1]
FILES = {path.stem: path for path in ROOMS.glob("*/sql/*.sql")}
"""The file of every query of every room; no two have the same name."""

Connection: TypeAlias = AsyncConnection[Any]
"""A connection whatever its row factory: a `Query` brings its own."""

Row = TypeVar("Row", bound=msgspec.Struct)

declared: dict[str, Query[Any] | Command] = {}
"""Every query of the modules imported so far, by name."""


class Command:
    """A statement without rows, kept in `sql/<name>.sql` of its room."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.text = FILES[name].read_bytes()
        declared[name] = self

    async def run(self, connection: Connection, /, **parameters: object) -> int:
        """Execute it and return the number of rows it touched."""
        async with connection.cursor() as cursor:
            await cursor.execute(self.text, parameters)
            return cursor.rowcount


class Query(Generic[Row]):
    """A statement in `sql/<name>.sql` of its room, whose columns are the fields of `row`.

    `binary` rows cost a tenth where they hold arrays.
    """

    def __init__(self, name: str, row: type[Row], *, binary: bool = False) -> None:
        self.name = name
        self.row = row
        self.binary = binary
        self.text = FILES[name].read_bytes()
        declared[name] = self

    async def all(self, connection: Connection, /, **parameters: object) -> list[Row]:
        """Execute it and return all rows, in the order of the query."""
        factory = kwargs_row(self.row)
        async with connection.cursor(row_factory=factory, binary=self.binary) as cursor:
            await cursor.execute(self.text, parameters)
            return await cursor.fetchall()

    async def first(self, connection: Connection, /, **parameters: object) -> Row | None:
        """Execute it and return the first row, or None where there is none."""
        factory = kwargs_row(self.row)
        async with connection.cursor(row_factory=factory, binary=self.binary) as cursor:
            await cursor.execute(self.text, parameters)
            return await cursor.fetchone()


class CopiedQuery(Query[Row]):
    """A statement that is copied to files: its columns are the encoded names of `row`'s fields."""
