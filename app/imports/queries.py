"""The statements of an import."""

from __future__ import annotations

from datetime import datetime

import msgspec

from app.runtime.sql import Command, Connection, Query


class Come(msgspec.Struct, frozen=True, kw_only=True):
    """How far a file has come."""

    read_bytes: int
    read_lines: int
    inserted: int
    duplicates: int
    rejected: int
    counted_at: datetime | None


class _Aggregated(msgspec.Struct, frozen=True, kw_only=True):
    are_aggregated: bool


class _Holder(msgspec.Struct, frozen=True, kw_only=True):
    holder: str | None


_BEGIN_IMPORT = Query("begin_import", Come)
_MOVE_IMPORT = Command("move_import")
_NOTE_IMPORT = Command("note_import")
_NOTE_VIEWER_HOURS = Command("note_viewer_hours")
_END_IMPORTS = Command("end_imports")
_ARE_AGGREGATED = Query("are_aggregated", _Aggregated)
_HOLD_OFF_RETENTION = Query("hold_off_retention", _Holder)


async def begin_import(connection: Connection, *, digest: bytes, name: str, now: datetime) -> Come:
    """Return how far the file has come; it is known from now on."""
    come = await _BEGIN_IMPORT.first(connection, digest=digest, name=name, now=now)
    assert come is not None  # noqa: S101 - an upsert returns its row
    return come


async def move_import(  # noqa: PLR0913 - the columns of its row
    connection: Connection,
    *,
    digest: bytes,
    read_bytes: int,
    read_lines: int,
    inserted: int,
    duplicates: int,
    rejected: int,
) -> None:
    """Note how far the file has come; the last three are added to what there is."""
    await _MOVE_IMPORT.run(
        connection,
        digest=digest,
        read_bytes=read_bytes,
        read_lines=read_lines,
        inserted=inserted,
        duplicates=duplicates,
        rejected=rejected,
    )


async def note_viewer_hours(connection: Connection, *, hours: list[datetime]) -> None:
    """Have the next runs add the viewers of hours: when they begin, in order."""
    await _NOTE_VIEWER_HOURS.run(connection, hours=hours)


async def note_import(
    connection: Connection, *, item_ids: list[int], first_ats: list[datetime], now: datetime
) -> None:
    """Tell of the first of the inserted events of each item."""
    await _NOTE_IMPORT.run(connection, item_ids=item_ids, first_ats=first_ats, now=now)


async def end_imports(connection: Connection, *, digests: list[bytes], now: datetime) -> None:
    """Note that everything is counted."""
    await _END_IMPORTS.run(connection, digests=digests, now=now)


async def are_aggregated(connection: Connection, *, now: datetime) -> bool:
    """Return whether the aggregates have counted all there is, but for the newest minutes."""
    found = await _ARE_AGGREGATED.first(connection, now=now)
    return found is not None and found.are_aggregated


async def hold_off_retention(connection: Connection) -> str | None:
    """Keep old events from being dropped as long as this session works; say who prevents that."""
    found = await _HOLD_OFF_RETENTION.first(connection)
    return None if found is None else found.holder
