"""An engine on which databases are migrated again and again, from nothing."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import psycopg
import pytest

from app.migrate.schema_files import PROJECT, Folders
from tests.engines import Engine, Home

EMPTY = """
    drop schema if exists core, agg, api, formula cascade;
    drop table if exists
        public.schema_migration, public.schema_file, public.schema_replaceable, public.schema_grant;
"""


@pytest.fixture(scope="session")
async def bare_engine(
    home: Home, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Engine]:
    engine = await home.engine(tmp_path_factory.mktemp("bare"), empty=True)
    yield engine
    await engine.stop()


@pytest.fixture
async def bare(bare_engine: Engine) -> AsyncIterator[psycopg.AsyncConnection]:
    """A connection to a database that was never migrated."""
    async with await psycopg.AsyncConnection.connect(
        bare_engine.database_url, autocommit=True, prepare_threshold=None
    ) as connection:
        await connection.execute("set client_min_messages = warning")
        await connection.execute(EMPTY)
        await connection.execute("reset client_min_messages")
        yield connection


@pytest.fixture
def url(bare: psycopg.AsyncConnection, bare_engine: Engine) -> str:  # noqa: ARG001 - emptied before
    return bare_engine.database_url


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    """A copy of db/ that a test may change."""
    shutil.copytree(PROJECT.migrations.parent, tmp_path / "db")
    return Folders.under(tmp_path / "db")


@pytest.fixture
async def own(home: Home, tmp_path: Path) -> AsyncIterator[Engine]:
    """A migrated database that a test may change."""
    engine = await home.engine(tmp_path / "engine")
    yield engine
    await engine.stop()


@pytest.fixture
async def connection(own: Engine) -> AsyncIterator[psycopg.AsyncConnection]:
    async with await psycopg.AsyncConnection.connect(
        own.database_url, autocommit=True, prepare_threshold=None
    ) as connection:
        yield connection
