"""YouTube Studio: the tables of an export in advanced mode, by video, with or without days.

`Table data.csv` has the totals of a period, and a line of all videos; `Chart data.csv` those of
each day. Which columns there are depends on what was chosen; names are those of the English Studio.
"""

from __future__ import annotations

from collections.abc import Mapping

from app.errors import InputError
from app.imports.foreign import Outcome, Reading, RowReader, Skipped, day_of, number_of, totals_of

_IDS = ("Content", "Video")
_HOURS = "Watch time (hours)"
_COUNTS = {"Views": "view", "Likes": "like", "Comments added": "comment", "Shares": "share"}


def is_youtube(columns: list[str]) -> bool:
    """Return whether these columns are of such a table."""
    return any(name in columns for name in _IDS) and any(
        name in columns for name in (_HOURS, *_COUNTS)
    )


def reader(columns: list[str], reading: Reading) -> RowReader:
    """Return what reads a record; raises `InputError` where a column or the day is missing."""
    if not is_youtube(columns):
        raise InputError(f"line 1: there is no column {' or '.join(_IDS)}, or none of counts")
    if "Date" not in columns and reading.day is None:
        raise InputError("these totals have no column Date: say --day, the last day they are of")
    content = next(name for name in _IDS if name in columns)

    def row(values: Mapping[str, str]) -> Outcome:
        if values[content] == "Total":
            return Skipped("the total of all videos")
        day = day_of(values.get("Date") or str(reading.day), reading)
        if isinstance(day, (Skipped, str)):
            return day
        totals: dict[str, float] = {}
        for name, kind in {**_COUNTS, _HOURS: "watch_time"}.items():
            number = number_of(values.get(name, ""))
            if number is None or (number < 0 and kind not in {"like", "comment"}):
                return f"{name}: {values[name][:40]!r} is no number that can be counted"
            totals[kind] = number * 3_600 if name == _HOURS else number
        return totals_of(
            day,
            source="youtube",
            content_type=reading.content_type or "video",
            content_id=values[content],
            totals=totals,
        ) or Skipped("nothing was counted")

    return row
