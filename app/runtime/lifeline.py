"""Ends a process whose parent has died, so that a killed server leaves nothing behind."""

from __future__ import annotations

import os
import signal
import threading
import time

_LOOK_EVERY = 1.0


def end_with_parent() -> None:
    """Send SIGTERM to this process within a second after its parent is gone."""
    parent = os.getppid()
    threading.Thread(target=_watch, args=(parent,), daemon=True, name="lifeline").start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_LOOK_EVERY)
    os.kill(os.getpid(), signal.SIGTERM)
