"""Cursors of the list of what a user likes: the place below which a page begins."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from app.http.cursor import Codec
from app.runtime.moments import FIRST, LAST, moment_of


class LikeCursor(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """A place in the list, which is sorted by both, the highest first."""

    list_: Literal["likes1"] = "likes1"
    microseconds: Annotated[int, Meta(ge=FIRST, le=LAST)]
    item_id: Annotated[int, Meta(ge=1, le=2**63 - 1)]

    @property
    def liked_at(self) -> datetime:
        """When the user liked the item there."""
        return moment_of(self.microseconds)


ABOVE_ALL = LikeCursor(microseconds=LAST, item_id=2**63 - 1)
CODEC = Codec(LikeCursor)
