"""What a server that we call asks for by `Retry-After` (RFC 9110)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_SECONDS = re.compile(r"[0-9]{1,18}(?:\.[0-9]{1,18})?", re.ASCII)


def seconds_asked(header: str | None, *, now: datetime) -> float | None:
    """Return the seconds to wait, 0 or more, of a header: a number of them, or a date.

    None where there is no header, or nothing that can be understood. The caller bounds it.
    """
    text = (header or "").strip()
    if _SECONDS.fullmatch(text):
        return float(text)
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    # A date whose zone is unknown ("-0000") comes without one.
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max(0.0, (until - now).total_seconds())
