"""What a command shows while it works for longer than people wait without asking themselves why."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import click

QUIET_SECONDS = 2.0
"""Whoever waits for less is told nothing."""
LINE_SECONDS = 10.0
"""How often a line is written where there is no terminal."""


@contextmanager
def waiting(
    what: str, *, quiet: float = QUIET_SECONDS, every: float = LINE_SECONDS
) -> Iterator[None]:
    """Say on standard error that `what` goes on, once it takes longer than `quiet` seconds.

    Where that is no terminal, a line is written `every` so many seconds.
    """
    ended = threading.Event()
    teller = threading.Thread(target=_tell, args=(what, ended, quiet, every), daemon=True)
    teller.start()
    try:
        yield
    finally:
        ended.set()
        teller.join()


def _tell(what: str, ended: threading.Event, quiet: float, every: float) -> None:
    begun = time.monotonic()
    if sys.stderr.isatty():
        if ended.wait(quiet):
            return
        from rich.console import Console  # noqa: PLC0415 - most commands need none
        from rich.text import Text  # noqa: PLC0415

        with Console(stderr=True).status(Text(f"{what} …")):
            ended.wait()
        return
    while not ended.wait(every):
        click.echo(f"{what} … {time.monotonic() - begun:.0f} s", err=True)
