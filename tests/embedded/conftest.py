"""One embedded engine for the folder's tests, and connections to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import psycopg
import pytest

from app.embedded import EmbeddedTimescaledb, copy_data, embedded_timescaledb

Connection = psycopg.AsyncConnection[Any]
Connect = Callable[..., Awaitable[Connection]]


@pytest.fixture(scope="session")
async def embedded(
    empty_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[EmbeddedTimescaledb]:
    """The engine that most tests share."""
    folder = tmp_path_factory.mktemp("embedded")
    copy_data(empty_folder, folder)
    async with embedded_timescaledb(folder) as server:
        yield server


@pytest.fixture
async def connect(embedded: EmbeddedTimescaledb) -> AsyncIterator[Connect]:
    """Opens autocommit connections that are closed at the test's end."""
    async with AsyncExitStack() as stack:

        async def open_one(url: str = embedded.url, **options: Any) -> Connection:
            options.setdefault("autocommit", True)
            connection = await psycopg.AsyncConnection.connect(url, **options)
            await stack.enter_async_context(connection)
            return connection

        yield open_one


@pytest.fixture
async def db(connect: Connect) -> Connection:
    return await connect()


@pytest.fixture(autouse=True)
async def thing(embedded: EmbeddedTimescaledb) -> None:
    """An empty table `thing (id bigint primary key, note text)` for every test."""
    async with await psycopg.AsyncConnection.connect(embedded.url, autocommit=True) as connection:
        await connection.execute("drop table if exists thing cascade")
        await connection.execute("create table thing (id bigint primary key, note text)")


async def fetch(connection: Connection, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
    """Run a query and return all its rows."""
    cursor = await connection.execute(query.encode(), parameters or None)
    return await cursor.fetchall()


async def value(connection: Connection, query: str, *parameters: Any) -> Any:
    """Run a query and return its one value."""
    [(only,)] = await fetch(connection, query, *parameters)
    return only
