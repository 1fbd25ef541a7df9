"""Fixtures of all tests: a real database and Redis, shared by the session and cleaned on demand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import httpx
import pytest
import redis.asyncio

from app.runtime.pool import Pool, open_pool
from app.runtime.redis_client import open_redis
from app.settings import Settings
from tests import profiles
from tests.cleaning import Cleaner
from tests.engines import Engine, Home, open_home

profiles.load()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Function]) -> None:
    """Mark as slow what has an engine of its own to kill, or many examples to try."""
    for item in items:
        if "own_engine" in item.fixturenames or item.get_closest_marker("hypothesis"):
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
def redis_url(engine: Engine) -> str:
    return engine.redis_url


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
async def api(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the API, in this process, with its lifespan run."""
    from tests.serving import api_of  # noqa: PLC0415 - tests below the API need not import it

    async with api_of(settings) as client:
        yield client


@pytest.fixture
async def own_engine(home: Home, tmp_path: Path) -> AsyncIterator[Callable[..., Awaitable[Engine]]]:
    """Start engines of the test's own, to kill and break; `empty=True`: before any migration."""
    started: list[Engine] = []

    async def start(*, empty: bool = False) -> Engine:
        engine = await home.engine(tmp_path / f"engine{len(started)}", empty=empty)
        started.append(engine)
        return engine

    yield start
    await asyncio.gather(*(engine.stop() for engine in started))
