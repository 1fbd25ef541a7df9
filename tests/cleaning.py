"""Bringing a used database back to what migrating made of it, in milliseconds."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from psycopg import sql
from psycopg.types.json import Jsonb

from app.runtime.sql import Connection

FRESH_WATERMARK = -210866803200000000
"""Watermark of a continuous aggregate that was never refreshed: PostgreSQL's least timestamp."""

SMALL = 64 * 1024
"""Bytes up to which rows are deleted. Truncating a table costs as much as deleting thousands, but
leaves nothing behind that a later test would have to read over."""


class Table(NamedTuple):
    """A table of the schema `core`, freshly migrated."""

    id: int
    """Its oid, which emptying it leaves as it is."""
    seed: list[Any]
    """Its rows then: configuration."""
    identity: tuple[str, int, bool] | None
    """Its sequence, and what that is set to."""
    referring: set[str]
    is_hypertable: bool


class Cleaner:
    """What a freshly migrated database holds."""

    def __init__(self, tables: dict[str, Table], aggregates: list[str]) -> None:
        self.tables = tables
        self._aggregates = aggregates
        self._identities = [table.identity for table in tables.values() if table.identity]
        self._seeds = sql.SQL("select {}").format(
            sql.SQL(", ").join(
                sql.SQL("(select jsonb_agg(t) from (select * from {} limit {}) as t)").format(
                    sql.Identifier("core", name), sql.Literal(len(table.seed) + 1)
                )
                for name, table in self._seeded().items()
            )
        )

    def _seeded(self) -> dict[str, Table]:
        return {name: table for name, table in self.tables.items() if table.seed}

    @classmethod
    async def of(cls, connection: Connection) -> Cleaner:
        """Look at a database nobody has written to."""
        cursor = await connection.execute(
            """
            select
                c.relname,
                c.oid,
                exists (
                    select from timescaledb_information.hypertables as h
                    where h.hypertable_schema = 'core' and h.hypertable_name = c.relname
                ),
                (
                    select a.attname from pg_catalog.pg_attribute as a
                    where a.attrelid = c.oid and a.attidentity <> ''
                ),
                array(
                    select referring.relname from pg_catalog.pg_constraint as k
                    inner join pg_catalog.pg_class as referring on referring.oid = k.conrelid
                    where k.contype = 'f' and k.confrelid = c.oid
                        and k.connamespace = 'core'::regnamespace
                )
            from pg_catalog.pg_class as c
            where c.relnamespace = 'core'::regnamespace
                and c.relkind in ('r', 'p') and not c.relispartition
            order by c.relname
            """
        )
        tables = {}
        for name, oid, is_hypertable, identity, referring in await cursor.fetchall():
            seed = await _rows(connection, name)
            sequence = None
            if identity is not None:
                newest = max((row[identity] for row in seed), default=None)
                path = f"pg_get_serial_sequence('core.{name}', '{identity}')"
                cursor = await connection.execute(f"select {path}")
                (found,) = await cursor.fetchone() or (None,)
                sequence = (str(found), newest or 1, newest is not None)
            tables[name] = Table(oid, seed, sequence, set(referring), is_hypertable)
        cursor = await connection.execute(
            """
            select view_name from timescaledb_information.continuous_aggregates
            where view_schema = 'agg'
            order by materialization_hypertable_name
            """
        )
        return cls(tables, [name for (name,) in await cursor.fetchall()])

    async def clean(self, connection: Connection) -> None:
        """Empty what was filled and restore what was configured; do nothing where nothing was.

        Truncating an aggregate resets its watermark, below which events would be invisible to
        real-time reads, and marks everything as to be refreshed.
        """
        dirty, large = await self._dirty(connection)
        async with connection.transaction():
            if large:
                names = sql.SQL(", ").join(sql.Identifier("core", name) for name in large)
                await connection.execute(sql.SQL("truncate {}").format(names))
            if dirty:
                # The restored tables refer to each other: now their order does not matter.
                await connection.execute("set local session_replication_role = replica")
            for name in dirty - large:
                await connection.execute(
                    sql.SQL("delete from {}").format(sql.Identifier("core", name))
                )
            for name in dirty:
                if seed := self.tables[name].seed:
                    await _restore(connection, name, seed)
            # All: rows that a test has made and removed, or rolled back, have moved them, too.
            await connection.execute(
                "select setval(t.name, t.value, t.is_called) "
                "from unnest(%s::text[], %s::bigint[], %s::boolean[])"
                " as t (name, value, is_called)",
                [list(column) for column in zip(*self._identities, strict=True)],
            )
        if await self._is_materialized(connection):
            for aggregate in self._aggregates:
                await connection.execute(
                    sql.SQL("truncate {}").format(sql.Identifier("agg", aggregate))
                )

    async def _dirty(self, connection: Connection) -> tuple[set[str], set[str]]:
        """Return the changed tables, and those of them that are truncated.

        A table that is truncated takes along those that refer to it.
        """
        sizes = await self._sizes(connection)
        filled = [
            name
            for name, table in self.tables.items()
            # Chunks that are compressed have no size of their own.
            if not table.seed and (sizes[name] or table.is_hypertable)
        ]
        dirty = await self._changed(connection) | await _holding(connection, filled)
        large = {name for name in dirty if self.tables[name].is_hypertable or sizes[name] > SMALL}
        while more := {one for name in large for one in self.tables[name].referring} - large:
            large |= more
        return dirty | large, large

    async def _sizes(self, connection: Connection) -> dict[str, int]:
        """Return the bytes of each table with its chunks or partitions.

        A table without any holds nothing; whatever else asks all of them costs ten times as much.
        """
        cursor = await connection.execute(
            """
            select
                t.name,
                pg_relation_size(t.id) + coalesce(
                    (
                        select sum(pg_relation_size(i.inhrelid))::bigint
                        from pg_catalog.pg_inherits as i where i.inhparent = t.id
                    ), 0
                )
            from unnest(%s::text[], %s::oid[]) as t (name, id)
            """,
            [list(self.tables), [table.id for table in self.tables.values()]],
        )
        return dict(await cursor.fetchall())

    async def _changed(self, connection: Connection) -> set[str]:
        """Return the tables of configuration that hold something else."""
        cursor = await connection.execute(self._seeds)
        found = await cursor.fetchone() or ()
        return {
            name
            for (name, table), rows in zip(self._seeded().items(), found, strict=True)
            if sorted(rows or [], key=json.dumps) != table.seed
        }

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


async def _holding(connection: Connection, names: list[str]) -> set[str]:
    """Return those of the tables that have a row."""
    if not names:
        return set()
    looks = [
        sql.SQL("exists (select from {})").format(sql.Identifier("core", name)) for name in names
    ]
    cursor = await connection.execute(sql.SQL("select {}").format(sql.SQL(", ").join(looks)))
    found = await cursor.fetchone() or ()
    return {name for name, holds in zip(names, found, strict=True) if holds}


async def _rows(connection: Connection, table: str) -> list[Any]:
    query = sql.SQL("select to_jsonb(t) from core.{} as t").format(sql.Identifier(table))
    cursor = await connection.execute(query)
    return sorted((row for (row,) in await cursor.fetchall()), key=json.dumps)


async def _restore(connection: Connection, table: str, rows: list[Any]) -> None:
    name = sql.Identifier("core", table)
    insert = sql.SQL(
        "insert into {} overriding system value"
        " select * from jsonb_populate_recordset(null::{}, %s)"
    )
    await connection.execute(insert.format(name, name), [Jsonb(rows)])
