"""One change of an item's comments: the comment, its event, the live counts and cached stats."""

from __future__ import annotations

from uuid import UUID

from app.comments.errors import CommentIdTakenError, UnknownCommentError
from app.comments.language import language_of
from app.comments.queries import (
    DeletedComment,
    PostedComment,
    delete_comment,
    post_comment,
)
from app.errors import UnavailableError, UnknownItemError
from app.ingest.packing import TYPE_NUMBERS, PackedEvent
from app.ingest.rows import Committed, ReceivedEvent
from app.ingest.uuid7 import Uuid7Source
from app.runtime.moments import moment_of, unix_microseconds
from app.runtime.pool import Pool, connected
from app.settings import Settings
from app.stats.cache import StatsCache
from app.stats.keys import Item
from app.top.live_counts import LiveCounts


class Posting:
    """Posts and deletes comments.

    Both raise `UnavailableError` while the database is down: nobody knows then whether it was done,
    and with the same id it is safe to repeat.
    """

    def __init__(
        self,
        settings: Settings,
        pool: Pool,
        *,
        stats: StatsCache,
        live_counts: LiveCounts,
        new_id: Uuid7Source,
    ) -> None:
        self._settings = settings
        self._pool = pool
        self._stats = stats
        self._live_counts = live_counts
        self._new_id = new_id

    async def post(
        self, item: Item, *, user_id: str, text: str, comment_id: UUID | None
    ) -> PostedComment:
        """Post a checked text, and return the comment with its id; once for each id.

        Raises `UnknownItemError` for an item that nobody has named where such are refused, and
        `CommentIdTakenError` where that id is another comment's, or a deleted one's.
        """
        now = unix_microseconds()
        event_id = self._new_id(now // 1_000)
        try:
            async with connected(self._pool, within=self._settings.database_timeout) as connection:
                posted = await post_comment(
                    connection,
                    comment_id=comment_id or UUID(bytes=event_id),
                    user_id=user_id,
                    content_type=item[0],
                    content_id=item[1],
                    registers=self._settings.unknown_items == "register",
                    text=text,
                    language=language_of(text),
                    event_id=UUID(bytes=event_id),
                    as_of=moment_of(now),
                )
        except UnavailableError:
            await self._stats.end([item])  # it may be committed all the same
            raise
        if posted is None:
            raise UnknownItemError(f"no {item[0]} {item[1]!r} has ever been named")
        if ((posted.content_type, posted.content_id), posted.user_id, posted.text) != (
            item,
            user_id,
            text,
        ):
            is_gone = posted.text is None
            raise CommentIdTakenError(
                f"id: {comment_id} is that of {'a deleted' if is_gone else 'another'} comment"
            )
        await self._note(posted, "comment", event_id, now)
        return posted

    async def delete(
        self, comment_id: UUID, *, author: str | None = None, item: Item | None = None
    ) -> DeletedComment:
        """Delete a comment, if it was not yet: of that author and item, if they are named.

        Raises `UnknownCommentError`.
        """
        now = unix_microseconds()
        event_id = self._new_id(now // 1_000)
        try:
            async with connected(self._pool, within=self._settings.database_timeout) as connection:
                deleted = await delete_comment(
                    connection,
                    comment_id=comment_id,
                    author=author,
                    item=item,
                    event_id=UUID(bytes=event_id),
                    as_of=moment_of(now),
                )
        except UnavailableError:
            await self._stats.end([item] if item else [])
            raise
        if deleted is None:
            raise UnknownCommentError(f"no comment {comment_id} is there to be deleted")
        await self._note(deleted, "uncomment", event_id, now)
        return deleted

    async def _note(
        self, changed: PostedComment | DeletedComment, type_: str, event_id: bytes, now: int
    ) -> None:
        """Bring what was changed to the live counts and to cached stats."""
        item = changed.content_type, changed.content_id
        if changed.transaction_id is not None:
            event = PackedEvent(
                event_id=event_id,
                occurred_at=now,
                content_type=item[0],
                content_id=item[1],
                type=TYPE_NUMBERS[type_],
            )
            self._live_counts.add(
                Committed(
                    changed.transaction_id, [ReceivedEvent(event, now)], {item: changed.item_id}
                )
            )
        # Of a repeated request too: the first may have ended before it came to this.
        await self._stats.end([item])
