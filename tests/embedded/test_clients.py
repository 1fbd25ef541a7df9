"""Many real clients at once on the one backend."""

from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path

import psycopg
import pytest
from psycopg_pool import AsyncConnectionPool

from app.embedded import EmbeddedTimescaledb
from tests.embedded.conftest import Connect, Connection, fetch, value
from tests.embedded.wire import RawClient, query
from tests.eventually import eventually

WRITERS = 8
ROUNDS = 10


async def _write(pool: AsyncConnectionPool[Connection], writer: int) -> None:
    for number in range(ROUNDS):
        row = writer * ROUNDS + number
        async with pool.connection() as connection, connection.transaction():
            await connection.execute("insert into thing values (%s, 'x')", [row])
            await asyncio.sleep(0)
            with pytest.raises(psycopg.errors.DivisionByZero):
                async with connection.transaction():
                    await connection.execute("select 1 / %s", [0])
            assert await value(connection, "select count(*) from thing where id = %s", row) == 1


async def test_eight_writers_in_transactions_with_errors_inside(
    embedded: EmbeddedTimescaledb, db: Connection
) -> None:
    async with AsyncConnectionPool(embedded.url, min_size=WRITERS, open=False) as pool:
        await asyncio.gather(*(_write(pool, writer) for writer in range(WRITERS)))
    rows = await fetch(db, "select id from thing order by id")
    assert [row[0] for row in rows] == list(range(WRITERS * ROUNDS))


async def test_a_transaction_is_not_seen_before_its_commit(connect: Connect) -> None:
    writer, reader = await connect(autocommit=False), await connect()
    await writer.execute("insert into thing values (1)")
    reading = asyncio.create_task(value(reader, "select count(*) from thing"))
    assert await value(writer, "select count(*) from thing") == 1
    assert not reading.done()
    await writer.rollback()
    assert await reading == 0


async def test_turns_are_given_first_come_first_served(connect: Connect) -> None:
    blocker = await connect(autocommit=False)
    await blocker.execute("select 1")
    clients = [await connect() for _ in range(5)]
    asked = []
    for number, client in enumerate(clients):
        query = client.execute("insert into thing values (%s)", [number])
        asked.append(asyncio.create_task(query))
        await connect()  # the engine greets it after it has read the query
    await blocker.commit()
    await asyncio.gather(*asked)
    served = await fetch(blocker, "select id from thing order by ctid")
    assert served == [(number,) for number in range(5)]


async def test_an_error_leaves_the_transaction_failed_until_rollback(connect: Connect) -> None:
    connection = await connect(autocommit=False)
    with pytest.raises(psycopg.errors.UndefinedTable):
        await connection.execute("select * from no_such_table")
    with pytest.raises(psycopg.errors.InFailedSqlTransaction):
        await connection.execute("select 1")
    await connection.rollback()
    await connection.execute("insert into thing values (1)")
    await connection.commit()
    assert await value(connection, "select count(*) from thing") == 1


async def test_a_client_that_vanishes_in_mid_transaction_is_rolled_back(
    embedded: EmbeddedTimescaledb, db: Connection
) -> None:
    client = await RawClient.connected(embedded.url)
    await client.ask(query("begin"))
    await client.ask(query("insert into thing values (1)"))
    client.writer.transport.abort()
    assert await asyncio.wait_for(value(db, "select count(*) from thing"), 5) == 0


async def test_a_client_that_vanishes_while_it_waits_is_forgotten(
    embedded: EmbeddedTimescaledb, connect: Connect, db: Connection
) -> None:
    holder = await connect(autocommit=False)
    await holder.execute("select 1")
    client = await RawClient.connected(embedded.url)
    client.writer.write(query("insert into thing values (1)"))
    await client.writer.drain()
    client.writer.transport.abort()
    waiting = asyncio.create_task(value(db, "select count(*) from thing"))
    await asyncio.sleep(0.05)
    await holder.commit()
    assert await asyncio.wait_for(waiting, 5) in {0, 1}


async def test_terminate_in_mid_transaction_rolls_back(connect: Connect, db: Connection) -> None:
    connection = await connect(autocommit=False)
    await connection.execute("insert into thing values (1)")
    await connection.close()
    assert await value(db, "select count(*) from thing") == 0


async def test_clients_that_leave_do_not_touch_another_ones_transaction(
    connect: Connect, db: Connection
) -> None:
    holder = await connect(autocommit=False)
    leaving = [await connect() for _ in range(5)]
    for connection in leaving:
        await connection.execute("set work_mem = '5MB'")
    await holder.execute("insert into thing values (1)")
    for connection in leaving:
        await connection.close()
    await asyncio.sleep(0.2)  # their sockets are closed, and they wait for a turn to clean up
    await holder.execute("insert into thing values (2)")
    await holder.commit()
    assert await fetch(db, "select id from thing order by id") == [(1,), (2,)]
    assert await value(db, "show work_mem") == "4MB"


