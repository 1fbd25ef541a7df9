"""Plausible: the table of pages in an export, daily totals of each page.

The other tables of an export know no pages, or only some events of theirs.
"""

from __future__ import annotations

from collections.abc import Mapping

from app.errors import InputError
from app.imports.foreign import Outcome, Reading, RowReader, Skipped, day_of, number_of, totals_of

MEMBER = "imported_pages"
_SECONDS = ("total_time_on_page", "time_on_page")


def is_plausible(columns: list[str]) -> bool:
    """Return whether these columns are of a table of such an export."""
    return columns[:1] == ["date"] and "visitors" in columns


def reader(columns: list[str], reading: Reading) -> RowReader:
    """Return what reads a record; raises `InputError` for another table of the export."""
    missing = [name for name in ("date", "page", "pageviews") if name not in columns]
    if missing:
        raise InputError(
            f"line 1: there is no column {missing[0]}: of an export of Plausible, {MEMBER}_….csv "
            "has what was viewed"
        )

    def row(values: Mapping[str, str]) -> Outcome:
        day = day_of(values["date"], reading)
        if isinstance(day, (Skipped, str)):
            return day
        found = [values[name] for name in _SECONDS if name in values]
        totals = {
            "view": number_of(values["pageviews"]),
            "watch_time": number_of(found[0] if found else ""),
        }
        counted = {
            name: total for name, total in totals.items() if total is not None and total >= 0
        }
        if len(counted) < len(totals):
            return "pageviews or the time on the page is no number that can be counted"
        return totals_of(
            day,
            source=f"plausible {values.get('hostname', '')}",
            content_type=reading.content_type or "page",
            content_id=values["page"],
            totals=counted,
        ) or Skipped("nothing was counted")

    return row
