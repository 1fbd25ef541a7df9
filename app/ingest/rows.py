"""Encode events as PostgreSQL's binary COPY data, about five times faster than row by row."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import NamedTuple

from app.ingest.packing import EVENT_TYPES, PackedEvent


class ResolvedEvent(NamedTuple):
    """An event and what its row needs beside it."""

    event: PackedEvent
    received_at: int
    """Microseconds since 1970."""
    item_id: int


_HEADER = b"PGCOPY\n\xff\r\n\0" + struct.pack(">ii", 0, 0)
_TRAILER = struct.pack(">h", -1)
_NULL = struct.pack(">i", -1)
_PG_EPOCH = 946_684_800_000_000
"""PostgreSQL counts microseconds from 2000, not 1970."""

_EVENT = struct.Struct(">h i16s iq iq iq").pack
_FEED = struct.Struct(">h iq iq").pack
_INT = struct.Struct(">ii").pack
_REAL = struct.Struct(">if").pack
_LENGTH = struct.Struct(">i").pack
_TYPES = tuple(_LENGTH(len(name)) + name.encode() for name in EVENT_TYPES)


def event_rows(events: Iterable[ResolvedEvent]) -> bytes:
    """Return the data for `copy_events` and `copy_staged_events`, ten columns a row."""
    parts = [_HEADER]
    append = parts.append
    for event, received_at, item_id in events:
        append(
            _EVENT(
                10,
                16,
                event.event_id,
                8,
                event.occurred_at - _PG_EPOCH,
                8,
                received_at - _PG_EPOCH,
                8,
                item_id,
            )
            + _TYPES[event.type]
            + _INT(4, event.count)
            + (_NULL if event.seconds is None else _REAL(4, event.seconds))
            + (_NULL if event.user_id is None else _text(event.user_id))
            + (_NULL if event.session_id is None else _text(event.session_id))
            + (_NULL if event.metadata is None else _jsonb(event.metadata))
        )
    append(_TRAILER)
    return b"".join(parts)


def feed_rows(events: Iterable[ResolvedEvent]) -> bytes:
    """Return the data for `copy_score_feed`, five columns a row."""
    parts = [_HEADER]
    append = parts.append
    for event, _, item_id in events:
        append(
            _FEED(5, 8, item_id, 8, event.occurred_at - _PG_EPOCH)
            + _TYPES[event.type]
            + _INT(4, event.count)
            + (_NULL if event.seconds is None else _REAL(4, event.seconds))
        )
    append(_TRAILER)
    return b"".join(parts)


def _text(value: str) -> bytes:
    data = value.encode()
    return _LENGTH(len(data)) + data


def _jsonb(value: bytes) -> bytes:
    # The leading byte is the version of jsonb's binary form.
    return _LENGTH(len(value) + 1) + b"\x01" + value
