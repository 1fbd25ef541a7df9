"""How much waits in a stream to be written, and for how long."""

from __future__ import annotations

import time
from typing import Any, NamedTuple

from redis.asyncio.client import Pipeline

QUESTIONS = 3
"""How many answers `ask_waiting` adds to those of its pipeline."""


class Waiting(NamedTuple):
    """What waits in one stream."""

    entries: int
    size: int
    """Bytes of Redis's memory, as Redis estimates them."""
    seconds: float
    """Age of the oldest entry, 0 where none waits."""
    most: int = 0
    """Bytes that Redis may take for everything, 0 where it has no limit."""


def ask_waiting(pipeline: Pipeline, stream: str) -> None:
    """Add to `pipeline` what `read_waiting` reads the answers of."""
    pipeline.xlen(stream)
    pipeline.memory_usage(stream)
    pipeline.xrange(stream, count=1)


def read_waiting(answers: list[Any]) -> Waiting:
    """Return what the answers to `ask_waiting` say."""
    entries, size, oldest = answers
    # An entry's id begins with the milliseconds since 1970 at which it came in.
    seconds = time.time() - int(oldest[0][0].partition(b"-")[0]) / 1_000 if oldest else 0.0
    return Waiting(entries, size or 0, max(0.0, seconds))
