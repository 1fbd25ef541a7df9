"""Query parameters of lists, each checked by a function that names it when it is wrong."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Annotated

from litestar.params import QueryParameter

from app.errors import BadRequestError
from app.http.names import check_names
from app.rankings.hot_path import MAX_LIMIT, WINDOWS
from app.rankings.pages import stored_segment
from app.rankings.wire import Window

MAX_NAME = 200
MAX_SINCE = timedelta(days=90)
"""Older runs are not kept."""

PageLimit = Annotated[
    str,
    QueryParameter(
        name="limit",
        description="How many to return.",
        schema_extra={"type": "integer", "minimum": 1, "maximum": MAX_LIMIT},
    ),
]
"""For `parse_limit`."""
PageCursor = Annotated[
    str | None, QueryParameter(name="cursor", description="`nextCursor` of the page before.")
]

_LENGTH = re.compile(r"([1-9][0-9]{0,5})([mhd])", re.ASCII)
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
_LOST_PLUS = re.compile(r" (?=[0-9]{2}:?[0-9]{2}$)", re.ASCII)


def parse_window(text: str) -> Window:
    """Return the window, or raise `BadRequestError` naming the allowed ones."""
    for window in WINDOWS:
        if text == window:
            return window
    raise BadRequestError(f"window: {text!r} is none of {', '.join(WINDOWS)}")


def parse_limit(text: str, *, most: int = MAX_LIMIT) -> int:
    """Return the limit, or raise `BadRequestError` naming its bounds."""
    limit = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
    if not 1 <= limit <= most:
        raise BadRequestError(f"limit: {text!r} is no whole number from 1 to {most}")
    return limit


def parse_name(parameter: str, text: str) -> str:
    """Return a category, content type or id that can exist."""
    check_names(**{parameter: text})
    if not 1 <= len(text) <= MAX_NAME:
        raise BadRequestError(f"{parameter}: use 1 to {MAX_NAME} characters")
    return text


def parse_segment(text: str) -> str:
    """Return the stored name of a segment; empty for the whole list."""
    if not text:
        return ""
    stored = stored_segment(text)
    if stored is None:
        raise BadRequestError(
            f"segment: {text[:100]!r} is none; use category:…, contentType:… or creator:…"
        )
    parse_name("segment", text.partition(":")[2])
    return stored


def parse_as_of(text: str) -> datetime:
    """Return the moment; a plus sign that came as a space is taken for what it was."""
    try:
        moment = datetime.fromisoformat(_LOST_PLUS.sub("+", text))
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or not 1970 <= moment.year < 9999:
        raise BadRequestError(
            f"asOf: {text[:100]!r} is no time with a zone, such as 2026-01-31T12:00:00Z"
        )
    return moment


def parse_since(text: str) -> timedelta:
    """Return how far back, from a minute to 90 days."""
    match = _LENGTH.fullmatch(text)
    length = timedelta(**{_UNITS[match[2]]: int(match[1])}) if match else timedelta(0)
    if not timedelta(0) < length <= MAX_SINCE:
        raise BadRequestError(f"since: {text[:100]!r} is none of 1m to 90d, such as 90m, 24h or 7d")
    return length
