"""What the doctor finds."""

from __future__ import annotations

from typing import Literal

from app.http.wire import Wire

Verdict = Literal["ok", "warn", "fail"]


class Finding(Wire, frozen=True, kw_only=True):
    """One thing that was looked at."""

    what: str
    """What was looked at."""
    verdict: Verdict
    """`warn` works, but will not for long or not as well; `fail` does not."""
    says: str
    """What was found."""
    mend: str | None = None
    """What to do about it; null where nothing is wrong."""
