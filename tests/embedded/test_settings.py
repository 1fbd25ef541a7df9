"""Settings, roles and temporary tables: one backend, but a session for every client."""

from __future__ import annotations

import asyncio
from pathlib import Path

import psycopg
import pytest

from app.embedded import EmbeddedTimescaledb, copy_data
from tests.embedded.conftest import Connect, Connection, fetch, value
from tests.eventually import eventually


async def test_set_stays_with_its_client(connect: Connect) -> None:
    first, second = await connect(), await connect()
    await first.execute("set work_mem = '7MB'")
    await first.execute("set search_path = pg_catalog")
    assert await value(second, "select current_setting('work_mem')") == "4MB"
    assert await value(second, "show search_path") == '"$user", public'
    assert await value(first, "select current_setting('work_mem')") == "7MB"
    assert await value(first, "show search_path") == "pg_catalog"
    await first.execute("reset work_mem")
    assert await value(second, "select current_setting('work_mem')") == "4MB"
    assert await value(first, "select current_setting('work_mem')") == "4MB"


async def test_set_config_and_settings_of_ones_own(connect: Connect) -> None:
    first, second = await connect(), await connect()
    await value(first, "select set_config('my.user', 'ann', false)")
    await first.execute("set my.team = 'red'")
    mine = "select current_setting('my.user', true), current_setting('my.team', true)"
    assert await fetch(second, mine) in [[(None, None)], [("", "")]]
    assert await fetch(first, mine) == [("ann", "red")]


async def test_set_local_and_rolled_back_set_are_gone(connect: Connect) -> None:
    connection, other = await connect(autocommit=False), await connect()
    await connection.execute("set local work_mem = '7MB'")
    assert await value(connection, "show work_mem") == "7MB"
    await connection.commit()
    await connection.execute("set work_mem = '9MB'")
    await connection.rollback()
    await value(other, "select 1")
    assert await value(connection, "show work_mem") == "4MB"


async def test_a_client_is_told_of_its_settings(connect: Connect) -> None:
    first, second = await connect(), await connect()
    await first.execute("set timezone = 'Asia/Tokyo'")
    await first.execute("set application_name = 'probe'")
    assert first.info.parameter_status("TimeZone") == "Asia/Tokyo"
    assert first.info.parameter_status("application_name") == "probe"
    assert second.info.parameter_status("TimeZone") == "UTC"
    await first.execute("discard all")
    assert first.info.parameter_status("TimeZone") == "UTC"


async def test_startup_options_are_what_reset_goes_back_to(connect: Connect) -> None:
    connection = await connect(
        options='-c work_mem=5MB --statement-timeout=7s -c search_path="a\\ b",public',
        application_name="named",
    )
    other = await connect()

    async def settings() -> list[str]:
        return [
            await value(connection, "show work_mem"),
            await value(connection, "show statement_timeout"),
            await value(connection, "show search_path"),
            await value(connection, "show application_name"),
        ]

    expected = ["5MB", "7s", '"a b",public', "named"]
    assert await settings() == expected
    await connection.execute("set work_mem = '6MB'")
    await connection.execute("reset all")
    assert await value(other, "show work_mem") == "4MB"
    assert await settings() == expected


async def test_set_role(connect: Connect, db: Connection) -> None:
    await db.execute("drop role if exists painter")
    await db.execute("create role painter")
    first = await connect()
    await first.execute("set role painter")
    assert await value(db, "select current_user::text") == "postgres"
    assert await value(first, "select current_user::text") == "painter"
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        await first.execute("select * from thing")
    await first.execute("reset role")
    assert await fetch(first, "select * from thing") == []


async def test_a_client_acts_as_the_user_it_connects_as(connect: Connect, db: Connection) -> None:
    await db.execute("drop role if exists reader")
    await db.execute("create role reader login")
    reader = await connect(user="reader")
    assert await value(reader, "select session_user::text") == "reader"
    assert reader.info.parameter_status("is_superuser") == "off"
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        await reader.execute("select * from thing")
    await reader.execute("discard all")
    assert await value(reader, "select session_user::text") == "reader"
    assert await value(db, "select session_user::text") == "postgres"


