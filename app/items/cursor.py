"""Cursors of the catalogue: the values of the last item shown, in the order that it is listed in.

The next page begins after those values, so an item that comes or goes elsewhere repeats nothing and
skips nothing; one whose own count or rank passes them meanwhile may be met twice or not at all.
"""

from __future__ import annotations

import base64
import binascii
from contextlib import suppress
from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from app.errors import BadRequestError
from app.runtime.moments import moment_of

Sort = Literal["hot", "new", "views", "likes"]
Integer = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]

MAX_LENGTH = 2_000


class ItemCursor(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """After which item a page begins, in which list."""

    version: Literal[1] = 1
    sort: Sort
    category: Annotated[str, Meta(min_length=1, max_length=200)] | None
    content_type: Annotated[str, Meta(min_length=1, max_length=200)] | None
    is_rest: bool
    """Whether the item is one that the order does not tell apart, or the order is `new`."""
    value: Integer
    """Its rank or count; of the rest, when it was published, in microseconds since 1970."""
    item_id: Integer

    @property
    def moment(self) -> datetime | None:
        """When the item was published, of the rest."""
        return moment_of(self.value) if self.is_rest else None


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(ItemCursor).decode


def encode_cursor(cursor: ItemCursor) -> str:
    """Return the cursor as base64url without padding."""
    return base64.urlsafe_b64encode(_encode(cursor)).rstrip(b"=").decode()


def decode_cursor(text: str) -> ItemCursor:
    """Return what `encode_cursor` was given.

    Raises `BadRequestError` for everything that `encode_cursor` cannot have made.
    """
    cursor = None
    with suppress(ValueError, OverflowError, binascii.Error, msgspec.MsgspecError):
        padding = "=" * (-len(text) % 4)
        cursor = _decode(base64.b64decode(text[:MAX_LENGTH] + padding, b"-_", validate=True))
        _ = cursor.moment
        if encode_cursor(cursor) != text or "\x00" in f"{cursor.category}{cursor.content_type}":
            cursor = None
    if cursor is None or (cursor.sort == "new" and not cursor.is_rest):
        raise BadRequestError("cursor: is none that this service has given out")
    return cursor
