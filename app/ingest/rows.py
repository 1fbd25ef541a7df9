"""Encode events as PostgreSQL's binary COPY data.

It comes in slices, so that the server inserts one while the next is encoded.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from app.ingest.packing import EVENT_TYPES, PackedEvent, fingerprint_of
from app.ingest.viewer import viewers_by


class ReceivedEvent(NamedTuple):
    """A packed event and when its request arrived, in microseconds since 1970."""

    event: PackedEvent
    received_at: int


ItemKey = tuple[str, str]
"""Content type and content id."""


class Committed(NamedTuple):
    """What one transaction has really inserted, each event once; it is committed."""

    transaction: int
    events: Sequence[ReceivedEvent]
    item_ids: Mapping[ItemKey, int]


_FIRST_ROWS = 100
"""The first slice is small: the server waits for it."""
_SLICE_ROWS = 500
_HEADER = b"PGCOPY\n\xff\r\n\0" + struct.pack(">ii", 0, 0)
_TRAILER = struct.pack(">h", -1)
_NULL = struct.pack(">i", -1)
_PG_EPOCH = 946_684_800_000_000
"""PostgreSQL counts microseconds from 2000, not 1970."""

_EVENT = struct.Struct(">6s16s iq iq iq").pack
_EVENT_HEAD = struct.pack(">hi", 13, 16)
"""Thirteen columns, of which the first is 16 bytes long."""
_CLAIM = struct.Struct(">hi16siqii").pack
_FED = slice(34, None)
"""Item and time in a row of an event: they stand side by side in both."""
_FEED_HEAD = struct.pack(">h", 7)
_VIEWER_HEAD = struct.pack(">i", 8)
_INT = struct.Struct(">ii").pack
_DOUBLE = struct.Struct(">id").pack
_LENGTH = struct.Struct(">i").pack
_COUNTED = struct.pack(">i?", 1, True) + _NULL
_UNCOUNTED = struct.pack(">i?", 1, False)
_PLAIN = _NULL + _NULL + _COUNTED
"""Session, metadata and what counts of the commonest events: neither, and it does."""
_TYPES = tuple(_LENGTH(len(name)) + name.encode() for name in EVENT_TYPES)
_SINGLE = tuple(name + _INT(4, 1) + _NULL for name in _TYPES)
"""Type, count and seconds of the commonest events: one of them, no seconds."""


def encode_rows(
    events: Sequence[ReceivedEvent],
    ids: Mapping[ItemKey, int],
    left: list[ReceivedEvent] | None = None,
    *,
    key: bytes,
) -> Iterator[tuple[bytes, bytes]]:
    """Yield slices of the data for `copy_events`, each beside its slice for `copy_score_feed`.

    A row has thirteen columns in the former, which is also for `stage_events`, and seven in the
    latter, which has only what counts. `key` is that of viewers. Both are encoded in one pass,
    because what Python does here is what the writer costs.

    Events of items that have no id are left out and put into `left`; without it, they raise
    `KeyError`.
    """
    find = ids.__getitem__ if left is None else ids.get
    viewer_of, pack = viewers_by(key), _EVENT
    yield _HEADER, _HEADER
    for start, end in pairwise((0, *range(_FIRST_ROWS, len(events), _SLICE_ROWS), len(events))):
        rows: list[bytes] = []
        feed: list[bytes] = []
        for received in events[start:end]:
            event, received_at = received
            item_id = find((event.content_type, event.content_id))
            if item_id is None and left is not None:
                left.append(received)
                continue
            # As accepted, it is no later; the database refuses whatever else says that it is.
            happened_at = event.occurred_at
            happened_at = min(happened_at, received_at)
            row = pack(
                _EVENT_HEAD, event.event_id, 8, received_at - _PG_EPOCH,
                8, item_id, 8, happened_at - _PG_EPOCH,
            )  # fmt: skip
            kind, because, user = event.type, event.uncounted_because, event.user_id
            is_single = event.seconds is None and event.count == 1
            amount = _SINGLE[kind] if is_single else _amount(event)
            who = viewer_of(event)
            viewer = _NULL if who is None else _VIEWER_HEAD + who
            whose = _NULL if user is None else _text(user)
            rows += (
                row,
                amount,
                viewer,
                whose,
                _PLAIN
                if event.session_id is None and event.metadata is None and because is None
                else _rest(event),
            )
            if because is None:
                feed += (_FEED_HEAD, row[_FED], amount, viewer, whose)
        yield b"".join(rows), b"".join(feed)
    yield _TRAILER, _TRAILER


def encode_claims(events: Sequence[ReceivedEvent], ids: Mapping[ItemKey, int]) -> bytes:
    """Return the data for `copy_claimed_ids` of those `events` whose items have an id.

    In the order of ids: two writers of the same ones wait for each other, and never cross.
    """
    claims = [
        _CLAIM(3, 16, event.event_id, 8, received_at - _PG_EPOCH, 4, fingerprint_of(event))
        for event, received_at in events
        if event.claims and (event.content_type, event.content_id) in ids
    ]
    claims.sort()
    return b"".join((_HEADER, *claims, _TRAILER)) if claims else b""


def _rest(event: PackedEvent) -> bytes:
    because = event.uncounted_because
    return (
        (_NULL if event.session_id is None else _text(event.session_id))
        + (_NULL if event.metadata is None else _jsonb(event.metadata))
        + (_COUNTED if because is None else _UNCOUNTED + _text(because))
    )


def _amount(event: PackedEvent) -> bytes:
    seconds = _NULL if event.seconds is None else _DOUBLE(8, event.seconds)
    return _TYPES[event.type] + _INT(4, event.count) + seconds


def _text(value: str) -> bytes:
    data = value.encode()
    return _LENGTH(len(data)) + data


def _jsonb(value: bytes) -> bytes:
    # The leading byte is the version of jsonb's binary form.
    return _LENGTH(len(value) + 1) + b"\x01" + value
