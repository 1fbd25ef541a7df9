"""Parameters that mean a list of a ranking."""

from __future__ import annotations

import re
from datetime import timedelta

from app.errors import BadRequestError
from app.rankings.pages import stored_segment

MAX_NAME = 200
MAX_SINCE = timedelta(days=90)
"""Older runs are not kept."""

_LENGTH = re.compile(r"([1-9][0-9]{0,5})([mhd])", re.ASCII)
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def parse_segment(text: str) -> str:
    """Return the stored name of a segment; empty for the whole list."""
    if not text:
        return ""
    stored = stored_segment(text)
    if stored is None or len(text.partition(":")[2]) > MAX_NAME:
        raise BadRequestError(
            f"segment: {text[:100]!r} is none; use category:…, contentType:…, creator:… or "
            f"language:…, and at most {MAX_NAME} characters"
        )
    return stored


def parse_since(text: str) -> timedelta:
    """Return how far back, from a minute to 90 days."""
    match = _LENGTH.fullmatch(text)
    length = timedelta(**{_UNITS[match[2]]: int(match[1])}) if match else timedelta(0)
    if not timedelta(0) < length <= MAX_SINCE:
        raise BadRequestError(f"since: {text[:100]!r} is none of 1m to 90d, such as 90m, 24h or 7d")
    return length
