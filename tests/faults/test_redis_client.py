"""Whatever becomes of a connection to Redis, it is an error of Redis."""

from __future__ import annotations

import asyncio

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from app.runtime.redis_client import open_redis
from app.settings import Settings

uvloop = pytest.importorskip("uvloop", reason="this platform has no uvloop")


def test_a_connection_that_is_closed_under_a_command(settings: Settings) -> None:
    """As when Redis dies just after the connection was made; granian runs on uvloop."""

    async def use() -> None:
        async with open_redis(settings) as client:
            await client.ping()
            connection = await client.connection_pool.get_connection()  # type: ignore[no-untyped-call]  # redis-py forgot
            assert connection._writer is not None
            connection._writer.transport.abort()
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            with pytest.raises(RedisConnectionError, match="closed"):
                await connection.send_command("PING")
            await client.connection_pool.release(connection)
            assert await client.ping()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(use())


@pytest.mark.parametrize(
    "url", ["rediss://127.0.0.1:1/0", "unix:///nowhere/redis.sock", "redis://127.0.0.1:1/0"]
)
async def test_each_kind_of_address_says_that_nobody_answers(url: str) -> None:
    async with open_redis(Settings(redis_url=url)) as client:
        with pytest.raises(RedisConnectionError):
            await client.ping()
