"""Insert a batch of events, each exactly once, however often and wherever it is inserted again.

The fast way is a binary COPY straight into the hypertable, which fails as a whole when an event is
known already; only then the batch goes through a staging table and `on conflict do nothing`. In the
same transaction, scoring's queue gets exactly the rows that were really inserted, and count.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import NamedTuple

from psycopg.errors import UniqueViolation

from app.ingest import queries as sql
from app.ingest.item_ids import ItemIds
from app.ingest.lanes import Identity, Lane, identity_of, lanes_of
from app.ingest.raw_retention import hold_raw_events
from app.ingest.rows import Committed, ItemKey, ReceivedEvent, encode_rows
from app.runtime.moments import microseconds, moment_of
from app.runtime.sql import Connection


class Inserted(NamedTuple):
    """What inserting a batch came to."""

    new: int
    known: set[Identity]
    """What was in the hypertable before; what the batch itself had twice is not in it."""


class Inserter:
    """Insert batches; keeps the item ids it has met.

    `on_commit` is told what each transaction has inserted, as soon as it is committed.
    """

    def __init__(
        self,
        *,
        late_seconds: float,
        id_window_seconds: float,
        item_ids: ItemIds | None = None,
        on_commit: Callable[[Committed], None] | None = None,
    ) -> None:
        self._late = round(late_seconds * 1_000_000)
        self._id_window = timedelta(seconds=id_window_seconds)
        self._item_ids = item_ids or ItemIds()
        self._on_commit = on_commit

    async def insert(
        self,
        connection: Connection,
        events: list[ReceivedEvent],
        *,
        now: int,
        seen_before: bool = False,
    ) -> Inserted:
        """Insert what is new of `events` and say what that was.

        All of it is committed on return. When it raises, a part may be committed: insert the same
        again. `seen_before` says that some are probably known, `now` is in microseconds since 1970.
        """
        lanes = lanes_of(events, late_before=now - self._late)
        known: set[Identity] = set()
        for lane in lanes:
            known |= await self._insert_lane(connection, lane, seen_before=seen_before)
        return Inserted(sum(len(lane.events) for lane in lanes) - len(known), known)

    async def _insert_lane(
        self, connection: Connection, lane: Lane, *, seen_before: bool
    ) -> set[Identity]:
        """Insert what is new of a lane, and return what was known."""
        ids = self._item_ids.known
        while not (lane.untimed or seen_before):
            try:
                # What is met for the first time is left, so that nothing else waits for its id.
                left = await self._insert_new(connection, lane, ids)
            except UniqueViolation:
                break
            if not left:
                return set()
            lane = lane._replace(events=left)
            ids = await self._item_ids.resolve(connection, _items_of(lane))
        ids = await self._item_ids.resolve(connection, _items_of(lane))
        return await self._insert_staged(connection, lane, ids)

    async def _insert_staged(
        self, connection: Connection, lane: Lane, ids: Mapping[ItemKey, int]
    ) -> set[Identity]:
        async with connection.transaction():
            await self._hold(connection, lane)
            known: list[sql.KnownEvent] = []
            rows = (rows for rows, _ in encode_rows(lane.events, ids))
            await sql.stage_events(connection, rows=rows)
            if lane.untimed:
                first, last = (lane.events[end].event.occurred_at for end in (0, -1))
                known += await sql.drop_known_untimed(
                    connection,
                    earliest=moment_of(first) - self._id_window,
                    latest=moment_of(last) + self._id_window,
                    id_window=self._id_window,
                )
            known += await sql.insert_staged_events(connection)
            transaction = await self._transaction(connection)
        seen: set[Identity] = {
            event.event_id.bytes
            if lane.untimed
            else (event.event_id.bytes, microseconds(event.occurred_at))
            for event in known
        }
        new = [received for received in lane.events if identity_of(received.event) not in seen]
        self._tell(transaction, new, ids)
        return seen

    async def _insert_new(
        self, connection: Connection, lane: Lane, ids: Mapping[ItemKey, int]
    ) -> list[ReceivedEvent]:
        """Insert the lane's events, but for those of items without an id, which are returned."""
        left: list[ReceivedEvent] = []
        async with connection.transaction():
            await self._hold(connection, lane)
            feed: list[bytes] = []
            async with sql.copy_events(connection) as copy:
                for rows, feed_rows in encode_rows(lane.events, ids, left):
                    await copy.write(rows)
                    feed.append(feed_rows)
            async with sql.copy_score_feed(connection) as copy:
                await copy.write(b"".join(feed))
            transaction = await self._transaction(connection)
        inserted = lane.events
        if left:
            without_id = set(map(id, left))
            inserted = [received for received in inserted if id(received) not in without_id]
        self._tell(transaction, inserted, ids)
        return left

    async def _hold(self, connection: Connection, lane: Lane) -> None:
        """Make sure that late events can still be counted; others always are."""
        if lane.late:
            earliest = moment_of(lane.events[0].event.occurred_at)
            await hold_raw_events(connection, earliest=earliest)

    async def _transaction(self, connection: Connection) -> int | None:
        """Return the id of the transaction under way, where somebody wants to know."""
        return None if self._on_commit is None else await sql.transaction_id(connection)

    def _tell(
        self, transaction: int | None, events: list[ReceivedEvent], ids: Mapping[ItemKey, int]
    ) -> None:
        if self._on_commit is not None and transaction is not None and events:
            self._on_commit(Committed(transaction, events, ids))


def _items_of(lane: Lane) -> set[ItemKey]:
    return {(event.content_type, event.content_id) for event, _ in lane.events}
