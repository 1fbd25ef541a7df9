"""The statements on comments and their translations."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from app.runtime.sql import Command, Connection, Query


class PostedComment(msgspec.Struct, frozen=True, kw_only=True):
    """The comment of an id, after a request to post it."""

    comment_id: UUID
    content_type: str
    content_id: str
    user_id: str
    text: str | None
    """None: it is deleted."""
    language: str
    created_at: datetime
    item_id: int
    transaction_id: int | None
    """The transaction that stored it, `pg_current_xact_id`; None where it was there before."""


class DeletedComment(msgspec.Struct, frozen=True, kw_only=True):
    """A comment that is deleted now."""

    content_type: str
    content_id: str
    item_id: int
    transaction_id: int | None
    """The transaction that deleted it; None where it was deleted before."""


class CommentRow(msgspec.Struct, frozen=True, kw_only=True):
    """A comment, and what is known of it in the reader's language."""

    comment_id: UUID
    user_id: str
    text: str
    text_digest: bytes
    language: str
    created_at: datetime
    translated: str | None
    is_wanted: bool
    """Whether somebody wanted it in that language."""
    has_failed: bool
    """Whether the last try failed."""


class ClaimedText(msgspec.Struct, frozen=True, kw_only=True):
    """A text that is this worker's to translate until the lease is over."""

    digest: bytes
    target: str
    attempt: int
    source: str
    text: str


_POST_COMMENT = Query("post_comment", PostedComment)
_DELETE_COMMENT = Query("delete_comment", DeletedComment)
_COMMENTS_OF_ITEM = Query("comments_of_item", CommentRow)
_WANT_TRANSLATIONS = Command("want_translations")
_CLAIM_TRANSLATIONS = Query("claim_translations", ClaimedText)
_RECORD_TRANSLATION = Command("record_translation")


async def post_comment(  # noqa: PLR0913  # as many as say who writes what, where and when
    connection: Connection,
    *,
    comment_id: UUID,
    user_id: str,
    content_type: str,
    content_id: str,
    registers: bool,
    text: str,
    language: str,
    event_id: UUID,
    as_of: datetime,
) -> PostedComment | None:
    """Store a comment with its event, unless there is one of that id; return the one there is.

    An unknown item is registered where `registers` says so; otherwise None.
    """
    return await _POST_COMMENT.first(
        connection,
        comment_id=comment_id,
        user_id=user_id,
        content_type=content_type,
        content_id=content_id,
        registers=registers,
        text=text,
        language=language,
        event_id=event_id,
        as_of=as_of,
    )


async def delete_comment(  # noqa: PLR0913  # which one, whose, and when
    connection: Connection,
    *,
    comment_id: UUID,
    author: str | None,
    item: tuple[str, str] | None,
    event_id: UUID,
    as_of: datetime,
) -> DeletedComment | None:
    """Delete a comment with its event, of that author and item if named; None: there is none."""
    content_type, content_id = item or (None, None)
    return await _DELETE_COMMENT.first(
        connection,
        comment_id=comment_id,
        author=author,
        content_type=content_type,
        content_id=content_id,
        event_id=event_id,
        as_of=as_of,
    )


async def comments_of_item(  # noqa: PLR0913  # which page of what, in which language
    connection: Connection,
    *,
    item_id: int,
    target: str | None,
    before: datetime,
    before_comment: UUID,
    most: int,
) -> list[CommentRow]:
    """Return an item's comments, newest first, below that place."""
    return await _COMMENTS_OF_ITEM.all(
        connection,
        item_id=item_id,
        target=target,
        before=before,
        before_comment=before_comment,
        most=most,
    )


async def want_translations(
    connection: Connection, *, digests: Sequence[bytes], target: str, as_of: datetime
) -> None:
    """Let texts be translated; what is wanted already stays as it is."""
    await _WANT_TRANSLATIONS.run(connection, digests=list(digests), target=target, as_of=as_of)


async def claim_translations(
    connection: Connection, *, as_of: datetime, lease: timedelta, capacity: int
) -> list[ClaimedText]:
    """Take texts that are due; nobody else does before the lease is over."""
    return await _CLAIM_TRANSLATIONS.all(connection, as_of=as_of, lease=lease, capacity=capacity)


async def record_translation(  # noqa: PLR0913  # of what, and what came of it
    connection: Connection,
    *,
    digest: bytes,
    target: str,
    translated: str | None,
    error: str | None,
    next_attempt_at: datetime | None,
    kept: timedelta | None,
    as_of: datetime,
) -> None:
    """Keep a translation, for good where `kept` is None; or why there is none yet."""
    await _RECORD_TRANSLATION.run(
        connection,
        digest=digest,
        target=target,
        translated=translated,
        error=error,
        next_attempt_at=next_attempt_at,
        kept=kept,
        as_of=as_of,
    )
