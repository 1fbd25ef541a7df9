"""Cursors of the list of an item's comments: the place below which a page begins."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from app.http.cursor import Codec
from app.runtime.moments import FIRST, LAST, moment_of


class CommentCursor(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """A place in the list, which is sorted by both, the highest first."""

    list_: Literal["comments1"] = "comments1"
    microseconds: Annotated[int, Meta(ge=FIRST, le=LAST)]
    comment_id: UUID

    @property
    def created_at(self) -> datetime:
        """When the comment there was posted."""
        return moment_of(self.microseconds)


ABOVE_ALL = CommentCursor(microseconds=LAST, comment_id=UUID(int=2**128 - 1))
CODEC = Codec(CommentCursor)
