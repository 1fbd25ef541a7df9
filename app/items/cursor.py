"""Cursors of the catalogue: the values of the last item shown, in the order that it is listed in.

The next page begins after those values, so an item that comes or goes elsewhere repeats nothing and
skips nothing; one whose own count or rank passes them meanwhile may be met twice or not at all.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from app.http.cursor import Codec
from app.http.wire import Name
from app.runtime.moments import FIRST, LAST

Sort = Literal["hot", "new", "views", "likes"]


class ItemCursor(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """After which item a page begins, in which list."""

    list_: Literal["items1"] = "items1"
    sort: Sort
    category: Name | None
    content_type: Name | None
    count: Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)] | None
    """Its rank or count."""
    microseconds: Annotated[int, Meta(ge=FIRST, le=LAST)] | None
    """When it was published, of an item that the order does not tell apart, and in `new`."""
    item_id: Annotated[int, Meta(ge=1, le=2**63 - 1)]

    def __post_init__(self) -> None:
        """Refuse a place that no item can have."""
        if (self.count is None) == (self.microseconds is None):
            raise ValueError("a place has a count or a moment")
        if self.sort == "new" and self.microseconds is None:
            raise ValueError("ages are moments")


CODEC = Codec(ItemCursor)
