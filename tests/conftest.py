"""Fixtures of all tests: a real database and Redis, shared by the session and cleaned on demand."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import NamedTuple

import httpx
import psycopg
import pytest
import redis.asyncio

from app.runtime.pool import Pool, open_pool
from app.runtime.redis_client import open_redis
from app.settings import Settings
from tests import profiles, scratch
from tests.cleaning import Cleaner
from tests.engines import Engine, Home, open_home
from tests.engines.embedded import copy_empty
from tests.engines.redis_nodes import redis_cluster

profiles.load()
scratch.choose()

LONGEST = (
    "faults/test_soak.py",
    "imports/test_import.py",
    "database/test_migrate.py",
    "database/test_replaceable.py",
    "database/test_restores.py",
    "database/test_others.py",
    "database/test_mending.py",
    "api/test_fuzz.py",
    "api/test_series_zones.py",
    "browser/test_overview.py",
    "browser/test_item_page.py",
    "browser/test_embeds.py",
    "browser/test_beacon_pages.py",
    "browser/test_schema_page.py",
    "embedded/test_services.py",
    "embedded/test_kill.py",
    "embedded/test_clients.py",
    "cli/test_metrics.py",
    "cli/test_demo.py",
    "clients/test_clients.py",
    "clients/test_typescript_client.py",
    "clients/test_python_client.py",
    "served/test_rolling.py",
    "sql/test_series_oracle.py",
    "sql/test_correct.py",
    "sql/test_dropped_history.py",
    "sql/test_floor.py",
    "sql/test_exclusions.py",
)
"""Files below this folder that begin first: the short ones fill up what is left at the end."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Function]) -> None:
    """Let long files begin; mark as slow what kills an engine, or has many examples to try."""
    here = Path(__file__).parent
    place = {here / name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path, len(place)))
    for item in items:
        if {"own_engine", "empty_engine"} & set(item.fixturenames) or item.get_closest_marker(
            "hypothesis"
        ):
            item.add_marker("slow")


@pytest.fixture(scope="session")
async def home(request: pytest.FixtureRequest) -> AsyncIterator[Home]:
    """What makes engines: a server, a container, or the embedded one."""
    assert request.config.cache is not None
    home = await open_home(request.config.cache.mkdir("groundswell"))
    yield home
    await home.close()


@pytest.fixture(scope="session")
async def engine(home: Home, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Engine]:
    """The migrated database and the Redis that the session's tests share."""
    engine = await home.engine(tmp_path_factory.mktemp("engine"))
    yield engine
    await engine.stop()


@pytest.fixture(scope="session")
def database_url(engine: Engine) -> str:
    return engine.database_url


@pytest.fixture(scope="session")
async def redis_url(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """The engine's Redis, or with `TEST_REDIS=cluster` three masters of a cluster."""
    if os.environ.get("TEST_REDIS") != "cluster":
        yield engine.redis_url
        return
    async with redis_cluster(tmp_path_factory.mktemp("cluster"), replicas=0) as cluster:
        yield cluster.url


@pytest.fixture(scope="session")
def settings(database_url: str, redis_url: str) -> Settings:
    return Settings(database_url=database_url, redis_url=redis_url, pool_size=4)


@pytest.fixture(scope="session")
async def pool(settings: Settings) -> AsyncIterator[Pool]:
    async with open_pool(settings) as pool:
        await pool.wait()
        yield pool


@pytest.fixture(scope="session", name="redis")
async def _redis(settings: Settings) -> AsyncIterator[redis.asyncio.Redis]:
    async with open_redis(settings) as client:
        yield client


@pytest.fixture(scope="session")
async def cleaner(pool: Pool) -> Cleaner:
    async with pool.connection() as connection:
        return await Cleaner.of(connection)


@pytest.fixture
async def clean(cleaner: Cleaner, pool: Pool, redis: redis.asyncio.Redis) -> None:
    """Start from a freshly migrated database and an empty Redis."""
    async with pool.connection() as connection:
        await cleaner.clean(connection)
    await redis.flushall()


@pytest.fixture
async def worker(
    clean: None,  # noqa: ARG001
    settings: Settings,
    pool: Pool,
    redis: redis.asyncio.Redis,
) -> AsyncIterator[None]:
    """A worker beside the API, as in production."""
    from app.worker import run_parts  # noqa: PLC0415 - as with `api`

    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(run_parts(settings, pool, redis, stop))
        yield
        stop.set()


@pytest.fixture
async def api(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the API, in this process, with its lifespan run."""
    from tests.serving import api_of  # noqa: PLC0415 - tests below the API need not import it

    async with api_of(settings) as client:
        yield client


@pytest.fixture(scope="session")
async def empty_folder(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The data folder of a cleanly stopped embedded engine, before any migration, to copy."""
    assert request.config.cache is not None
    folder = tmp_path_factory.mktemp("empty")
    await copy_empty(request.config.cache.mkdir("groundswell"), folder)
    return folder


class Breakable(NamedTuple):
    """An engine to kill and break, mended and cleaned after each test."""

    engine: Engine
    cleaner: Cleaner

    async def mend(self) -> None:
        """Make it as it was."""
        await self.engine.heal()
        async with await _connected(self.engine) as connection:
            await self.cleaner.clean(connection)


async def _connected(engine: Engine) -> psycopg.AsyncConnection:
    return await psycopg.AsyncConnection.connect(
        engine.database_url, autocommit=True, prepare_threshold=None
    )


@pytest.fixture(scope="session")
async def breakable(
    home: Home, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Breakable]:
    engine = await home.engine(tmp_path_factory.mktemp("breakable"))
    async with await _connected(engine) as connection:
        cleaner = await Cleaner.of(connection)
    yield Breakable(engine, cleaner)
    await engine.stop()


@pytest.fixture
async def own_engine(breakable: Breakable) -> AsyncIterator[Callable[[], Awaitable[Engine]]]:
    """Gives an engine that the test has for itself, to kill and break; it is mended afterwards."""

    async def engine() -> Engine:
        return breakable.engine

    yield engine
    await breakable.mend()


@pytest.fixture
async def empty_engine(home: Home, tmp_path: Path) -> AsyncIterator[Engine]:
    """An engine of the test's own, before any migration."""
    engine = await home.engine(tmp_path / "engine", empty=True)
    yield engine
    await engine.stop()
