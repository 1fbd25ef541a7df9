"""Metrics of several API processes: each writes its own into one folder, and any can read all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
"""Must be set before anything imports prometheus_client, in every process."""


@contextmanager
def metrics_folder(*, workers: int) -> Iterator[None]:
    """Name an empty folder for the metrics of `workers` processes started inside; one needs none.

    A folder named by the environment is emptied of the metrics of earlier processes.
    """
    given = os.environ.get(VARIABLE)
    if given:
        folder = Path(given)
        folder.mkdir(parents=True, exist_ok=True)
        for file in folder.glob("*.db"):
            file.unlink()
        yield
    elif workers == 1:
        yield
    else:
        with tempfile.TemporaryDirectory(prefix="groundswell-metrics-") as made:
            os.environ[VARIABLE] = made
            try:
                yield
            finally:
                del os.environ[VARIABLE]


def forget_dead_processes() -> None:
    """Take the gauges of processes that have ended out of the sum; what they counted stays."""
    folder = os.environ.get(VARIABLE)
    if folder:
        for file in Path(folder).glob("gauge_live*_*.db"):
            if not _lives(int(file.stem.rpartition("_")[2])):
                file.unlink(missing_ok=True)


def _lives(process_id: int) -> bool:
    with suppress(ProcessLookupError):
        os.kill(process_id, 0)
        return True
    return False
