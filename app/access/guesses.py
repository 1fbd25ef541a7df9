"""Wrong keys by client address: few are mistakes, many are guesses, which are refused unread."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import NamedTuple

import structlog

from app.access.errors import TooManyGuessesError

MOST = 10
"""Wrong keys of one client in one period after which no more are looked at."""
PERIOD_SECONDS = 60.0
_MOST_CLIENTS = 10_000

log = structlog.get_logger(__name__)


class _Wrong(NamedTuple):
    """How many wrong keys came since when."""

    since: float
    number: int


class Guesses:
    """The wrong keys that one process was shown lately; `clock` is monotonic seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._wrong: dict[str, _Wrong] = {}

    def check(self, client: str) -> None:
        """Raise `TooManyGuessesError` for a client that has shown too many."""
        wrong = self._of(client)
        if wrong.number >= MOST:
            left = wrong.since + PERIOD_SECONDS - self._clock()
            raise TooManyGuessesError(
                f"{MOST} wrong keys came from this client", retry_after=max(1, math.ceil(left))
            )

    def note(self, client: str) -> None:
        """Count a wrong key."""
        wrong = self._of(client)
        # The oldest go first, so that nobody is forgotten who has just begun.
        self._wrong.pop(client, None)
        while len(self._wrong) >= _MOST_CLIENTS:
            del self._wrong[next(iter(self._wrong))]
        self._wrong[client] = _Wrong(wrong.since, wrong.number + 1)
        if wrong.number + 1 in {1, MOST}:
            log.warning("wrong key", client=client, wrong_keys=wrong.number + 1)

    def _of(self, client: str) -> _Wrong:
        now = self._clock()
        wrong = self._wrong.get(client)
        if wrong is None or now - wrong.since >= PERIOD_SECONDS:
            return _Wrong(now, 0)
        return wrong
