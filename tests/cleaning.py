"""Bringing a used database back to what migrating made of it, in milliseconds."""

from __future__ import annotations

import json
from typing import Any

from psycopg import sql
from psycopg.types.json import Jsonb

from app.database.sql import Connection

FRESH_WATERMARK = -210866803200000000
"""Watermark of a continuous aggregate that was never refreshed: PostgreSQL's least timestamp."""


class Cleaner:
    """What a freshly migrated database holds: the tables with rows then are configuration."""

    def __init__(
        self,
        seeds: dict[str, list[Any]],
        referring: set[tuple[str, str]],
        aggregates: list[str],
    ) -> None:
        self.seeds = seeds
        self._referring = referring
        self._aggregates = aggregates

    @classmethod
    async def of(cls, connection: Connection) -> Cleaner:
        """Look at a database nobody has written to."""
        cursor = await connection.execute(
            """
            select relname from pg_catalog.pg_class
            where relnamespace = 'core'::regnamespace
                and relkind in ('r', 'p') and not relispartition
            order by relname
            """
        )
        tables = [name for (name,) in await cursor.fetchall()]
        cursor = await connection.execute(
            """
            select view_name from timescaledb_information.continuous_aggregates
            where view_schema = 'agg'
            order by materialization_hypertable_name
            """
        )
        aggregates = [name for (name,) in await cursor.fetchall()]
        cursor = await connection.execute(
            """
            select referring.relname, referred.relname
            from pg_catalog.pg_constraint as k
            inner join pg_catalog.pg_class as referring on referring.oid = k.conrelid
            inner join pg_catalog.pg_class as referred on referred.oid = k.confrelid
            where k.contype = 'f' and k.connamespace = 'core'::regnamespace
            """
        )
        referring = {(str(one), str(other)) for one, other in await cursor.fetchall()}
        seeds = {name: await _rows(connection, name) for name in tables}
        return cls(seeds, referring, aggregates)

    async def clean(self, connection: Connection) -> None:
        """Empty what was filled and restore what was configured; do nothing where nothing was.

        Truncating an aggregate resets its watermark, below which events would be invisible to
        real-time reads, and marks everything as to be refreshed.
        """
        dirty = await self._dirty(connection)
        async with connection.transaction():
            if dirty:
                names = sql.SQL(", ").join(sql.Identifier("core", name) for name in dirty)
                await connection.execute(sql.SQL("truncate {} restart identity").format(names))
                # The restored tables refer to each other: now their order does not matter.
                await connection.execute("set local session_replication_role = replica")
            for table in dirty:
                if self.seeds[table]:
                    await _restore(connection, table, self.seeds[table])
        if await self._is_materialized(connection):
            for aggregate in self._aggregates:
                name = sql.Identifier("agg", aggregate)
                await connection.execute(sql.SQL("truncate {}").format(name))

    async def _dirty(self, connection: Connection) -> set[str]:
        """Return the changed tables, and those that must be truncated with what they refer to."""
        dirty = set()
        for table, seed in self.seeds.items():
            if await _rows(connection, table, limit=len(seed) + 1) != seed:
                dirty.add(table)
        while more := {one for one, other in self._referring if other in dirty} - dirty:
            dirty |= more
        return dirty & set(self.seeds)

    async def _is_materialized(self, connection: Connection) -> bool:
        cursor = await connection.execute(
            """
            select exists (
                select from _timescaledb_catalog.continuous_aggs_watermark where watermark > %s
            )
            """,
            [FRESH_WATERMARK],
        )
        row = await cursor.fetchone()
        return row is not None and bool(row[0])


async def _rows(connection: Connection, table: str, *, limit: int = 1_000) -> list[Any]:
    query = sql.SQL("select to_jsonb(t) from (select * from core.{} limit {}) as t")
    cursor = await connection.execute(query.format(sql.Identifier(table), sql.Literal(limit)))
    return sorted((row for (row,) in await cursor.fetchall()), key=json.dumps)


async def _restore(connection: Connection, table: str, rows: list[Any]) -> None:
    name = sql.Identifier("core", table)
    insert = sql.SQL(
        "insert into {} overriding system value"
        " select * from jsonb_populate_recordset(null::{}, %s)"
    )
    await connection.execute(insert.format(name, name), [Jsonb(rows)])
    cursor = await connection.execute(
        """
        select attname from pg_catalog.pg_attribute
        where attrelid = %s::regclass and attidentity <> ''
        """,
        [f"core.{table}"],
    )
    for (column,) in await cursor.fetchall():
        newest = max(row[column] for row in rows)
        await connection.execute(
            "select setval(pg_get_serial_sequence(%s, %s), %s)", [f"core.{table}", column, newest]
        )
