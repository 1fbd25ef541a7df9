"""Parameters that mean a moment, a day or a time zone."""

from __future__ import annotations

import re
from datetime import date, datetime

from app.errors import BadRequestError
from app.runtime.addresses import check_zone

_LOST_PLUS = re.compile(r" (?=[0-9]{2}:?[0-9]{2}$)", re.ASCII)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


def parse_moment(name: str, text: str, *, kind: str = "time with a zone") -> datetime:
    """Return the moment; a plus sign that came as a space is taken for what it was."""
    try:
        moment = datetime.fromisoformat(_LOST_PLUS.sub("+", text))
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or not 1970 <= moment.year < 9999:
        raise BadRequestError(f"{name}: {text[:100]!r} is no {kind}, such as 2026-01-31T12:00:00Z")
    return moment


def parse_moment_or_day(name: str, text: str) -> datetime | date:
    """Return the moment, or the day, whose first moment depends on a zone."""
    if _DAY.fullmatch(text):
        try:
            day = date.fromisoformat(text)
        except ValueError:
            day = date.min
        if 1970 <= day.year < 9999:
            return day
    return parse_moment(name, text, kind="day, such as 2026-01-31, nor a time with a zone")


def parse_zone(name: str, text: str) -> str:
    """Return an IANA time zone."""
    try:
        check_zone(text)
    except ValueError as error:
        raise BadRequestError(f"{name}: {text[:100]!r}: {error}") from None
    return text
