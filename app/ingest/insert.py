"""Insert a batch of events, each exactly once, however often and wherever it is inserted again.

The fast way is a binary COPY straight into the hypertable, which fails as a whole when an event is
known already; only then the batch goes through a staging table and `on conflict do nothing`. In the
same transaction, scoring's queue gets exactly the rows that were really inserted.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from psycopg.errors import UniqueViolation

from app.database import events as sql
from app.database.sql import Connection
from app.ingest.item_ids import ItemIds
from app.ingest.lanes import Lane, lanes_of, without_duplicates
from app.ingest.packing import PackedEvent
from app.ingest.rows import ResolvedEvent, event_rows, feed_rows

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class ReceivedEvent(NamedTuple):
    """A packed event and when its request arrived, in microseconds since 1970."""

    event: PackedEvent
    received_at: int


class Inserter:
    """Insert batches; keeps the item ids it has met."""

    def __init__(
        self, *, late_seconds: float, id_window_seconds: float, item_ids: ItemIds | None = None
    ) -> None:
        self._late = round(late_seconds * 1_000_000)
        self._id_window = timedelta(seconds=id_window_seconds)
        self._item_ids = item_ids or ItemIds()

    async def insert(
        self,
        connection: Connection,
        events: list[ReceivedEvent],
        *,
        now: int,
        seen_before: bool = False,
    ) -> int:
        """Insert what is new of `events` and return how many that were.

        All of it is committed on return. When it raises, a part may be committed: insert the same
        again. `seen_before` says that some are probably known, `now` is in microseconds since 1970.
        """
        resolved = without_duplicates(await self._resolve(connection, events))
        inserted = 0
        for lane in lanes_of(resolved, late_before=now - self._late):
            inserted += await self._insert_lane(connection, lane, seen_before=seen_before)
        return inserted

    async def _resolve(
        self, connection: Connection, events: list[ReceivedEvent]
    ) -> list[ResolvedEvent]:
        keys = [(event.content_type, event.content_id) for event, _ in events]
        ids = await self._item_ids.resolve(connection, keys)
        return [
            ResolvedEvent(event, received_at, ids[key])
            for (event, received_at), key in zip(events, keys, strict=True)
        ]

    async def _insert_lane(self, connection: Connection, lane: Lane, *, seen_before: bool) -> int:
        rows = event_rows(lane.events)
        if not (lane.untimed or seen_before):
            try:
                async with connection.transaction():
                    await sql.copy_events(connection, rows=rows)
                    await sql.copy_score_feed(connection, rows=feed_rows(lane.events))
            except UniqueViolation:
                pass
            else:
                return len(lane.events)
        async with connection.transaction():
            await sql.stage_events(connection, rows=rows)
            if lane.untimed:
                await sql.drop_known_untimed(
                    connection,
                    earliest=_moment(lane.events[0].event.occurred_at) - self._id_window,
                    latest=_moment(lane.events[-1].event.occurred_at) + self._id_window,
                    id_window=self._id_window,
                )
            return await sql.insert_staged_events(connection)


def _moment(microseconds: int) -> datetime:
    return _EPOCH + timedelta(microseconds=microseconds)