async def test_a_waiting_statement_can_be_cancelled(connect: Connect) -> None:
    holder, waiter = await connect(autocommit=False), await connect()
    await holder.execute("select 1")
    waiting = asyncio.create_task(waiter.execute("select 2"))
    await asyncio.sleep(0.1)
    await waiter.cancel_safe()
    with pytest.raises(psycopg.errors.QueryCanceled):
        await waiting
    await holder.commit()
    assert await value(waiter, "select 3") == 3


async def test_pipeline_mode(db: Connection) -> None:
    async with db.pipeline():
        for number in range(200):
            await db.execute("insert into thing values (%s)", [number])
        cursor = await db.execute("select count(*) from thing")
        assert await cursor.fetchone() == (200,)


async def test_an_error_in_pipeline_mode(db: Connection) -> None:
    with pytest.raises(psycopg.errors.DivisionByZero):  # noqa: PT012 (raised at its end)
        async with db.pipeline():
            await db.execute("insert into thing values (1)")
            await db.execute("select 1 / 0")
            await db.execute("insert into thing values (2)")
    assert await value(db, "select 1") == 1


async def test_the_same_statement_name_in_two_clients(connect: Connect) -> None:
    first, second = await connect(), await connect()
    for connection in (first, second):
        connection.prepare_threshold = 0
    for number in range(3):
        assert await value(first, "select 'a' || %s", number) == f"a{number}"
        assert await value(second, "select 'b' || %s", number) == f"b{number}"


async def test_prepare_in_sql_is_each_clients_own(connect: Connect) -> None:
    first, second = await connect(), await connect()
    await first.execute("prepare plan as select 'first'")
    await second.execute("prepare plan as select 'second'")
    assert await value(first, "execute plan") == "first"
    assert await value(second, "execute plan") == "second"
    await first.execute("deallocate plan")
    with pytest.raises(psycopg.errors.InvalidSqlStatementName):
        await first.execute("execute plan")
    assert await value(second, "execute plan") == "second"


async def test_deallocate_all_of_one_client_spares_the_others(connect: Connect) -> None:
    first, second = await connect(), await connect()
    first.prepare_threshold = second.prepare_threshold = 0
    assert await value(first, "select %s::int", 1) == 1
    await second.execute("deallocate all")
    assert await value(first, "select %s::int", 2) == 2


async def test_statements_are_freed_at_the_end(connect: Connect, db: Connection) -> None:
    connection = await connect()
    connection.prepare_threshold = 0
    await value(connection, "select %s::int", 1)
    await connection.close()

    async def none_left() -> bool:
        return bool(await value(db, "select count(*) = 0 from pg_prepared_statements"))

    await eventually(none_left)


async def test_a_big_result_arrives_whole(db: Connection) -> None:
    rows = await fetch(db, "select i, repeat('x', 200) from generate_series(1, 100000) as i")
    assert len(rows) == 100_000
    assert rows[-1][0] == 100_000


async def test_a_slow_reader_does_not_hold_up_others(
    embedded: EmbeddedTimescaledb, db: Connection
) -> None:
    slow = await RawClient.connected(embedded.url)
    slow.writer.write(query("select repeat('x', 1000) from generate_series(1, 20000)"))
    await slow.writer.drain()
    assert await asyncio.wait_for(value(db, "select 1"), 10) == 1
    assert len(await slow.until_ready()) == 20_003
    await slow.close()


async def test_server_side_cursors(connect: Connect) -> None:
    connection = await connect(autocommit=False)
    async with connection.cursor("numbers") as cursor:
        await cursor.execute("select generate_series(1, 10)")
        assert len(await cursor.fetchmany(4)) == 4
        assert len(await cursor.fetchall()) == 6


async def _run(*command: str, **environment: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        *command,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, **environment},
    )
    output, _ = await process.communicate()
    return process.returncode or 0, output.decode()


@pytest.mark.skipif(shutil.which("psql") is None, reason="psql is not installed")
async def test_psql(embedded: EmbeddedTimescaledb, tmp_path: Path) -> None:
    rows = tmp_path / "rows.csv"
    rows.write_text("1,one\n2,two\n")
    code, output = await _run(
        "psql", embedded.url, "-v", "ON_ERROR_STOP=1", "-At",
        "-c", rf"\copy thing from '{rows}' csv",
        "-c", r"\copy thing to stdout",
        "-c", "begin", "-c", "delete from thing", "-c", "rollback",
        "-c", "prepare q as select count(*) from thing; execute q",
        "-c", r"\d thing",
    )  # fmt: skip
    assert code == 0, output
    assert output.splitlines()[:7] == [
        "COPY 2", "1\tone", "2\ttwo", "BEGIN", "DELETE 2", "ROLLBACK", "PREPARE",
    ]  # fmt: skip
    assert output.splitlines()[7] == "2"
