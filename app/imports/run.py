"""Import files: load each, then count all of them; or only look at them."""

from __future__ import annotations

import gc
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec
import psycopg

from app.errors import InputError, UnavailableError
from app.imports import queries as imports
from app.imports.count import Tell, count, hold_off_retention
from app.imports.foreign import Reading
from app.imports.formats import BROKEN, Format, format_of, opened
from app.imports.found import Found
from app.imports.load import Batch, Loader, Reader, digest_of
from app.ingest.raw_retention import raw_retention
from app.ingest.retention import DEFAULT
from app.runtime.sql import Connection
from app.settings import Settings

Progress = Callable[[Path, int, int], None]
"""Is told how many bytes of a file were read, and how many events so far."""
Reject = Callable[[Path, int, str], None]
"""Is told of each line that is no event though it should be, and why."""


class Import(msgspec.Struct, kw_only=True):
    """What is to be imported, and who is told of it."""

    paths: Sequence[Path]
    kind: Format | None = None
    """None: as each file is called."""
    settings: Settings
    progress: Progress
    reject: Reject
    tell: Tell
    loaded: Callable[[Connection], Awaitable[None]] | None = None
    """Is called when all events are in, before they are counted."""
    content_type: str | None = None
    day: date | None = None
    pages: re.Pattern[str] | None = None
    """These three as in `Reading`."""


async def check(wanted: Import) -> list[Found]:
    """Read the files and say what is in them; nothing is stored, and no database asked.

    Raises `InputError` for a file that cannot be read.
    """
    found = []
    for path in wanted.paths:
        one = Found(path=path, kind=wanted.kind or format_of(path))
        reader = _reader(wanted, one, b"checked only")
        async for batch in _batches(reader, one):
            one.add(batch)
            wanted.progress(path, batch.end, one.events)
        found.append(one)
    return found


async def run(wanted: Import) -> list[Found]:
    """Import the files, and go on with those that were cut off.

    Raises `InputError` for a file that cannot be read and for a database that is not migrated,
    `UnavailableError` where the database goes away: what was committed by then stays.
    """
    kinds = {path: wanted.kind or format_of(path) for path in wanted.paths}
    try:
        async with await _connect(wanted) as connection, await _connect(wanted) as beside:
            await hold_off_retention(connection)
            found, digests = await _load_all(connection, wanted, kinds)
            if digests and wanted.loaded is not None:
                await wanted.loaded(connection)
            if digests:
                now = datetime.now(UTC)
                await count(connection, beside, digests=digests, now=now, tell=wanted.tell)
            return found
    except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedFunction) as error:
        raise InputError("the database is not migrated: run `groundswell migrate`") from error
    except psycopg.OperationalError as error:
        reason = " ".join(str(error).split())
        raise UnavailableError(f"no database; import again to go on: {reason}") from error


@contextmanager
def _without_collections() -> Iterator[None]:
    """Do without the collector: events make no cycles, and it took a third of the time of them."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


async def _connect(wanted: Import) -> Connection:
    return await psycopg.AsyncConnection.connect(
        wanted.settings.database_url,
        autocommit=True,
        prepare_threshold=None,
        # The embedded engine takes nobody in while one of its jobs runs.
        connect_timeout=30,
        application_name="groundswell import",
    )


async def _load_all(
    connection: Connection, wanted: Import, kinds: dict[Path, Format]
) -> tuple[list[Found], list[bytes]]:
    """Load the files, and return what is in them and the digests of those that were not done."""
    loader = Loader(connection)
    found, digests = [], []
    with _without_collections():
        for path, kind in kinds.items():
            digest = digest_of(path)
            one = await _load(connection, loader, wanted, Found(path=path, kind=kind), digest)
            found.append(one)
            if not one.is_done:
                digests.append(digest)
    return found, digests


async def _load(
    connection: Connection, loader: Loader, wanted: Import, one: Found, digest: bytes
) -> Found:
    path, now = one.path, datetime.now(UTC)
    come = await imports.begin_import(connection, digest=digest, name=path.name, now=now)
    one.events = come.inserted + come.duplicates
    one.duplicates = come.duplicates
    one.rejected = come.rejected
    one.is_done = come.counted_at is not None
    if one.is_done:
        return one
    reader = _reader(wanted, one, digest)
    reader.kept = await raw_retention(connection) or DEFAULT
    async for batch in _batches(reader, one, position=come.read_bytes, line=come.read_lines):
        new = await loader.load(batch, digest=digest)
        one.events += len(batch.events)
        one.duplicates += len(batch.events) - new
        one.rejected += batch.rejected
        wanted.progress(path, batch.end, one.events)
    return one


async def _batches(
    reader: Reader, one: Found, *, position: int = 0, line: int = 0
) -> AsyncIterator[Batch]:
    try:
        with opened(one.path) as file:
            async for batch in reader.batches(file, one.kind, position=position, line=line):
                yield batch
    except BROKEN as error:
        raise InputError(f"{one.path}: {error}") from error


def _reader(wanted: Import, one: Found, digest: bytes) -> Reader:
    def reject(line: int, reason: str) -> None:
        one.note(line, reason)
        wanted.reject(one.path, line, reason)

    return Reader(
        digest=digest,
        reading=Reading(
            skip=one.note,
            reject=reject,
            today=datetime.now(UTC).date(),
            content_type=wanted.content_type,
            day=wanted.day,
            pages=wanted.pages,
        ),
        clock=lambda: time.time_ns() // 1_000,
        max_future_seconds=wanted.settings.max_future_seconds,
    )
