"""Note what is to be published, in the transaction that inserts it: decision 0033."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.ingest import queries as sql
from app.ingest.rows import ItemKey, ReceivedEvent
from app.runtime.moments import moment_of
from app.runtime.sql import Connection

LANES = 4
"""An item's events are all in one lane, by its id; db/migrations/0040_sink.sql has as many."""


async def note_outgoing(
    connection: Connection, events: Sequence[ReceivedEvent], ids: Mapping[ItemKey, int]
) -> None:
    """Note that `events`, all of them new, are to be published."""
    lanes: dict[int, list[str]] = {}
    for event, _ in events:
        item_id = ids[event.content_type, event.content_id]
        lanes.setdefault(item_id % LANES, []).append(event.event_id.hex())
    moments = [min(event.occurred_at, received_at) for event, received_at in events]
    await sql.note_outgoing(
        connection,
        lanes=list(lanes),
        event_ids=["{" + ",".join(some) + "}" for some in lanes.values()],
        since=moment_of(min(moments)),
        until=moment_of(max(moments)),
    )
