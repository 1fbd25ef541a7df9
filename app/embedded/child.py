"""A server running as a child process: its log lines are passed on, and it dies with its parent."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import structlog

from app.embedded.errors import EmbeddedError

LAST_LINES = 20
LINE_LIMIT = 1 << 20

log = structlog.get_logger(__name__)


class Child:
    """A child process that ends when its standard input does."""

    def __init__(self, name: str, process: asyncio.subprocess.Process) -> None:
        self.name = name
        self.process = process
        self.last_lines: deque[str] = deque(maxlen=LAST_LINES)
        self._stopping = False
        self._pumps: list[asyncio.Task[None]] = []

    @classmethod
    async def start(
        cls,
        name: str,
        command: Sequence[str],
        *,
        pass_fds: Sequence[int] = (),
        cwd: Path,
        environment: Mapping[str, str] | None = None,
    ) -> Child:
        """Start `command` in a session of its own, so that Ctrl-C reaches its parent only."""
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            pass_fds=pass_fds,
            start_new_session=True,
            limit=LINE_LIMIT,
            cwd=cwd,
            env=environment,
        )
        return cls(name, process)

    def pass_on(self, stream: asyncio.StreamReader | None, write: Callable[[str], None]) -> None:
        """Hand every line of `stream` to `write` until it ends."""
        if stream is not None:
            self._pumps.append(asyncio.create_task(self._pump(stream, write)))

    async def _pump(self, stream: asyncio.StreamReader, write: Callable[[str], None]) -> None:
        while line := await stream.readline():
            text = line.decode(errors="replace").rstrip()
            self.last_lines.append(text)
            write(text)

    async def wait(self) -> int:
        """Wait until the process has ended and everything it said was passed on."""
        code = await self.process.wait()
        await asyncio.gather(*self._pumps, return_exceptions=True)
        return code

    async def stop(self, within: float) -> None:
        """End the process: SIGTERM, and SIGKILL if it is still there after `within` seconds."""
        if self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self.process.terminate()
        try:
            await asyncio.wait_for(self.process.wait(), within)
        except TimeoutError:
            log.warning("killed: it did not stop in time", service=self.name, seconds=within)
            with contextlib.suppress(ProcessLookupError):
                self.process.kill()
        await self.wait()

    def failure(self, what: str) -> EmbeddedError:
        """Describe a failed start with the last thing the process said."""
        last = self.last_lines[-1] if self.last_lines else "it said nothing"
        return EmbeddedError(f"{self.name} {what}: {last}")


def free_port() -> int:
    """Return a TCP port of the loopback address that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
