"""The pool outlives its database, and never keeps a request waiting for a dead one."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime

import msgspec
import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from psycopg_pool import PoolTimeout

from app.embedded.child import free_port
from app.errors import BusyError, UnavailableError
from app.runtime.pool import Pool, borrowed, connected, open_pool
from app.settings import Settings
from tests.engines import Engine, Home
from tests.eventually import eventually


async def _answers(pool: Pool) -> bool:
    try:
        async with pool.connection(timeout=1) as connection:
            await connection.execute("select 1")
    except (psycopg.OperationalError, PoolTimeout):
        return False
    return True


async def test_it_opens_while_the_database_is_down() -> None:
    url = f"postgresql://postgres@127.0.0.1:{free_port()}/nowhere"
    async with open_pool(Settings(database_url=url)) as pool:
        with pytest.raises(PoolTimeout):
            async with pool.connection(timeout=0.2):
                pass


async def test_it_heals_after_the_database_was_killed(
    own_engine: Callable[..., Awaitable[Engine]],
) -> None:
    engine = await own_engine()
    settings = Settings(database_url=engine.database_url, database_timeout=2)
    async with open_pool(settings) as pool:
        assert await _answers(pool)
        await engine.kill_database()
        assert not await _answers(pool)
        await engine.start_database()
        await eventually(lambda: _answers(pool), within=20)


async def test_a_connection_the_server_closed_is_not_handed_out(home: Home, pool: Pool) -> None:
    if home.name == "embedded":
        pytest.skip("the embedded engine has one backend, which cannot be terminated alone")
    async with pool.connection() as one, pool.connection() as other:
        gone = one.info.backend_pid
        await other.execute("select pg_terminate_backend(%s, 5000)", [gone])
    async with pool.connection() as one, pool.connection() as other:
        assert gone not in {one.info.backend_pid, other.info.backend_pid}
        await one.execute("select 1")


async def test_a_timed_out_query_gives_its_connection_back(pool: Pool) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1), pool.connection() as connection:
            await connection.execute("select pg_sleep(1)")
    assert await _answers(pool)


async def test_callers_who_hang_up_leave_the_pool_whole(settings: Settings) -> None:
    """psycopg's pool loses a connection whose putting back is cancelled."""
    chance, size = random.Random(12), 3  # noqa: S311 - repeatable
    async with open_pool(msgspec.structs.replace(settings, pool_size=size)) as pool:

        async def read() -> None:
            async with asyncio.timeout(chance.random() / 50), pool.connection() as connection:
                await connection.execute("select 1")

        async def hang_up() -> None:
            reading = asyncio.create_task(read())
            await asyncio.wait({reading}, timeout=chance.random() / 50)
            reading.cancel()
            await asyncio.wait({reading})

        for _ in range(40):
            await asyncio.gather(*(hang_up() for _ in range(40)))
        async with AsyncExitStack() as stack:
            for _ in range(size):
                connection = await stack.enter_async_context(borrowed(pool, within=2))
                await connection.execute("select 1")


async def test_an_overload_is_not_called_an_outage(settings: Settings) -> None:
    async with open_pool(msgspec.structs.replace(settings, pool_size=1)) as pool:
        async with connected(pool, within=2) as connection:
            await connection.execute("select 1")
            with pytest.raises(BusyError) as busy:
                async with connected(pool, within=0.05):
                    pass
        assert (busy.value.status, busy.value.slug) == (503, "busy")
    url = f"postgresql://postgres@127.0.0.1:{free_port()}/nowhere"
    async with open_pool(Settings(database_url=url, pool_size=1)) as pool:
        with pytest.raises(UnavailableError):
            async with connected(pool, within=0.05):
                pass


async def test_a_database_that_hangs_is_down_not_overloaded(
    own_engine: Callable[..., Awaitable[Engine]],
) -> None:
    engine = await own_engine()
    own = Settings(database_url=engine.database_url, pool_size=1)
    async with open_pool(own) as pool:
        assert await _answers(pool)
        await engine.kill_database()
        for _ in range(2):
            with pytest.raises(UnavailableError):
                async with connected(pool, within=0.3) as connection:
                    await connection.execute("select 1")


async def test_moments_come_as_utc_whatever_zone_the_server_has(settings: Settings) -> None:
    zoned = make_conninfo(settings.database_url, options="-c timezone=Europe/Vienna")
    once = datetime(2025, 10, 26, 1, 30, tzinfo=UTC)
    opened = open_pool(msgspec.structs.replace(settings, database_url=zoned))
    async with opened as pool, pool.connection() as connection:
        cursor = await connection.execute("select %s::timestamptz", [once])
        # In Vienna, the hour comes twice, and Python calls its moments unequal to others.
        assert await cursor.fetchone() == (once,)
        assert str(connection.info.timezone) == "UTC"
