"""Cursors of breakdowns: the last part shown, of a period that stays the same.

The next page begins after that part: one whose own count passes it meanwhile may be met twice or
not at all.
"""

from __future__ import annotations

import hashlib
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from app.http.cursor import Codec
from app.runtime.moments import FIRST, LAST

_Microseconds = Annotated[int, Meta(ge=FIRST, le=LAST)]


class BreakdownCursor(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """After which part a page begins, in which breakdown."""

    list_: Literal["breakdown1"] = "breakdown1"
    print_: str
    """Tells the parameters from others, which would be too many to hold."""
    as_of: _Microseconds
    """When the first page was asked for: what `from` and `to` are told by."""
    value: float
    item_id: Annotated[int, Meta(ge=1, le=2**63 - 1)] | None
    name: Annotated[str, Meta(max_length=200)] | None

    def __post_init__(self) -> None:
        """Refuse a place that no part can have."""
        if self.item_id is not None and self.name is not None:
            raise ValueError("a part is an item, or has a name")


CODEC = Codec(BreakdownCursor)


def print_of(*parameters: object) -> str:
    """Return a text that other parameters do not have."""
    return hashlib.blake2b(msgspec.json.encode(parameters), digest_size=9).hexdigest()
