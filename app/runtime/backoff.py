"""How long to wait before the next try: the one back-off of everything that tries again."""

from __future__ import annotations

import random
from collections.abc import Callable

import msgspec


class Backoff(msgspec.Struct, frozen=True, kw_only=True):
    """Pauses that grow by `factor` from `shortest` to `longest` seconds.

    Up to the part `jitter` of each is added or taken away, so that what failed together is not
    tried together.
    """

    shortest: float
    longest: float
    factor: float = 2.0
    jitter: float = 0.2

    def pause(self, tries: int, *, chance: Callable[[], float] = random.random) -> float:
        """Return the seconds to wait after so many failed tries; `chance` is random, 0 to 1."""
        grown = self.shortest * self.factor ** min(tries - 1, 32)
        return min(self.longest, grown) * (1 + self.jitter * (2 * chance() - 1))
