"""Import files: load each, then count all of them; or only look at them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import psycopg

from app.errors import InputError, UnavailableError
from app.imports import queries as imports
from app.imports.count import Tell, count, hold_off_retention
from app.imports.lines import Format, format_of
from app.imports.load import Loader, Reader, digest_of
from app.ingest.raw_retention import raw_retention
from app.ingest.retention import DEFAULT
from app.runtime.moments import moment_of
from app.runtime.sql import Connection
from app.settings import Settings

Progress = Callable[[Path, int, int], None]
"""Is told how many bytes of a file were read, and how many events so far."""
Reject = Callable[[Path, int, str], None]
"""Is told of each line that is no event, and why."""


class Found(msgspec.Struct, kw_only=True):
    """What is in a file, or became of it."""

    path: Path
    events: int = 0
    """Events that can be taken; of those imported, all that were in the file."""
    duplicates: int = 0
    """Events that were recorded before."""
    rejected: int = 0
    earliest: datetime | None = None
    latest: datetime | None = None
    is_done: bool = False
    """Whether all of it had been imported before."""


class Import(msgspec.Struct, kw_only=True):
    """What is to be imported, and who is told of it."""

    paths: Sequence[Path]
    kind: Format | None = None
    """None: as each file is called."""
    settings: Settings
    progress: Progress
    reject: Reject
    tell: Tell


async def check(wanted: Import) -> list[Found]:
    """Read the files and say what is in them; nothing is stored, and no database asked."""
    found = []
    for path in wanted.paths:
        one = Found(path=path)
        with path.open("rb") as file:
            reader = _reader(wanted, path, b"checked only")
            async for batch in reader.batches(file, wanted.kind or format_of(path)):
                moments = [event.occurred_at for event, _ in batch.events]
                if moments:
                    first, last = moment_of(min(moments)), moment_of(max(moments))
                    one.earliest = min(one.earliest or first, first)
                    one.latest = max(one.latest or last, last)
                one.events += len(batch.events)
                one.rejected += batch.rejected
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
        async with await psycopg.AsyncConnection.connect(
            wanted.settings.database_url,
            autocommit=True,
            prepare_threshold=None,
            connect_timeout=5,
            application_name="groundswell import",
        ) as connection:
            await hold_off_retention(connection)
            loader = Loader(connection)
            found, digests = [], []
            for path, kind in kinds.items():
                digest = digest_of(path)
                one = await _load(connection, loader, wanted, path, kind, digest)
                found.append(one)
                if not one.is_done:
                    digests.append(digest)
            if digests:
                now = datetime.now(UTC)
                await count(connection, digests=digests, now=now, tell=wanted.tell)
            return found
    except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedFunction) as error:
        raise InputError("the database is not migrated: run `groundswell migrate`") from error
    except psycopg.OperationalError as error:
        raise UnavailableError(f"the database went away; import again to go on: {error}") from error


async def _load(  # noqa: PLR0913, PLR0917 - what one file needs
    connection: Connection,
    loader: Loader,
    wanted: Import,
    path: Path,
    kind: Format,
    digest: bytes,
) -> Found:
    now = datetime.now(UTC)
    come = await imports.begin_import(connection, digest=digest, name=path.name, now=now)
    one = Found(
        path=path,
        events=come.inserted + come.duplicates,
        duplicates=come.duplicates,
        rejected=come.rejected,
        is_done=come.counted_at is not None,
    )
    if one.is_done:
        return one
    kept = await raw_retention(connection) or DEFAULT
    reader = _reader(wanted, path, digest)
    reader.kept = kept
    with path.open("rb") as file:
        async for batch in reader.batches(
            file, kind, position=come.read_bytes, line=come.read_lines
        ):
            new = await loader.load(batch, digest=digest)
            one.events += len(batch.events)
            one.duplicates += len(batch.events) - new
            one.rejected += batch.rejected
            wanted.progress(path, batch.end, one.events)
    return one


def _reader(wanted: Import, path: Path, digest: bytes) -> Reader:
    return Reader(
        digest=digest,
        reject=lambda line, reason: wanted.reject(path, line, reason),
        clock=lambda: time.time_ns() // 1_000,
        max_future_seconds=wanted.settings.max_future_seconds,
    )
