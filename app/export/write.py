"""Writing an export: one file a stretch of time, each whole or not there.

It reads with `COPY`, from a thread's own connection: asyncio would double what each row costs.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import psycopg

from app.export.columns import ExportedCounts, ExportedEvent, ExportedItem, Start
from app.export.parquet import write_parquet
from app.export.plan import Asked, Plan, What, plan_of
from app.export.stretches import Stretch, stretches
from app.runtime.sql import CopiedQuery, Query

_SOURCES: dict[What, CopiedQuery[Any]] = {
    "events": CopiedQuery("exported_events", ExportedEvent),
    "engagement": CopiedQuery("exported_engagement", ExportedCounts),
    "items": CopiedQuery("exported_items", ExportedItem),
}
_START = Query("export_start", Start)

# JSON has control characters as escapes only, so that nothing is quoted and each row is a line.
_NDJSON = b"(format csv, delimiter e'\\x01', quote e'\\x02')"
_CSV = b"(format csv, header)"


class Part(NamedTuple):
    """One file of an export that is not yet there."""

    path: Path
    stretch: Stretch


def missing(
    connection: psycopg.Connection, folder: Path, asked: Asked, *, now: datetime
) -> list[Part]:
    """Return the files that `folder` lacks of an export, oldest first; it is begun if need be.

    An export that was cut off ends where it was begun to, whatever `now` is. Raises `InputError` as
    `plan_of` does.
    """
    plan = plan_of(folder, asked, first=_first(connection, asked), now=now)
    return [part for part in _parts(folder, plan) if not part.path.exists()]


def write_part(connection: psycopg.Connection, part: Part, asked: Asked) -> None:
    """Write one file; it is there whole, or not at all. Memory is bounded."""
    draft = part.path.with_suffix(".draft")
    rows = rows_of(connection, part.stretch, asked)
    if asked.format == "parquet":
        write_parquet(draft, rows)
    else:
        with draft.open("wb", buffering=1 << 20) as file:
            file.writelines(rows)
    draft.replace(part.path)


def rows_of(
    connection: psycopg.Connection, stretch: Stretch, asked: Asked
) -> Iterator[bytes | bytearray | memoryview]:
    """Yield what a file holds as the database sends it: CSV with a header, or JSON lines."""
    text, options = _SOURCES[asked.what].text, _CSV
    if asked.format == "ndjson":
        text, options = b"select to_json(one) from (" + text + b") as one", _NDJSON
    values = {"since": stretch.since, "until": stretch.until, "level": asked.level}
    with (
        connection.cursor() as cursor,
        cursor.copy(b"copy (" + text + b") to stdout " + options, values) as copy,
    ):
        yield from copy


def _first(connection: psycopg.Connection, asked: Asked) -> datetime | None:
    level = asked.level if asked.what == "engagement" else "event"
    row = connection.execute(_START.text, {"level": level}).fetchone()
    return row[0] if row else None


def _parts(folder: Path, plan: Plan) -> Iterator[Part]:
    asked = plan.asked
    if asked.what == "items":
        yield Part(folder / f"items.{asked.format}", Stretch("", plan.since, plan.until))
        return
    name = f"engagement_{asked.level}" if asked.what == "engagement" else asked.what
    months = asked.what == "engagement" and asked.level == "1d"
    for stretch in stretches(plan.since, plan.until, months=months):
        yield Part(folder / f"{name}-{stretch.name}.{asked.format}", stretch)
