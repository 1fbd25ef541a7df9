"""Runs a command for as long as standard input is open: `python tether.py COMMAND…`.

For servers that would outlive a parent killed with SIGKILL. Imports nothing of the project, so that
it starts in a few milliseconds with `python -I -S`.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

STOP_WITHIN = 15.0


def main(command: list[str]) -> int:
    """Run `command` until it ends or its parent is gone; return its exit code."""
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL)  # noqa: S603

    def end(*_: object) -> None:
        child.terminate()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_stdin, args=(child,), daemon=True).start()
    code = child.wait()
    return code if code >= 0 else 128 - code


def _end_with_stdin(child: subprocess.Popen[bytes]) -> None:
    while os.read(sys.stdin.fileno(), 1024):
        pass
    child.terminate()
    try:
        child.wait(STOP_WITHIN)
    except subprocess.TimeoutExpired:
        child.kill()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
