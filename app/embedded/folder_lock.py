"""Keeps two servers off one data folder."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from app.embedded.errors import EmbeddedError


class FolderLock:
    """A lock on a folder, held by the operating system for as long as a holder lives.

    The file descriptor is inherited by the server's process: the lock is gone once both it and
    this process are, by whatever death.
    """

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
