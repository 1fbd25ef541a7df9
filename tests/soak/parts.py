"""The processes under test, as they run in production: one API, two workers."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import IO


class Part:
    """One `groundswell …` process with its children, in a group that takes signals as one."""

    def __init__(self, name: str, arguments: list[str], environment: dict[str, str], log: Path):
        self.name = name
        self._arguments = arguments
        self._environment = environment
        self._log = log
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start the process; it need not be ready on return."""
        log: IO[bytes] = await asyncio.to_thread(self._log.open, "ab")
        try:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "app",
                *self._arguments,
                env={**os.environ, **self._environment},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        finally:
            log.close()

    @property
    def pid(self) -> int:
        """The process, which leads a session of its own."""
        assert self._process is not None
        return self._process.pid

    def signal(self, number: int) -> None:
        """Send a signal to the process and its children."""
        assert self._process is not None
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)

    async def kill(self) -> None:
        """End it as `kill -9` does."""
        self.signal(signal.SIGKILL)
        assert self._process is not None
        await self._process.wait()

    @property
    def crashed(self) -> bool:
        """Whether it has ended by itself."""
        return self._process is not None and self._process.returncode is not None


def make_parts(environment: dict[str, str], folder: Path) -> tuple[Part, list[Part]]:
    """Return the API and the workers, not started."""
    api = Part("api", ["serve"], environment, folder / "api.log")
    workers = [
        Part(f"worker {number}", ["worker"], environment, folder / f"worker{number}.log")
        for number in (1, 2)
    ]
    return api, workers
