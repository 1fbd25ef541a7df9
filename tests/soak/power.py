"""Simulate that Redis' machine loses power: what was written but not synced is gone, or torn.

With `appendfsync always`, Redis answers a command only after its bytes are synced. So all bytes
that were in the append-only file when a caller had its answer are safe, and no later byte need be.
`SyncedMark` measures the file whenever a caller is answered; `cut_power` then, with Redis killed,
cuts the file at a random byte after the last mark, within a command more often than between two.
What it does not simulate: a disk that lies about syncing, and a database that loses power (its
processes are killed only; PostgreSQL's own guarantee is taken for granted).
"""

from __future__ import annotations

import os
import random
from pathlib import Path


def append_only_file(folder: Path) -> Path | None:
    """Return the file Redis appends to: the newest increment, or Redis 6's single file."""
    increments = sorted(
        folder.glob("appendonlydir/*.incr.aof"), key=lambda path: int(path.name.split(".")[-3])
    )
    single = folder / "appendonly.aof"
    return increments[-1] if increments else single if single.exists() else None


class SyncedMark:
    """How long the append-only file was when the last answer had come."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: Path | None = None
        self._size = 0

    def set(self) -> None:
        """Note the present length; everything acknowledged is before it."""
        self._file = append_only_file(self._folder)
        self._size = self._file.stat().st_size if self._file else 0

    def cut_power(self, chance: random.Random) -> int:
        """Cut the killed Redis' file somewhere after the mark; return how many bytes went."""
        file = append_only_file(self._folder)
        if file is None or file != self._file:
            return 0  # The file was rewritten since: where the safe part ends is not known.
        size = file.stat().st_size
        keep = chance.randint(min(self._size, size), size)
        os.truncate(file, keep)
        return size - keep
