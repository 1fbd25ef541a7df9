"""A Redis of a test's own, which can be killed."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from app.embedded import EmbeddedRedis


class KillableRedis(EmbeddedRedis):
    """The embedded Redis, which `kill` ends without a warning."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        super().__init__(folder)

    async def kill(self) -> None:
        """End it as `kill -9` does; `start` brings it back on the same port."""
        child = self._running()
        # Its own session: the process that ties it to this one, and redis-server.
        os.killpg(child.process.pid, signal.SIGKILL)
        await child.wait()
