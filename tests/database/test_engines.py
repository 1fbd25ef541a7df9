"""The engines that the tests run on keep out of each other's way."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from tests.engines import Engine, Home
from tests.engines.server import PREFIX, ServerHome


async def _databases(home: ServerHome) -> set[str]:
    cursor = await home.admin.execute("select datname from pg_catalog.pg_database")
    return {name for (name,) in await cursor.fetchall()}


async def test_a_run_drops_what_dead_runs_left_and_nothing_of_living_ones(
    home: Home, engine: Engine, tmp_path: Path
) -> None:
    if not isinstance(home, ServerHome):
        pytest.skip("every embedded engine is a server of its own")
    stale = f"{PREFIX}deadbeef_1"
    await home.admin.execute(f"create database {stale}")
    other = await ServerHome.open(home.url)
    try:
        names = await _databases(home)
        assert stale not in names
        assert {home.template, other.template} <= names
        async with await psycopg.AsyncConnection.connect(engine.database_url) as connection:
            await connection.execute("select 1")
        await (await other.engine(tmp_path)).stop()
    finally:
        await other.close()
    assert other.template not in await _databases(home)
