"""What other programs count, line by line as events: their CSV exports, and access logs.

A reader of one format turns a record into events, leaves it out, or says what is wrong with it. Its
events' ids are made of what they say, not of where they stand: what two files have in common counts
once. A total of a day stands at noon (UTC), so that it is of that day in nearly every zone.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, time
from typing import NamedTuple, TypeAlias

import msgspec

from app.http.body import FAULTS
from app.http.reasons import reason_of
from app.imports.lines import Line, Lines, Source
from app.ingest.decode import Decoded
from app.ingest.wire import EventIn

_DAY_SECONDS = 86_400
_MOST = 1_000_000_000
_REMEMBERED = 50_000
"""So many views, and up to as many before them: equal ones say the same second, and stand near."""

Skip: TypeAlias = Callable[[int, str], None]
"""Is told the line and the reason of each record that is left out, with nothing wrong with it."""


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What a reader is told beside the file."""

    skip: Skip
    reject: Skip
    """Is told of what is wrong with a record."""
    today: date
    """In UTC. Its total is not whole yet."""
    content_type: str | None = None
    """Type of the items; None: `video` of YouTube, `page` of all else."""
    day: date | None = None
    """The day of totals that name none."""
    pages: re.Pattern[str] | None = None
    """Paths of an access log that are views; a group in it is the item's id."""


class Made(NamedTuple):
    """An event, and what it is known again by."""

    event: Decoded
    key: str


class Equals:
    """Tells equal views apart, of those met of late."""

    def __init__(self) -> None:
        self._newest: dict[int, int] = {}
        self._older: dict[int, int] = {}

    def key(self, key: str) -> str:
        """Return what the n-th of equal views is known by."""
        known = hash(key)
        number = 1 + (self._newest.get(known) or self._older.get(known, 0))
        if len(self._newest) >= _REMEMBERED:
            self._older, self._newest = self._newest, {}
        self._newest[known] = number
        return key if number == 1 else f"{key}\0{number}"


class Skipped(NamedTuple):
    """Why a record is no event, where nothing is wrong with it."""

    reason: str


Outcome: TypeAlias = list[Made] | Skipped | str
"""What a record comes to; a text says what is wrong with it."""
RowReader: TypeAlias = Callable[[Mapping[str, str]], Outcome]


def event_of(**given: object) -> Decoded:
    """Return an event of what is given, by its names in JSON; what is None is absent."""
    try:
        return msgspec.convert({name: value for name, value in given.items() if value}, EventIn)
    except FAULTS as error:
        return reason_of(error, EventIn)


def day_of(text: str, reading: Reading) -> date | Skipped | str:
    """Return a day such as 2026-01-31 that is over."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return f"{text[:40]!r} is no day such as 2026-01-31"
    return Skipped("its day is not over yet") if day >= reading.today else day


def totals_of(
    day: date, *, source: str, content_type: str, content_id: str, totals: Mapping[str, float]
) -> list[Made]:
    """Return the events of an item's totals of a day: by type, and seconds of watch_time."""
    made = []
    for name, total in totals.items():
        kind, count, seconds = name, round(total), None
        if name == "watch_time":
            # The longest that one may have watched, or as few as need be.
            count = math.ceil(total / _DAY_SECONDS)
            seconds = total / max(count, 1)
        elif total < 0:
            kind, count = f"un{name}", -count
        if count:
            event = event_of(
                type=kind,
                contentId=content_id,
                contentType=content_type,
                occurredAt=datetime.combine(day, time(12), UTC).isoformat(),
                count=count,
                seconds=seconds,
            )
            made.append(Made(event, "\0".join((source, content_type, content_id, str(day), name))))
    return made


def number_of(text: str) -> float | None:
    """Return a number, 0 for none; None for what is no number that can be counted."""
    try:
        number = float(text.replace(",", "") or 0)
    except ValueError:
        return None
    return number if abs(number) <= _MOST * _DAY_SECONDS else None


def records(source: Source, columns: list[str], row: RowReader, skip: Skip) -> Lines:
    """Yield what the rest of a CSV file comes to."""
    rows = csv.reader(source)
    while True:
        before, start, source.fault = source.line, source.end, None
        try:
            values = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            yield Line(before + 1, source.line, source.end, f"no CSV: {error}")
            continue
        if not values:
            continue
        outcome: Outcome
        if source.fault or len(values) != len(columns):
            fields = f"{len(values)} fields, where the first line names {len(columns)}"
            outcome = source.fault or fields
        else:
            outcome = row(dict(zip(columns, values, strict=True)))
        yield from lines_of(outcome, source, before, start, skip)


def lines_of(
    outcome: Outcome, source: Source, before: int, start: int, skip: Skip
) -> Iterator[Line]:
    """Yield the events of a record that begins after so many lines and bytes."""
    if isinstance(outcome, Skipped):
        skip(before + 1, outcome.reason)
        return
    made = [Made(outcome, "")] if isinstance(outcome, str) else outcome
    for place, (event, key) in enumerate(made, 1):
        # All but the last end before it: what was cut off between them begins anew with the first.
        last, end = (source.line, source.end) if place == len(made) else (before, start)
        yield Line(before + 1, last, end, event, key.encode())
