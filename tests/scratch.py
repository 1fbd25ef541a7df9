"""Where tests keep their files: in memory, where there is room.

Engines and Redis sync what they write, as in production; a disk takes milliseconds each time. A
process that is killed loses nothing either way: what it wrote is the kernel's.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

IN_MEMORY = Path("/dev/shm")  # noqa: S108 - pytest makes a folder of its own there
ROOM = 4 << 30
"""Bytes that must be free."""


def choose() -> None:
    """Let pytest make its temporary folders in memory, unless told otherwise."""
    if IN_MEMORY.is_dir() and shutil.disk_usage(IN_MEMORY).free >= ROOM:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(IN_MEMORY))
