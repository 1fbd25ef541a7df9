"""TimescaleDB on the embedded engine: hypertables, continuous aggregates, and a restart."""

from __future__ import annotations

from pathlib import Path
from typing import LiteralString

import psycopg

from app.embedded import EmbeddedTimescaledb, copy_data, embedded_timescaledb
from tests.embedded.conftest import Connection, fetch, value

SCHEMA: tuple[LiteralString, ...] = (
    "create table event (at timestamptz not null, item int, n int)",
    "select create_hypertable('event', 'at')",
    """
    create materialized view by_minute
    with (timescaledb.continuous, timescaledb.materialized_only = false) as
    select time_bucket('1 minute', at) as bucket, item, sum(n) as n
    from event group by bucket, item with no data
    """,
    """
    create materialized view by_hour
    with (timescaledb.continuous, timescaledb.materialized_only = false) as
    select time_bucket('1 hour', bucket) as bucket, item, sum(n) as n
    from by_minute group by 1, item with no data
    """,
    """
    insert into event
    select '2026-01-01 00:00:00+00'::timestamptz + make_interval(secs => i), i % 3, 1
    from generate_series(0, 7199) as i
    """,
    """
    create procedure refresh_both() language plpgsql as $$
    begin
      call refresh_continuous_aggregate('by_minute', null, '2026-01-01 01:00:00+00');
      commit;
      call refresh_continuous_aggregate('by_hour', null, '2026-01-01 01:00:00+00');
    end
    $$
    """,
)
BY_HOUR = "select sum(n), count(distinct bucket) from by_hour"


async def _open(server: EmbeddedTimescaledb) -> Connection:
    return await psycopg.AsyncConnection.connect(server.url, autocommit=True)


async def test_hierarchical_aggregates_with_real_time_rows_before_and_after_a_restart(
    empty_folder: Path, tmp_path: Path
) -> None:
    copy_data(empty_folder, tmp_path)
    async with embedded_timescaledb(tmp_path) as server, await _open(server) as db:
        for statement in SCHEMA:
            await db.execute(statement)
        assert await fetch(db, BY_HOUR) == [(7200, 2)]
        await db.execute("call refresh_both()")
        await db.execute("insert into event values ('2026-01-01 05:00:00+00', 1, 10)")
        assert await fetch(db, BY_HOUR) == [(7210, 3)]
        port = server.port
    async with embedded_timescaledb(tmp_path, port=port) as server, await _open(server) as db:
        assert server.port == port
        assert await fetch(db, BY_HOUR) == [(7210, 3)]
        await db.execute("insert into event values ('2026-01-01 05:30:00+00', 1, 5)")
        assert await fetch(db, BY_HOUR) == [(7215, 3)]
        assert await value(db, "show enable_seqscan") == "on"
