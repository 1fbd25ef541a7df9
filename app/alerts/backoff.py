"""When a webhook that failed is tried again."""

from __future__ import annotations

from datetime import timedelta

FIRST_SECONDS = 5.0
FACTOR = 3.0
LONGEST_SECONDS = 6 * 3_600.0
JITTER = 0.2
"""Up to this part is added or taken away, so that what failed together is not tried together."""


def pause_after(attempt: int, *, chance: float) -> timedelta:
    """Return the pause after a failed try, counted from 1; `chance` is random, from 0 to 1.

    Eleven pauses, between the twelve tries of `core.alert_policy`, are 22 hours and a half.
    """
    seconds = min(LONGEST_SECONDS, FIRST_SECONDS * FACTOR ** min(attempt - 1, 16))
    return timedelta(seconds=seconds * (1 + JITTER * (2 * chance - 1)))
