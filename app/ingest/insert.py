"""Insert a batch of events, each exactly once, however often and wherever it is inserted again.

The fast way is a binary COPY straight into the hypertable, which fails as a whole when an event is
known already; only then the batch goes through a staging table and `on conflict do nothing`. An id
that a caller gave is claimed first (`core.claimed_id`): it counts once whatever time comes with it,
which the hypertable's own key cannot say. In the same transaction, scoring's queue gets exactly the
rows that were really inserted, and count, and what is to be published the ids of all inserted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple
from uuid import UUID

from psycopg.errors import UniqueViolation

from app.ingest import queries as sql
from app.ingest.item_ids import ItemIds
from app.ingest.lanes import Lane, lanes_of
from app.ingest.noting import note_outgoing
from app.ingest.owners import uncount_own
from app.ingest.packing import fingerprint_of
from app.ingest.raw_retention import hold_raw_events
from app.ingest.rows import Committed, ItemKey, ReceivedEvent, encode_claims, encode_rows
from app.ingest.viewer import ViewerKeys
from app.runtime.moments import moment_of
from app.runtime.sql import Connection

Known = dict[bytes, int | None]
"""Ids that were recorded before, each with the fingerprint of what was; None for ids made here."""


class Inserted(NamedTuple):
    """What inserting a batch came to."""

    new: int
    known: Known
    """What was recorded before; what the batch itself had twice is not in it."""


def told_apart(events: list[ReceivedEvent], recorded: Known) -> tuple[int, list[int]]:
    """Return how many of `events` were recorded before, and the places of those in conflict.

    Their ids were used for something else. What is new is noted in `recorded`.
    """
    duplicates, conflicts = 0, []
    for place, (event, _) in enumerate(events):
        if event.event_id not in recorded:
            recorded[event.event_id] = fingerprint_of(event)
        elif recorded[event.event_id] in {None, fingerprint_of(event)}:
            duplicates += 1
        else:
            conflicts.append(place)
    return duplicates, conflicts


class Inserter:
    """Insert batches; keeps the item ids it has met.

    `on_commit` is told what each transaction has inserted, as soon as it is committed. What is
    inserted is published where the sink is on, unless `publishes` says that it never is. Without
    `counts_own`, what creators do with their own items does not count.
    """

    def __init__(
        self,
        *,
        late_seconds: float,
        item_ids: ItemIds | None = None,
        on_commit: Callable[[Committed], None] | None = None,
        publishes: bool = True,
        counts_own: bool = True,
    ) -> None:
        self._counts_own = counts_own
        self._publishes = publishes
        self._late = round(late_seconds * 1_000_000)
        self._item_ids = item_ids or ItemIds()
        self._on_commit = on_commit
        self._viewer_keys = ViewerKeys()

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
        await self._item_ids.check(connection)
        if not self._counts_own:
            events = await uncount_own(connection, events)
        lanes = lanes_of(events, late_before=now - self._late)
        known: Known = {}
        for lane in lanes:
            known |= await self._insert_lane(connection, lane, seen_before=seen_before)
        return Inserted(sum(len(lane.events) for lane in lanes) - len(known), known)

    async def _insert_lane(self, connection: Connection, lane: Lane, *, seen_before: bool) -> Known:
        """Insert what is new of a lane, and return what was known."""
        ids = self._item_ids.known
        while not seen_before:
            try:
                # What is met for the first time is left, so that nothing else waits for its id.
                left = await self._insert_new(connection, lane, ids)
            except UniqueViolation:
                break
            if not left:
                return {}
            lane = lane._replace(events=left)
            ids = await self._item_ids.resolve(connection, _items_of(lane))
        ids = await self._item_ids.resolve(connection, _items_of(lane))
        return await self._insert_staged(connection, lane, ids)

    async def _insert_staged(
        self, connection: Connection, lane: Lane, ids: Mapping[ItemKey, int]
    ) -> Known:
        async with connection.transaction():
            await self._hold(connection, lane)
            key = await self._viewer_keys.of(connection)
            rows = (rows for rows, _ in encode_rows(lane.events, ids, key=key))
            await sql.stage_events(connection, rows=rows)
            known = await self._drop_claimed(connection, lane)
            known += await sql.insert_staged_events(connection, publishes=self._publishes)
            seen: Known = {event.event_id.bytes: None for event in known}
            if known:
                known_ids = [event.event_id for event in known]
                for claimed in await sql.claimed_ids(connection, event_ids=known_ids):
                    seen[claimed.event_id.bytes] = claimed.fingerprint
            transaction = (await sql.transaction(connection)).transaction_id
        new = [received for received in lane.events if received.event.event_id not in seen]
        self._tell(transaction, new, ids)
        return seen

    async def _drop_claimed(self, connection: Connection, lane: Lane) -> list[sql.KnownEvent]:
        """Claim the ids that callers gave, and leave the staged events of claimed ones out."""
        claims = {
            UUID(bytes=event.event_id): fingerprint_of(event)
            for event, _ in lane.events
            if event.claims
        }
        if not claims:
            return []
        return await sql.claim_staged_ids(
            connection, event_ids=list(claims), fingerprints=list(claims.values())
        )

    async def _insert_new(
        self, connection: Connection, lane: Lane, ids: Mapping[ItemKey, int]
    ) -> list[ReceivedEvent]:
        """Insert the lane's events, but for those of items without an id, which are returned."""
        left: list[ReceivedEvent] = []
        async with connection.transaction():
            await self._hold(connection, lane)
            if claims := encode_claims(lane.events, ids):
                async with sql.copy_claimed_ids(connection) as copy:
                    await copy.write(claims)
            key = await self._viewer_keys.of(connection)
            feed: list[bytes] = []
            async with sql.copy_events(connection) as copy:
                for rows, feed_rows in encode_rows(lane.events, ids, left, key=key):
                    await copy.write(rows)
                    feed.append(feed_rows)
            async with sql.copy_score_feed(connection) as copy:
                await copy.write(b"".join(feed))
            inserted = lane.events
            if left:
                without_id = set(map(id, left))
                inserted = [received for received in inserted if id(received) not in without_id]
            transaction = await sql.transaction(connection)
            if transaction.is_published and self._publishes and inserted:
                await note_outgoing(connection, inserted, ids)
        self._tell(transaction.transaction_id, inserted, ids)
        return left

    async def _hold(self, connection: Connection, lane: Lane) -> None:
        """Make sure that late events can still be counted; others always are."""
        if lane.late:
            earliest = moment_of(lane.events[0].event.occurred_at)
            await hold_raw_events(connection, earliest=earliest)

    def _tell(
        self, transaction: int, events: list[ReceivedEvent], ids: Mapping[ItemKey, int]
    ) -> None:
        if self._on_commit is not None and events:
            self._on_commit(Committed(transaction, events, ids))


def _items_of(lane: Lane) -> set[ItemKey]:
    return {(event.content_type, event.content_id) for event, _ in lane.events}
