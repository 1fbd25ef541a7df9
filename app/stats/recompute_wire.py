"""The JSON shapes of rebuilding stats from raw events."""

from __future__ import annotations

import datetime as dt
from typing import Literal

import msgspec

from app.http.wire import Name, Wire

Period = Literal["daily", "monthly"]


class RecomputeIn(Wire, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The day or month whose stats are to be rebuilt."""

    period: Period
    """`daily` or `monthly`."""
    date: str | None = None
    """The day (`2026-03-14`), or the month (`2026-03`); today, or this month, where absent."""
    zone: Name = "UTC"
    """IANA time zone whose day or month it is."""


class Recompute(Wire, frozen=True, kw_only=True):
    """A day or month that is, will be or was rebuilt from raw events."""

    recompute_id: int
    """Its number."""
    period: Period
    """`daily` or `monthly`."""
    zone: str
    """IANA time zone whose day or month it is."""
    from_: dt.datetime = msgspec.field(name="from")
    """Its first moment."""
    to: dt.datetime
    """The first moment after it."""
    status: Literal["waiting", "running", "done", "failed"]
    """How it goes."""
    items_touched: int | None
    """Items with events in it (in its days in UTC); null until it is done."""
    items_mended: int | None
    """Those of them whose counts were not those of the raw events."""
    requested_at: dt.datetime
    """When it was asked for."""
    finished_at: dt.datetime | None
    """When it ended; null until then."""
    error: str | None
    """Why it failed; null otherwise."""
