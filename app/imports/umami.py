"""Umami: the events of a site, `website_event.csv` of an export; each page view is a view."""

from __future__ import annotations

from collections.abc import Mapping

from app.errors import InputError
from app.imports.foreign import Made, Outcome, Reading, RowReader, Skipped, event_of

MEMBER = "website_event"
_NEEDED = ("session_id", "url_path", "event_type", "created_at")
_VIEW = "1"


def is_umami(columns: list[str]) -> bool:
    """Return whether these columns are of such a table."""
    return all(name in columns for name in _NEEDED)


def reader(columns: list[str], reading: Reading) -> RowReader:
    """Return what reads a record; raises `InputError` where a column is missing."""
    missing = [name for name in _NEEDED if name not in columns]
    if missing:
        raise InputError(f"line 1: there is no column {missing[0]}, as website_event.csv has it")

    def row(values: Mapping[str, str]) -> Outcome:
        if values["event_type"] != _VIEW:
            return Skipped("an event of one's own, no page view")
        # In UTC, and without saying so.
        moment = values["created_at"].replace(" ", "T")
        event = event_of(
            type="view",
            contentId=values["url_path"],
            contentType=reading.content_type or "page",
            occurredAt=moment if moment[-6:-5] in {"+", "-"} else moment.rstrip("Z") + "Z",
            sessionId=values["session_id"],
        )
        known_by = values.get("event_id") or "\0".join(values.values())
        return [Made(event, f"umami\0{known_by}")]

    return row
