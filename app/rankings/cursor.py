"""Cursors: opaque to callers, bound to one snapshot, so that pages neither repeat nor skip."""

from __future__ import annotations

import base64
import binascii
from contextlib import suppress
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from app.errors import BadRequestError

MAX_LENGTH = 2_000


class Cursor(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """Where a page begins, in which list of which run."""

    version: Literal[1] = 1
    ranking: Annotated[str, Meta(min_length=1, max_length=63)]
    run_id: Annotated[int, Meta(ge=1, le=2**63 - 1)]
    segment: Annotated[str, Meta(max_length=300)]
    """As stored, such as `content_type:movie`; empty for the whole list."""
    content_type: Annotated[str, Meta(min_length=1, max_length=200)] | None
    """Only items of this type are shown; None for all."""
    rank: Annotated[int, Meta(ge=1, le=2**31 - 1)]
    """Rank in the segment of the first item that may be on the page."""


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Cursor).decode


def encode_cursor(cursor: Cursor) -> str:
    """Return the cursor as base64url without padding."""
    return base64.urlsafe_b64encode(_encode(cursor)).rstrip(b"=").decode()


def decode_cursor(text: str) -> Cursor:
    """Return what `encode_cursor` was given.

    Raises `BadRequestError` for everything that `encode_cursor` cannot have made.
    """
    cursor = None
    with suppress(ValueError, binascii.Error, msgspec.MsgspecError):
        padding = "=" * (-len(text) % 4)
        cursor = _decode(base64.b64decode(text[:MAX_LENGTH] + padding, b"-_", validate=True))
    if (
        cursor is None
        or encode_cursor(cursor) != text
        or "\x00" in f"{cursor.ranking}{cursor.segment}{cursor.content_type}"
    ):
        raise BadRequestError("cursor: is none that this service has given out")
    return cursor
