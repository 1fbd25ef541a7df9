"""Moments as whole microseconds since 1970, which cursors, streams and Redis hold."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST = -62_135_596_800_000_000
"""The first microsecond of the year 1."""
LAST = 253_402_300_799_999_999
"""The last microsecond of the year 9999."""
_MICROSECOND = timedelta(microseconds=1)


def unix_microseconds() -> int:
    """Return the time by this machine's clock."""
    return time.time_ns() // 1_000


def microseconds(moment: datetime) -> int:
    """Return a moment in microseconds since 1970, exactly."""
    return (moment - EPOCH) // _MICROSECOND


def moment_of(microseconds: int) -> datetime:
    """Return the moment, in UTC; raises `OverflowError` beyond the years 1 to 9999."""
    return EPOCH + microseconds * _MICROSECOND
