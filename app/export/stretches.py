"""Cutting an export into files: a day each, or a month of daily counts, in UTC."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple


class Stretch(NamedTuple):
    """What one file holds: from `since` on, before `until`."""

    name: str
    """Such as `2026-11-26`, or `2026-11` for a month."""
    since: datetime
    until: datetime


def stretches(since: datetime, until: datetime, *, months: bool) -> Iterator[Stretch]:
    """Yield the days or months from `since` to `until`, the first and the last cut to them."""
    since, until = since.astimezone(UTC), until.astimezone(UTC)
    if since >= until:
        return
    start = since.replace(hour=0, minute=0, second=0, microsecond=0)
    if months:
        start = start.replace(day=1)
    while start < until:
        following = start + timedelta(days=32 if months else 1)
        if months:
            following = following.replace(day=1)
        name = start.strftime("%Y-%m" if months else "%Y-%m-%d")
        yield Stretch(name, max(start, since), min(following, until))
        start = following
