"""Cursors: where a page begins, opaque to callers, and none but our own is taken."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from contextlib import suppress
from typing import Generic, TypeVar

import msgspec

from app.errors import BadRequestError

MAX_LENGTH = 4_000
"""Room for a category and a type of 200 characters each, at four bytes a character."""

Cursor = TypeVar("Cursor", bound=msgspec.Struct)
Row = TypeVar("Row")


class Codec(Generic[Cursor]):
    """Writes and reads the cursors of one kind of list, a frozen `array_like` Struct.

    Its first field is a Literal that no other list has, so that none is taken for another's.
    """

    def __init__(self, kind: type[Cursor]) -> None:
        self._encode = msgspec.msgpack.Encoder().encode
        self._decode = msgspec.msgpack.Decoder(kind).decode

    def encode(self, cursor: Cursor) -> str:
        """Return the cursor as base64url without padding."""
        return base64.urlsafe_b64encode(self._encode(cursor)).rstrip(b"=").decode()

    def decode(self, text: str) -> Cursor:
        """Return what `encode` was given.

        Raises `BadRequestError` for everything that `encode` cannot have made.
        """
        with suppress(ValueError, binascii.Error, msgspec.MsgspecError, RecursionError):
            padding = "=" * (-len(text) % 4)
            packed = base64.b64decode(text[:MAX_LENGTH] + padding, b"-_", validate=True)
            cursor = self._decode(packed)
            # No text that we were given has a NUL, and the database knows none.
            if b"\x00" not in "".join(_texts(cursor)).encode() and self.encode(cursor) == text:
                return cursor
        raise BadRequestError("cursor: is none that this service has given out")


def page_of(
    rows: list[Row], limit: int, after: Callable[[Row], str]
) -> tuple[list[Row], str | None]:
    """Return the rows of a page, of which one more was asked for, and where the next begins.

    `after` makes the cursor of the last that is shown.
    """
    shown = rows[:limit]
    return shown, after(shown[-1]) if len(rows) > limit else None


def other_list() -> BadRequestError:
    """Return the error for a cursor beside parameters that mean another list."""
    return BadRequestError(
        "cursor: belongs to another list; send it with the parameters it came from, or alone"
    )


def _texts(cursor: msgspec.Struct) -> list[str]:
    return [value for value in msgspec.structs.astuple(cursor) if isinstance(value, str)]
