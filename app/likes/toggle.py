"""One change of a user's like: the state, its event, the live counts and the count in Redis."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from app.errors import UnavailableError, UnknownItemError
from app.ingest.packing import TYPE_NUMBERS, PackedEvent
from app.ingest.rows import Committed, ReceivedEvent
from app.ingest.uuid7 import Uuid7Source
from app.likes.counts import LikeCounts
from app.likes.queries import LikeChange, set_like
from app.runtime.moments import unix_microseconds
from app.runtime.pool import Pool, connected
from app.settings import Settings
from app.stats.keys import Item
from app.top.live_counts import LiveCounts


async def change_like(  # noqa: PLR0913  # what a like touches, and the like
    item: Item,
    *,
    user_id: str,
    wanted: bool | None,
    settings: Settings,
    pool: Pool,
    like_counts: LikeCounts,
    live_counts: LiveCounts,
    new_id: Uuid7Source,
) -> LikeChange:
    """Set, unset or, where `wanted` is None, toggle a user's like, and return how it stands then.

    Raises `UnknownItemError` for an item that nobody has named where such are refused, and
    `UnavailableError` while the database is down: nobody knows then whether it was changed.
    """
    content_type, content_id = item
    now = unix_microseconds()
    event_id = new_id(now // 1_000)
    state: LikeChange | None = None
    try:
        async with connected(pool, within=settings.database_timeout) as connection:
            state = await set_like(
                connection,
                user_id=user_id,
                content_type=content_type,
                content_id=content_id,
                wanted=wanted,
                registers=settings.unknown_items == "register",
                event_id=UUID(bytes=event_id),
                as_of=datetime.fromtimestamp(now / 1_000_000, UTC),
            )
    except UnavailableError:
        # It may be committed all the same.
        await like_counts.note_change(item, None)
        raise
    if state is None:
        raise unknown(item)
    if state.transaction_id is not None:
        event = PackedEvent(
            event_id=event_id,
            occurred_at=now,
            content_type=content_type,
            content_id=content_id,
            type=TYPE_NUMBERS["like" if state.has_liked else "unlike"],
        )
        live_counts.add(
            Committed(state.transaction_id, [ReceivedEvent(event, now)], {item: state.item_id})
        )
    await like_counts.note_change(item, state)
    return state


def unknown(item: Item) -> UnknownItemError:
    """Return the error for an item that nobody has named."""
    content_type, content_id = item
    return UnknownItemError(f"no {content_type} {content_id!r} has ever been named")
