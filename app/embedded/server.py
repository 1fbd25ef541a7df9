"""What both embedded servers are: a child process that holds the lock of its part of a folder."""

from __future__ import annotations

from pathlib import Path

from app.embedded.child import Child
from app.embedded.errors import EmbeddedError
from app.embedded.folder_lock import FolderLock

STOP_WITHIN = 20.0


class EmbeddedServer:
    """One embedded server on a data folder; it can be started again on the same port."""

    name: str

    def __init__(self, data: Path, *, port: int) -> None:
        self.data = data
        self.port = port
        self._lock: FolderLock | None = None
        self._child: Child | None = None

    async def locked(self) -> FolderLock:
        """Return the lock, held until the server is stopped. Raises EmbeddedError."""
        if self._lock is None:
            self._lock = await FolderLock.acquire(self.data, self.name)
        return self._lock

    def running(self) -> Child:
        """Return the server's process. Raises EmbeddedError where there is none."""
        if self._child is None:
            raise EmbeddedError(f"{self.name} is not running")
        return self._child

    async def wait(self) -> int:
        """Wait until the server has ended, and return its exit code."""
        return await self.running().wait()

    async def stop(self) -> None:
        """Stop the server cleanly, by force if it takes too long, and release its folder."""
        if self._child is not None:
            await self._child.stop(STOP_WITHIN)
            self._child = None
        if self._lock is not None:
            self._lock.release()
            self._lock = None
