"""What creators do with items of their own: kept, and where the settings say so, not counted."""

from __future__ import annotations

import msgspec

from app.ingest.rows import ReceivedEvent
from app.runtime.sql import Connection, Query

BECAUSE = "owner"


class _OwnItem(msgspec.Struct, frozen=True, kw_only=True):
    """An item whose creator is one of some users."""

    content_type: str
    content_id: str
    creator: str


_OWN_ITEMS = Query("own_items", _OwnItem)


async def uncount_own(connection: Connection, events: list[ReceivedEvent]) -> list[ReceivedEvent]:
    """Return the events, those not to be counted whose user is the item's creator.

    As the catalogue says now: an event from before its item had a creator counts.
    """
    users = {event.user_id for event, _ in events if event.user_id is not None}
    if not users:
        return events
    ids = {event.content_id for event, _ in events if event.user_id is not None}
    found = await _OWN_ITEMS.all(connection, users=sorted(users), content_ids=sorted(ids))
    own = {(item.content_type, item.content_id, item.creator) for item in found}
    return [
        received._replace(event=msgspec.structs.replace(event, uncounted_because=BECAUSE))
        if (event.content_type, event.content_id, event.user_id) in own
        and event.uncounted_because is None
        else received
        for received in events
        for event in (received.event,)
    ]
