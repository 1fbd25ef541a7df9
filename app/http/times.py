"""Parameters that mean a moment, a day or a time zone."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import date, datetime

from app.errors import BadRequestError
from app.runtime.addresses import check_zone

_LOST_PLUS = re.compile(r" (?=[0-9]{2}:?[0-9]{2}$)", re.ASCII)
_FIRST_YEAR, _LAST_YEAR = 1970, 9998
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


def parse_moment(name: str, text: str, *, kind: str = "time with a zone") -> datetime:
    """Return the moment; a plus sign that came as a space is taken for what it was."""
    try:
        moment = datetime.fromisoformat(_LOST_PLUS.sub("+", text))
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise BadRequestError(f"{name}: {text[:100]!r} is no {kind}, such as 2026-01-31T12:00:00Z")
    _check_year(name, text, moment)
    return moment


def parse_moment_or_day(name: str, text: str) -> datetime | date:
    """Return the moment, or the day, whose first moment depends on a zone."""
    if _DAY.fullmatch(text):
        with suppress(ValueError):
            day = date.fromisoformat(text)
            _check_year(name, text, day)
            return day
    return parse_moment(name, text, kind="day, such as 2026-01-31, nor a time with a zone")


def _check_year(name: str, text: str, moment: date) -> None:
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        raise BadRequestError(
            f"{name}: {text!r} is out of range; use the years {_FIRST_YEAR} to {_LAST_YEAR}"
        )


def parse_zone(name: str, text: str) -> str:
    """Return an IANA time zone."""
    try:
        check_zone(text)
    except ValueError as error:
        raise BadRequestError(f"{name}: {text[:100]!r}: {error}") from None
    return text
