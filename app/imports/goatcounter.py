"""GoatCounter: the CSV export of page views, versions 1 and 2, as the first line begins."""

from __future__ import annotations

from collections.abc import Mapping

from app.errors import InputError
from app.imports.foreign import Equals, Made, Outcome, Reading, RowReader, Skipped, event_of

_VERSIONS = ("1Path", "2Path")
_NEEDED = ("Event", "Session", "Bot", "Date")


def is_goatcounter(columns: list[str]) -> bool:
    """Return whether these columns are of such an export, of whatever version."""
    return bool(columns) and columns[0][:1].isdigit() and columns[0].lstrip("0123456789") == "Path"


def reader(columns: list[str], reading: Reading) -> RowReader:
    """Return what reads a record; raises `InputError` for a version that is not known."""
    if not columns or columns[0] not in _VERSIONS:
        raise InputError("line 1: an export of GoatCounter begins with 1Path or 2Path")
    missing = [name for name in _NEEDED if name not in columns]
    if missing:
        raise InputError(f"line 1: there is no column {missing[0]}")

    equals = Equals()

    def row(values: Mapping[str, str]) -> Outcome:
        if values["Event"] == "true":
            return Skipped("an event of one's own, no page view")
        if values["Bot"] not in {"", "0"}:
            return Skipped("a bot's")
        event = event_of(
            type="view",
            contentId=values[columns[0]],
            contentType=reading.content_type or "page",
            occurredAt=values["Date"],
            sessionId=values["Session"],
        )
        return [Made(event, equals.key("\0".join(("goatcounter", *values.values()))))]

    return row
