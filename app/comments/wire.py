"""The JSON shapes of comments."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta

from app.http.wire import Wire

MAX_TEXT = 2_000
"""Longest text of a comment, in characters (code points)."""

TranslationState = Literal["original", "translated", "pending", "unavailable"]


class CommentIn(Wire, frozen=True, forbid_unknown_fields=True):
    """A comment to post."""

    text: Annotated[str, Meta(max_length=MAX_TEXT)]
    """Plain text, kept as it is but for blanks around it; never read as HTML."""
    id: UUID | None = None
    """Id of the comment; sent again, nothing is posted twice. Without one it gets one."""


class Comment(Wire, frozen=True):
    """One comment."""

    id: UUID
    """Id of the comment."""
    content_id: str
    """Id of the item."""
    content_type: str
    """Type of the item, such as `video`."""
    user_id: str
    """Who wrote it."""
    text: str
    """What was written: plain text, to be escaped where it is shown."""
    language: str
    """ISO 639 code of its language; `und` where that could not be told."""
    translation: TranslationState
    """`translated`; `original` where nothing is to be translated; `pending` before the first try
    has ended; `unavailable` where the last one failed, or nobody translates into this language."""
    translated_text: str | None
    """The text in the language that was asked for; null without a translation."""
    created_at: datetime
    """When it was posted."""


class Comments(Wire, frozen=True):
    """An item's comments, newest first."""

    items: list[Comment]
    """The comments, in order."""
    next_cursor: str | None
    """Begins the next page; null on the last one."""
