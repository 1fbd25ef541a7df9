"""Keeps two servers off one data folder."""

from __future__ import annotations

import asyncio
import fcntl
import os
import time
from pathlib import Path

from app.embedded.errors import EmbeddedError


class FolderLock:
    """A lock on a folder, held by the operating system for as long as a holder lives.

    The file descriptor is inherited by the server's process: the lock is gone once both it and
    this process are, by whatever death.
    """

    # A server whose parent was killed may be about to stop.
    patience = 3.0

    @classmethod
    async def acquire(cls, folder: Path, name: str) -> FolderLock:
        """Lock the folder, after a moment for a holder that may be stopping."""
        deadline = time.monotonic() + cls.patience
        while True:
            try:
                return cls(folder, name)
            except EmbeddedError:
                if time.monotonic() > deadline:
                    raise
            await asyncio.sleep(0.05)

    def __init__(self, folder: Path, name: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{name}.lock"
        self.fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self.fd)
            raise EmbeddedError(f"{name} is already running on the folder {folder}") from None

    def release(self) -> None:
        """Give the lock up."""
        os.close(self.fd)
