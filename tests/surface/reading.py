"""What a statement has read, table by table, functions included: a plan says nothing of those."""

from __future__ import annotations

import psycopg

_READ = """
    with level as (
        select stored.chunk::regclass::oid as relid, stored.level, stored.ends
        from api.level_chunks() as stored
    )

    select
        coalesce(level.level, known.relid::regclass::text) as name,
        level.ends,
        known.seq_tup_read + coalesce(known.idx_tup_fetch, 0) as rows
    from pg_catalog.pg_stat_xact_user_tables as known
    left join level on known.relid = level.relid
    where known.schemaname not in ('_timescaledb_catalog', '_timescaledb_config')
"""


class Read:
    """Rows read of a level or table, and of which days' chunks."""

    def __init__(self) -> None:
        self.rows: dict[str, int] = {}
        self.chunks: dict[tuple[str, object], int] = {}


async def rows_read(connection: psycopg.AsyncConnection, query: str) -> Read:
    """Run `query` and return what it read; the connection must be in a transaction."""
    before = await _counters(connection)
    await connection.execute(query.encode())
    after = await _counters(connection)
    read = Read()
    for (name, ends), rows in after.items():
        difference = rows - before.get((name, ends), 0)
        read.rows[name] = read.rows.get(name, 0) + difference
        if ends is not None and difference:
            read.chunks[name, ends] = difference
    return read


async def _counters(connection: psycopg.AsyncConnection) -> dict[tuple[str, object], int]:
    cursor = await connection.execute(_READ)
    found: dict[tuple[str, object], int] = {}
    for name, ends, rows in await cursor.fetchall():
        found[name, ends] = found.get((name, ends), 0) + int(rows)
    return found
