"""A worker that no server lets in ends at once and says why; one that is down it waits for."""

from __future__ import annotations

import asyncio
import os
import sys
from urllib.parse import urlsplit

import msgspec
from redis.asyncio import Redis

from app.embedded.child import free_port
from app.runtime.first_login import database_lets_in, redis_lets_in
from app.settings import Settings


async def told_by_worker(settings: Settings) -> tuple[int | None, str]:
    """Return how `groundswell worker` ends, and its last line."""
    worker = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "app", "worker",
        env={
            **os.environ,
            "DATABASE_URL": settings.database_url,
            "REDIS_URL": settings.redis_url,
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        async with asyncio.timeout(40):
            _, errors = await worker.communicate()
    finally:
        if worker.returncode is None:
            worker.kill()
    return worker.returncode, errors.decode().splitlines()[-1]


async def test_a_role_that_the_database_does_not_know(settings: Settings) -> None:
    parts = urlsplit(settings.database_url)
    nobody = parts._replace(netloc=f"nobody:wrong@{parts.hostname}:{parts.port}").geturl()
    code, told = await told_by_worker(msgspec.structs.replace(settings, database_url=nobody))
    assert told.startswith("groundswell: the database does not let this process in: ")
    assert "of DATABASE_URL" in told
    assert code == 1


async def test_a_password_that_redis_does_not_take(settings: Settings, redis: Redis) -> None:
    await redis.acl_setuser("own", enabled=True, passwords=["+right"], commands=["+@all"])
    try:
        parts = urlsplit(settings.redis_url)
        wrong = parts._replace(netloc=f"own:wrong@{parts.hostname}:{parts.port}").geturl()
        code, told = await told_by_worker(msgspec.structs.replace(settings, redis_url=wrong))
        assert told.startswith("groundswell: Redis does not let this process in: ")
        assert told.endswith("it refuses the user or the password of REDIS_URL")
        assert code == 1
    finally:
        await redis.acl_deluser("own")


async def test_servers_that_are_down_are_waited_for_until_it_is_stopped() -> None:
    stop = asyncio.Event()
    own = Settings(database_url=f"postgresql://postgres@127.0.0.1:{free_port()}/nowhere")
    async with Redis(port=free_port()) as redis, asyncio.timeout(10):
        waiting = [
            asyncio.create_task(database_lets_in(own, stop)),
            asyncio.create_task(redis_lets_in(redis, stop)),
        ]
        done, _ = await asyncio.wait(waiting, timeout=0.5)
        assert not done
        stop.set()
        await asyncio.gather(*waiting)


async def test_who_is_let_in_goes_on(settings: Settings, redis: Redis) -> None:
    async with asyncio.timeout(10):
        await database_lets_in(settings, asyncio.Event())
        await redis_lets_in(redis, asyncio.Event())
