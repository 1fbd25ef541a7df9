"""Load the events of a file: copied into the hypertable as they are, and counted afterwards by set.

Nothing goes through scoring's queue. How far the file has come is committed with the events up to
there, and an event without an id gets one that is made of the file and the line: so an import that
was cut off goes on where it was, and nothing is lost or counted twice. Events that were recorded
before, in whatever way, are found by their ids; then the batch goes the way of the writer.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import datetime
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import msgspec
from psycopg.errors import UniqueViolation

from app.imports import queries as imports
from app.imports.foreign import Reading
from app.imports.formats import Format, read
from app.imports.lines import Line, Lines
from app.ingest import queries as sql
from app.ingest.accept import Acceptor
from app.ingest.decode import Decoded
from app.ingest.insert import Inserter
from app.ingest.item_ids import ItemIds
from app.ingest.lanes import lanes_of
from app.ingest.packing import PackedEvent
from app.ingest.raw_retention import RawRetention, hold_raw_events
from app.ingest.retention import DEFAULT
from app.ingest.rows import ItemKey, ReceivedEvent, encode_claims, encode_rows
from app.ingest.sender import Sender
from app.ingest.uuid7 import millisecond_of, numbered_id, timed_id
from app.ingest.viewer import ViewerKeys
from app.runtime.moments import moment_of
from app.runtime.sql import Connection

BATCH = 20_000
"""Lines a transaction, at most: some megabytes, here and there."""
BATCH_BYTES = 16 << 20
"""Of a file a transaction, and a line: lines may be long."""
_BACKFILL = Sender(backfills=True)
_HOUR = 3_600_000_000
"""In microseconds."""
_NO_TIME = "occurredAt: missing"


class Batch(msgspec.Struct, kw_only=True):
    """Some lines in a row, and what they came to."""

    events: list[ReceivedEvent]
    rejected: int
    end: int
    """The first byte after them."""
    line: int
    """The last of them."""


class Reader:
    """Give the events of a file in batches, each with an id and a time."""

    def __init__(
        self,
        *,
        digest: bytes,
        reading: Reading,
        clock: Callable[[], int],
        kept: RawRetention = DEFAULT,
        max_future_seconds: float,
    ) -> None:
        self._digest = digest
        self._reading = reading
        self._clock = clock
        self.kept = kept
        """What is older is rejected."""
        self._acceptor = Acceptor(max_future_seconds=max_future_seconds, new_id=_no_id)

    async def batches(
        self, file: BinaryIO, kind: Format, *, position: int = 0, line: int = 0
    ) -> AsyncIterator[Batch]:
        """Yield the rest of `file`; while one batch is worked on, the next is read."""
        lines = read(file, kind, self._reading, position=position, line=line)
        following = asyncio.create_task(asyncio.to_thread(self._next, lines))
        try:
            while (batch := await following) is not None:
                following = asyncio.create_task(asyncio.to_thread(self._next, lines))
                yield batch
        finally:
            await asyncio.wait([following])

    def _next(self, lines: Lines) -> Batch | None:
        batch: list[Line] = []
        for line in islice(lines, BATCH):
            batch.append(line)
            if line.end - batch[0].end >= BATCH_BYTES:
                break
        if not batch:
            return None
        now = self._clock()
        outcome = self._acceptor.accept(
            [_with_time(line.event) for line in batch], now=now, sender=_BACKFILL, kept=self.kept
        )
        for rejection in outcome.rejected:
            self._reading.reject(batch[rejection.index].number, rejection.reason)
        events = [
            ReceivedEvent(self._with_id(event, batch[index]), now)
            for event, index in zip(outcome.accepted, outcome.indexes, strict=True)
        ]
        return Batch(
            events=events,
            rejected=len(outcome.rejected),
            end=batch[-1].end,
            line=batch[-1].last,
        )

    def _with_id(self, event: PackedEvent, line: Line) -> PackedEvent:
        """Return the event with the same id each time, where the file says none."""
        if event.claims:
            return event
        millisecond = event.occurred_at // 1_000
        if line.key:  # It has the same in every file.
            tail = blake2b(line.key, digest_size=10).digest()
            event_id = timed_id(millisecond, tail)
        else:
            event_id = numbered_id(millisecond, self._digest, line.number)
        return msgspec.structs.replace(event, event_id=event_id)


def _no_id(_: int) -> bytes:
    """Stand in for the id that the file and the line are going to give."""
    return b""


def _with_time(event: Decoded) -> Decoded:
    if isinstance(event, str) or event.occurred_at is not None:
        return event
    return event if event.id is not None and millisecond_of(event.id) is not None else _NO_TIME


def digest_of(path: Path) -> bytes:
    """Return what tells a file from all others, whatever it is called."""
    digest = blake2b(digest_size=16)
    with path.open("rb") as file:
        while part := file.read(1 << 20):
            digest.update(part)
    return digest.digest()


class Loader:
    """Insert the batches of files; keeps the item ids it has met."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._item_ids = ItemIds()
        # Another system's history is nothing new to whoever reads what is published.
        self._inserter = Inserter(late_seconds=0, item_ids=self._item_ids, publishes=False)
        self._viewer_keys = ViewerKeys()

    async def load(self, batch: Batch, *, digest: bytes) -> int:
        """Insert what is new of a batch, note how far the file has come, and return how much."""
        connection = self._connection
        lanes = lanes_of(batch.events, late_before=-(1 << 62))
        events = lanes[0].events if lanes else []
        wanted = {(event.content_type, event.content_id) for event, _ in events}
        ids = await self._item_ids.resolve(connection, wanted)
        try:
            async with connection.transaction():
                if events:
                    await self._copy(events, ids)
                await self._note(batch, digest, len(events))
        except UniqueViolation:
            now = time.time_ns() // 1_000
            inserted = await self._inserter.insert(
                connection, batch.events, now=now, seen_before=True
            )
            await self._note(batch, digest, inserted.new)
            return inserted.new
        return len(events)

    async def _copy(self, events: list[ReceivedEvent], ids: Mapping[ItemKey, int]) -> None:
        connection = self._connection
        await hold_raw_events(connection, earliest=moment_of(events[0].event.occurred_at))
        if claims := encode_claims(events, ids):
            async with sql.copy_claimed_ids(connection) as copy:
                await copy.write(claims)
        key = await self._viewer_keys.of(connection)
        async with sql.copy_events(connection) as copy:
            for rows, _ in encode_rows(events, ids, key=key):
                await copy.write(rows)
        first_ats: dict[int, datetime] = {}
        for event, received_at in events:
            if event.uncounted_because is None:
                item_id = ids[event.content_type, event.content_id]
                # They are in the order of time, so that the first of an item is its earliest.
                if item_id not in first_ats:
                    first_ats[item_id] = moment_of(min(event.occurred_at, received_at))
        hours = {min(event.occurred_at, received_at) // _HOUR for event, received_at in events}
        await imports.note_viewer_hours(
            connection, hours=[moment_of(hour * _HOUR) for hour in sorted(hours)]
        )
        await imports.note_import(
            connection,
            item_ids=list(first_ats),
            first_ats=list(first_ats.values()),
            now=moment_of(time.time_ns() // 1_000),
        )

    async def _note(self, batch: Batch, digest: bytes, inserted: int) -> None:
        await imports.move_import(
            self._connection,
            digest=digest,
            read_bytes=batch.end,
            read_lines=batch.line,
            inserted=inserted,
            duplicates=len(batch.events) - inserted,
            rejected=batch.rejected,
        )
