"""Cursors of the list of what a user likes: the place below which a page begins."""

from __future__ import annotations

import base64
import binascii
from contextlib import suppress
from datetime import UTC, datetime
from typing import Annotated, Literal, NamedTuple

import msgspec
from msgspec import Meta

from app.errors import BadRequestError
from app.runtime.moments import microseconds, moment_of

MAX_LENGTH = 100
_LAST = 253_402_300_799_999_999
"""The last microsecond of the year 9999."""


class Place(NamedTuple):
    """A place in the list, which is sorted by both, the highest first."""

    liked_at: datetime
    item_id: int


ABOVE_ALL = Place(datetime(9999, 12, 31, tzinfo=UTC), 2**63 - 1)


class _Cursor(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    version: Literal["likes1"] = "likes1"
    microseconds: Annotated[int, Meta(ge=0, le=_LAST)]
    item_id: Annotated[int, Meta(ge=1, le=2**63 - 1)]


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Cursor).decode


def encode_place(place: Place) -> str:
    """Return the cursor of a page that begins below `place`."""
    cursor = _Cursor(microseconds=microseconds(place.liked_at), item_id=place.item_id)
    return base64.urlsafe_b64encode(_encode(cursor)).rstrip(b"=").decode()


def decode_place(text: str) -> Place:
    """Return what `encode_place` was given, or raise `BadRequestError`."""
    with suppress(ValueError, binascii.Error, msgspec.MsgspecError):
        padding = "=" * (-len(text) % 4)
        cursor = _decode(base64.b64decode(text[:MAX_LENGTH] + padding, b"-_", validate=True))
        place = Place(moment_of(cursor.microseconds), cursor.item_id)
        if encode_place(place) == text:
            return place
    raise BadRequestError("cursor: is none that this service has given out")
