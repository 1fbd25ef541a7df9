"""Where the `make run` of a folder is: written while it runs, and read by other commands."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

DATA = Path(".groundswell")
"""The data folder that `make run` takes where none is named."""
_FILE = "running.json"


class Running(msgspec.Struct, frozen=True, kw_only=True):
    """What commands need to reach it."""

    url: str
    """Of its API."""
    database_url: str
    redis_url: str
    admin_key: str


@contextmanager
def announced(data: Path, running: Running) -> Iterator[None]:
    """Let `find_running` find it for as long as the block, and this process, lives.

    The file is locked, and readable by its owner only: what a killed process left behind is not
    taken for a running one. It goes however the block ends, as it has a key.
    """
    data.mkdir(parents=True, exist_ok=True)
    path = data / _FILE
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        # One that was there, from a backup say, has the rights it came with.
        os.fchmod(descriptor, 0o600)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, msgspec.json.encode(running), 0)
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(descriptor)


def find_running(data: Path = DATA) -> Running | None:
    """Return what runs on the folder `data`; None where nothing does, or it cannot be read.

    What somebody else put there is not taken: it would send our commands to a database of theirs.
    """
    with suppress(OSError, msgspec.MsgspecError):
        descriptor = os.open(data / _FILE, os.O_RDONLY)
        try:
            if os.fstat(descriptor).st_uid != os.geteuid():
                return None
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return msgspec.json.decode(os.pread(descriptor, 1 << 16, 0), type=Running)
        finally:
            os.close(descriptor)
    return None
