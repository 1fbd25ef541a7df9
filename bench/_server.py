"""What benchmarks ask of the database they were given."""

from __future__ import annotations

from app.runtime.sql import Connection


async def kind_of(connection: Connection) -> str:
    """Tell a `server` from the `embedded` engine, which has one backend and no workers."""
    cursor = await connection.execute(
        "select from pg_stat_activity where backend_type = 'checkpointer'"
    )
    return "server" if cursor.rowcount else "embedded"


async def unschedule(connection: Connection) -> None:
    """Remove the jobs, where pg_cron is here: they would do what is to be measured."""
    cursor = await connection.execute("select to_regclass('cron.job') is not null")
    if await cursor.fetchone() == (True,):
        await connection.execute("select cron.unschedule(jobid) from cron.job")


async def wal_position(connection: Connection) -> float:
    """Return how many bytes of WAL there were so far, of all databases."""
    cursor = await connection.execute("select pg_current_wal_insert_lsn() - '0/0'::pg_lsn")
    row = await cursor.fetchone()
    assert row is not None
    return float(row[0])
