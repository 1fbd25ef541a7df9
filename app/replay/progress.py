"""Shows how far a long command is: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Self, TextIO

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)

_LINE_EVERY = 5.0


class ProgressReport:
    """Counts `advance` calls up to `total`, on standard error; a context manager."""

    def __init__(self, label: str, total: int, *, bar: bool = True) -> None:
        self._label = label
        self._total = total
        self._stream: TextIO = sys.stderr
        self._done = 0
        self._next_line = time.monotonic() + _LINE_EVERY
        self._bar: Progress | None = None
        if bar and self._stream.isatty():
            self._bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeRemainingColumn(),
                console=Console(stderr=True),
            )
            self._task = self._bar.add_task(label, total=total)

    def advance(self, amount: int) -> None:
        """Add `amount` to what is done."""
        self._done += amount
        if self._bar:
            self._bar.advance(self._task, amount)
        elif time.monotonic() >= self._next_line:
            self._next_line = time.monotonic() + _LINE_EVERY
            self.note(f"{self._label}: {self._done:,} of {self._total:,}")

    def note(self, text: str) -> None:
        """Print a line without disturbing the bar."""
        if self._bar:
            self._bar.console.print(text, highlight=False, markup=False)
        else:
            print(text, file=self._stream, flush=True)

    def __enter__(self) -> Self:
        if self._bar:
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._bar:
            self._bar.stop()
