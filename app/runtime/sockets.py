"""What a server that cannot say it leaves to the system: its files, its connections, its limits."""

from __future__ import annotations

import os
import resource
import socket
import threading
import time
from contextlib import suppress
from pathlib import Path

_TABLES = (Path("/proc/self/net/tcp"), Path("/proc/self/net/tcp6"))
_ESTABLISHED = "01"
_FILES = Path("/proc/self/fd")
_LOOK_EVERY = 0.1


def raise_file_limit() -> int:
    """Let this process and its children open as many files as it may, and return how many."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = 65_536 if hard == resource.RLIM_INFINITY else hard
    if soft != resource.RLIM_INFINITY and soft < most:
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
            return most
    return most if soft == resource.RLIM_INFINITY else soft


def are_connected(port: int) -> bool:
    """Return whether anybody is connected to `port` of this machine; false where none can tell."""
    for table in _TABLES:
        with suppress(OSError):
            for line in table.read_text("ascii").splitlines()[1:]:
                _, local, _, state, *_ = line.split()
                if state == _ESTABLISHED and int(local.rpartition(":")[2], 16) == port:
                    return True
    return False


def limit_unread(seconds: float) -> None:
    """Let the system cut off callers who leave what they were sent unread for so long.

    It is an option of the listening sockets of this process that their connections take over. A
    thread waits for them: the server makes them only once its application has started.
    """
    if hasattr(socket, "TCP_USER_TIMEOUT") and _FILES.is_dir():
        threading.Thread(target=_limit, args=(seconds,), daemon=True, name="unread").start()


def _limit(seconds: float) -> None:
    while not (listening := _listening()):
        time.sleep(_LOOK_EVERY)
    for listener in listening:
        with listener:
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(seconds * 1_000))


def _listening() -> list[socket.socket]:
    """Return doubles of the listening TCP sockets of this process."""
    found = []
    for file in _FILES.iterdir():
        with suppress(OSError):
            if not str(file.readlink()).startswith("socket:"):
                continue
            one = socket.socket(fileno=os.dup(int(file.name)))
            if one.family in {socket.AF_INET, socket.AF_INET6} and one.getsockopt(
                socket.SOL_SOCKET, socket.SO_ACCEPTCONN
            ):
                found.append(one)
            else:
                one.close()
    return found
