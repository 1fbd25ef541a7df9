"""The embedded TimescaleDB: a WebAssembly PostgreSQL behind a gateway that many clients can use."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import structlog

from app.embedded.child import Child
from app.embedded.errors import EmbeddedError
from app.embedded.folder_lock import FolderLock
from app.embedded.node import GATEWAY, ensure_gateway
from app.embedded.server import EmbeddedServer

NAME = "timescaledb"
DATABASE = "postgres"
# A new folder takes about 4 s; replaying the log after a crash may take longer.
START_WITHIN = 120.0
# PostgreSQL's max_stack_depth must be reached before this: a deep recursion is then an error, not
# a crash. The usual limit of the operating system is 8 MB.
NODE_STACK_KB = 3900

log = structlog.get_logger(__name__)


class EmbeddedTimescaledb(EmbeddedServer):
    """One embedded TimescaleDB on a data folder; it can be started again on the same port."""

    name = NAME

    def __init__(
        self, data: Path, *, port: int = 0, idle_timeout: float = 60.0, copy_limit_mb: int = 512
    ) -> None:
        """Prepare a server on the folder `data`; port 0 is any free one.

        A client that is idle in a transaction keeps all others waiting, so after `idle_timeout`
        seconds it is rolled back and disconnected (0 is never).
        """
        super().__init__(data, port=port)
        self._idle_timeout = idle_timeout
        self._copy_limit_mb = copy_limit_mb

    @property
    def url(self) -> str:
        """The server's address for any PostgreSQL client."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{DATABASE}"

    @property
    def process(self) -> asyncio.subprocess.Process:
        """The gateway's process."""
        return self.running().process

    async def start(self) -> None:
        """Start the server and wait until it takes clients. Raises EmbeddedError."""
        node = await ensure_gateway()
        lock = await self.locked()
        try:
            self._child = await self._start_gateway(node.node, lock)
            await asyncio.wait_for(self._ready(self._child), START_WITHIN)
        except TimeoutError:
            await self.stop()
            raise EmbeddedError(f"{NAME} was not ready within {START_WITHIN:.0f} s") from None
        except BaseException:
            await self.stop()
            raise

    async def _start_gateway(self, node: tuple[str, ...], lock: FolderLock) -> Child:
        options = {
            "data": str((self.data / "pgdata").resolve()),
            "port": str(self.port),
            "idle-timeout-ms": str(int(self._idle_timeout * 1000)),
            "copy-limit-mb": str(self._copy_limit_mb),
        }
        flags = [f"--{name}={value}" for name, value in options.items()]
        command = [*node, f"--stack-size={NODE_STACK_KB}", str(GATEWAY / "gateway.mjs"), *flags]
        child = await Child.start(NAME, command, pass_fds=(lock.fd,), cwd=GATEWAY)
        child.pass_on(child.process.stderr, _log_line)
        return child

    async def _ready(self, child: Child) -> None:
        stdout = child.process.stdout
        line = await stdout.readline() if stdout is not None else b""
        if not line:
            code = await child.wait()
            raise child.failure(f"did not start (exit code {code})")
        self.port = json.loads(line)["port"]
        child.pass_on(stdout, _log_line)


@asynccontextmanager
async def embedded_timescaledb(data: Path, *, port: int = 0) -> AsyncIterator[EmbeddedTimescaledb]:
    """Run an embedded TimescaleDB on the folder `data`; stop it cleanly at the end."""
    server = EmbeddedTimescaledb(data, port=port)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


def copy_data(source: Path, target: Path) -> None:
    """Copy the data folder of a cleanly stopped server: a new server starts from it at once."""
    lock = FolderLock(source, NAME)
    try:
        shutil.copytree(source / "pgdata", target / "pgdata")
    finally:
        lock.release()


def _log_line(line: str) -> None:
    log.info(line.removeprefix("gateway: "), service=NAME)
