"""COPY in both directions, and what it leaves behind when it fails."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest

from app.embedded import EmbeddedTimescaledb, copy_data
from tests.embedded.conftest import Connect, Connection, fetch, value
from tests.embedded.wire import FLUSH, SYNC, RawClient, bind, execute, kinds, message, parse, query

ROWS = [(1, "one"), (2, 'tw"o, \\ \n two'), (3, None)]
START = datetime(2026, 1, 1, tzinfo=UTC)


async def _copy_in(connection: Connection, statement: LiteralString, data: bytes) -> None:
    async with connection.cursor().copy(statement) as copy:
        await copy.write(data)


async def _copy_out(connection: Connection, statement: LiteralString) -> bytes:
    async with connection.cursor().copy(statement) as copy:
        return b"".join([bytes(part) async for part in copy])


async def _write_rows(
    connection: Connection, statement: LiteralString, rows: list[tuple[int, str | None]]
) -> None:
    async with connection.cursor().copy(statement) as copy:
        copy.set_types(["int8", "text"])
        for row in rows:
            await copy.write_row(row)


@pytest.mark.parametrize(
    "statement",
    ["copy thing from stdin", "copy thing (id, note) from stdin (format binary)"],
)
async def test_rows_in(db: Connection, statement: LiteralString) -> None:
    await _write_rows(db, statement, ROWS)
    assert await fetch(db, "select * from thing order by id") == ROWS


async def test_csv_in_and_out(db: Connection) -> None:
    text = io.StringIO()
    csv.writer(text).writerows([("id", "note"), *((i, n) for i, n in ROWS if n)])
    await _copy_in(db, "copy thing from stdin csv header", text.getvalue().encode())
    back = await _copy_out(db, "copy (select * from thing order by id) to stdout csv header")
    lines = list(csv.reader(io.StringIO(back.decode())))
    assert lines == [["id", "note"], ["1", "one"], ["2", 'tw"o, \\ \n two']]


@pytest.mark.parametrize("binary", [False, True])
async def test_rows_out(db: Connection, binary: bool) -> None:
    await _write_rows(db, "copy thing from stdin", ROWS)
    statement: LiteralString = "copy (select * from thing order by id) to stdout"
    if binary:
        statement += " (format binary)"
    async with db.cursor().copy(statement) as copy:
        copy.set_types(["int8", "text"])
        assert [row async for row in copy.rows()] == ROWS


async def test_an_empty_copy(db: Connection) -> None:
    await _copy_in(db, "copy thing from stdin", b"")
    assert await value(db, "select count(*) from thing") == 0


async def test_a_copy_of_many_megabytes(db: Connection) -> None:
    line = b"\t" + b"x" * 1000 + b"\n"
    async with db.cursor().copy("copy thing from stdin") as copy:
        for start in range(0, 20_000, 1000):
            await copy.write(b"".join(b"%d%s" % (i, line) for i in range(start, start + 1000)))
    assert await fetch(db, "select count(*), sum(length(note)) from thing") == [
        (20_000, 20_000_000)
    ]
    assert len(await _copy_out(db, "copy thing to stdout")) > 20_000_000


@pytest.mark.parametrize(
    ("statement", "error"),
    [
        ("copy nowhere from stdin", psycopg.errors.UndefinedTable),
        ("copy thing (nothing) from stdin", psycopg.errors.UndefinedColumn),
        ("copy thing from stdin (format parquet)", psycopg.errors.InvalidParameterValue),
        ("copy thing from from stdin", psycopg.errors.SyntaxError),
        ("copy nowhere to stdout", psycopg.errors.UndefinedTable),
    ],
)
async def test_what_cannot_be_copied_is_refused_before_any_data(
    db: Connection, statement: LiteralString, error: type[psycopg.Error]
) -> None:
    with pytest.raises(error):
        async with db.cursor().copy(statement):
            pytest.fail("invited to send data")
    assert await value(db, "select 1") == 1


async def test_bad_data_is_reported_with_its_line(db: Connection) -> None:
    with pytest.raises(psycopg.errors.InvalidTextRepresentation) as caught:
        await _copy_in(db, "copy thing from stdin", b"1\ta\nx\tb\n" + b"3\tc\n" * 100_000)
    assert caught.value.diag.context is not None
    assert "COPY thing, line 2, column id" in caught.value.diag.context
    assert await value(db, "select count(*) from thing") == 0


async def test_a_failed_copy_fails_its_transaction(connect: Connect) -> None:
    connection = await connect(autocommit=False)
    with pytest.raises(psycopg.errors.InvalidTextRepresentation):
        await _copy_in(connection, "copy thing from stdin", b"x\ty\n")
    with pytest.raises(psycopg.errors.InFailedSqlTransaction):
        await connection.execute("select 1")
    await connection.rollback()
    assert await value(connection, "select count(*) from thing") == 0


async def test_a_client_that_gives_up_copying(db: Connection) -> None:
    async def give_up() -> None:
        async with db.cursor().copy("copy thing from stdin") as copy:
            await copy.write(b"1\tone\n")
            raise KeyError

    with pytest.raises(KeyError):
        await give_up()
    assert await value(db, "select count(*) from thing") == 0


async def test_a_client_that_vanishes_while_copying(
    embedded: EmbeddedTimescaledb, db: Connection
) -> None:
    client = await RawClient.connected(embedded.url)
    await client.ask(query("begin"))
    client.writer.write(query("copy thing from stdin") + message("d", b"1\tone\n"))
    await client.until("G")
    client.writer.transport.abort()
    assert await value(db, "select count(*) from thing") == 0


async def test_others_are_served_while_a_client_sends(connect: Connect, db: Connection) -> None:
    copying = await connect()
    async with copying.cursor().copy("copy thing from stdin") as copy:
        await copy.write(b"1\tone\n")
        assert await value(db, "select count(*) from thing") == 0
    assert await value(db, "select count(*) from thing") == 1


async def test_copy_by_the_extended_protocol(embedded: EmbeddedTimescaledb) -> None:
    client = await RawClient.connected(embedded.url)
    start = parse("", "copy thing from stdin") + bind("", "") + execute()
    client.writer.write(start + SYNC)
    assert kinds(await client.until("G")) == "12G"
    answers = await client.ask(message("d", b"1\tone\n"), message("c"), SYNC)
    assert kinds(answers) == "CZ"
    client.writer.write(start + FLUSH)
    assert kinds(await client.until("G")) == "12G"
    skipped = parse("", "select 1") + bind("", "") + execute()
    answers = await client.ask(message("d", b"1\tagain\n"), message("c"), skipped, SYNC)
    assert kinds(answers) == "EZ"
    assert answers[0].fields["C"] == "23505"
    answers = await client.ask(query("copy thing to stdout"))
    assert kinds(answers) == "HdcCZ"
    await client.close()


async def test_copy_among_other_statements_of_one_query_is_refused(
    embedded: EmbeddedTimescaledb,
) -> None:
    client = await RawClient.connected(embedded.url)
    answers = await client.ask(query("select 1; copy thing from stdin"))
    assert answers[0].fields["C"] == "0A000"
    await client.close()


async def test_copy_needs_the_right_to_insert_and_no_more(connect: Connect, db: Connection) -> None:
    await db.execute("drop role if exists copier")
    await db.execute("create role copier login")
    connection = await connect(user="copier")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        await _copy_in(connection, "copy thing from stdin", b"1\tone\n")
    await db.execute("grant insert on thing to copier")
    await _copy_in(connection, "copy thing from stdin", b"1\tone\n")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        await connection.execute("select * from thing")


async def _copy_events(connection: Connection, numbers: range) -> None:
    async with connection.cursor().copy(
        "copy copied_event (id, at, note) from stdin (format binary)"
    ) as copy:
        copy.set_types(["int8", "timestamptz", "text"])
        for number in numbers:
            await copy.write_row((number, START + timedelta(hours=number), "x"))


async def test_binary_copy_into_a_hypertable_in_a_savepoint(connect: Connect) -> None:
    connection = await connect(autocommit=False)
    await connection.execute(
        "create table copied_event (id bigint, at timestamptz not null, note text, unique (id, at))"
    )
    await connection.execute("select create_hypertable('copied_event', 'at')")
    await connection.commit()
    async with connection.transaction():
        await _copy_events(connection, range(1000))
    async with connection.transaction():
        with pytest.raises(psycopg.errors.UniqueViolation):
            async with connection.transaction():
                await _copy_events(connection, range(500, 1500))
        await connection.execute("insert into copied_event values (-1, now(), 'fallback')")
    assert await value(connection, "select count(*) from copied_event") == 1001
    await connection.rollback()
    await connection.execute("drop table copied_event")
    await connection.commit()


async def test_too_much_data_is_refused(empty_folder: Path, tmp_path: Path) -> None:
    copy_data(empty_folder, tmp_path)
    server = EmbeddedTimescaledb(tmp_path, copy_limit_mb=1)
    await server.start()
    async with await psycopg.AsyncConnection.connect(server.url, autocommit=True) as connection:
        await connection.execute("create table thing (id bigint, note text)")
        with pytest.raises(psycopg.errors.QueryCanceled, match="at most 1 MB in one COPY"):
            await _copy_in(connection, "copy thing from stdin", b"1\tx\n" * 400_000)
        assert await value(connection, "select count(*) from thing") == 0
    await server.stop()