async def test_an_unknown_role_is_refused(embedded: EmbeddedTimescaledb) -> None:
    with pytest.raises(psycopg.OperationalError, match='role "stranger" does not exist'):
        await psycopg.AsyncConnection.connect(embedded.url, user="stranger")


async def test_many_clients_with_settings_of_their_own(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The service's own connections ask for UTC, and that outranks the options.
    monkeypatch.delenv("PGTZ", raising=False)

    async def use(zone: str) -> None:
        connection = await connect(options=f"-c timezone={zone}")
        for _ in range(20):
            assert await value(connection, "show timezone") == zone

    await asyncio.gather(*(use(zone) for zone in ("Asia/Tokyo", "UTC", "Europe/Berlin")))


async def test_temporary_tables_go_with_their_client(connect: Connect, db: Connection) -> None:
    first, second = await connect(), await connect()
    await first.execute("create temp table mine (id int)")
    await second.execute("create temporary table theirs (id int)")
    await first.close()

    async def dropped() -> bool:
        return await value(db, "select to_regclass('pg_temp.mine')") is None

    await eventually(dropped)
    assert await fetch(second, "select * from theirs") == []


async def test_a_temporary_table_of_one_transaction(connect: Connect) -> None:
    for _ in range(2):
        connection = await connect(autocommit=False)
        await connection.execute("create temp table staging (id int) on commit drop")
        await connection.execute("insert into staging values (1)")
        await connection.commit()


async def test_an_idle_transaction_is_ended(connect: Connect) -> None:
    timeout = "-c idle_in_transaction_session_timeout=0.2s"
    connection = await connect(autocommit=False, options=f"-c work_mem=5MB {timeout}")
    other = await connect()
    await connection.execute("insert into thing values (1)")
    assert await asyncio.wait_for(value(other, "select count(*) from thing"), 5) == 0
    with pytest.raises(psycopg.errors.IdleInTransactionSessionTimeout) as ended:
        await connection.execute("select 1")
    assert connection.closed
    assert "idle for 0.2 s and is rolled back" in str(ended.value)
    assert await value(other, "show work_mem") == "4MB"


async def test_an_idle_transaction_is_ended_after_a_minute_unless_told_otherwise(
    connect: Connect,
) -> None:
    name = "idle_in_transaction_session_timeout"
    connection = await connect()
    assert await value(connection, f"show {name}") == "1min"
    await connection.execute(f"set {name} = '2h'")
    assert await value(connection, f"show {name}") == "2h"
    await connection.execute(f"reset {name}")
    assert await value(connection, f"show {name}") == "1min"


async def test_the_limit_is_that_of_the_engine_for_whoever_sets_none(
    empty_folder: Path, tmp_path: Path
) -> None:
    """Also in a failed transaction, and for who set its own limit and took it back."""
    copy_data(empty_folder, tmp_path)
    server = EmbeddedTimescaledb(tmp_path, idle_timeout=0.2)
    await server.start()
    try:
        async with await psycopg.AsyncConnection.connect(server.url) as connection:
            await connection.execute("set idle_in_transaction_session_timeout = 0")
            await connection.execute("create table kept (id integer)")
            await connection.commit()
            await connection.execute("reset idle_in_transaction_session_timeout")
            await connection.commit()
            await connection.execute("insert into kept values (1)")
            with pytest.raises(psycopg.errors.DivisionByZero):
                await connection.execute("select 1 / 0")
            async with await psycopg.AsyncConnection.connect(server.url) as other:
                assert await value(other, "select count(*) from kept") == 0
            with pytest.raises(psycopg.errors.IdleInTransactionSessionTimeout):
                await connection.execute("select 1")
    finally:
        await server.stop()
