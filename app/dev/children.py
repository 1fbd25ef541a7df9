"""Runs one `groundswell` command as a child process that can be watched like a server."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from app.embedded import tether
from app.embedded.supervise import RestartPolicy, watch
from app.errors import ServiceError

STOP_SECONDS = 8.0
"""How long a child may take to stop after SIGTERM before it is killed."""
POLICY = RestartPolicy()
_LONGEST_LINE = 1 << 20


class CommandChild:
    """A `groundswell` command in a process of its own; its output goes to `say` by lines.

    It is tied to this process by its standard input, so that it ends even when this one is killed,
    and has a session of its own, so that Ctrl-C reaches this one only.
    """

    def __init__(
        self,
        name: str,
        arguments: Sequence[str],
        *,
        environment: Mapping[str, str],
        say: Callable[[str, str], None],
    ) -> None:
        self.name = name
        self._arguments = arguments
        self._environment = dict(environment)
        self._say = say
        self._process: asyncio.subprocess.Process | None = None
        self._lines: asyncio.Task[None] | None = None

    async def run(self, policy: RestartPolicy = POLICY) -> None:
        """Run until cancelled, then stop it; a crash is followed by a new start.

        Raises `ServiceError` once it has crashed too often.
        """
        try:
            await self.start()
            raise ServiceError(await watch(self, policy))
        finally:
            await self.stop()

    async def start(self) -> None:
        """Start the command; it may not be ready yet."""
        command = (sys.executable, "-m", "app", *self._arguments)
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-I",
            "-S",
            str(Path(tether.__file__)),
            *command,
            env=self._environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
            limit=_LONGEST_LINE,
        )
        self._lines = asyncio.create_task(self._pass_on(self._process.stdout))

    async def wait(self) -> int:
        """Wait until it has ended, and return its exit code."""
        if self._process is None:
            raise ServiceError(f"the {self.name} was never started")
        code = await self._process.wait()
        if self._lines:
            await self._lines
        return code

    async def stop(self) -> None:
        """Send SIGTERM, and SIGKILL if that does not end it in time."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(self.wait(), STOP_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()

    async def _pass_on(self, output: asyncio.StreamReader | None) -> None:
        while output and (line := await output.readline()):
            self._say(self.name, line.decode(errors="replace").rstrip())
