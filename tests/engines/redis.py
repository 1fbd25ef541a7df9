"""A Redis of a test's own, which can be killed."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path

import redis.asyncio

from app.embedded import EmbeddedRedis
from app.embedded.redis import Fsync


class KillableRedis(EmbeddedRedis):
    """The embedded Redis, which `kill` ends without a warning."""

    def __init__(self, folder: Path, *, fsync: Fsync = "everysec") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        super().__init__(folder, fsync=fsync)

    @property
    def pid(self) -> int:
        """The process that ties redis-server to this one; both are in its session."""
        return self.running().process.pid

    def signal(self, number: int) -> None:
        """Send a signal to its group: redis-server, and the process that ties it to this one."""
        with suppress(ProcessLookupError):
            os.killpg(self.running().process.pid, number)

    async def heal(self) -> None:
        """Wake or start it, and let nothing but its port be as it was left."""
        self.signal(signal.SIGCONT)
        if self.running().process.returncode is not None:
            await self.start()
        async with redis.asyncio.Redis.from_url(self.url, protocol=2) as client:
            await client.flushall()
            await client.config_set("maxmemory", 0)

    async def kill(self) -> None:
        """End it as `kill -9` does; `start` brings it back on the same port."""
        self.signal(signal.SIGKILL)
        await self.running().wait()
