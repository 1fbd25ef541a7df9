"""The packed form of an event: what the stream carries and the writer inserts."""

from __future__ import annotations

from typing import get_args
from zlib import crc32

import msgspec

from app.ingest.wire import EventType

EVENT_TYPES: tuple[str, ...] = get_args(EventType)
"""Names by the number that stands for them in a packed event; only ever appended to."""

CONFLICT = "id: it was used before, for another type, item or user"
"""Why an event is refused whose id stands for another one."""

TYPE_NUMBERS = {name: number for number, name in enumerate(EVENT_TYPES)}


class PackedEvent(msgspec.Struct, array_like=True, frozen=True, kw_only=True, gc=False):
    """One accepted event. The order of the fields is the format; new ones go to the end."""

    event_id: bytes
    """The UUID's 16 bytes."""
    occurred_at: int
    """Microseconds since 1970, UTC; frozen on acceptance, so that a retry repeats it."""
    content_type: str
    content_id: str
    type: int
    """Index into `EVENT_TYPES`."""
    count: int = 1
    seconds: float | None = None
    user_id: str | None = None
    session_id: str | None = None
    metadata: bytes | None = None
    """A JSON object."""
    claims: bool = False
    """Whether the caller gave the id, which then counts once, whatever its time."""
    uncounted_because: str | None = None
    """Why it is stored but not counted."""
    viewer: bytes | None = None
    """Who sent it, where it names no user or session: a hash that nobody can undo."""


def fingerprint_of(event: PackedEvent) -> int:
    """Return a signed CRC-32 of the type, item and user: what an id may be used for."""
    text = f"{event.type}\0{event.content_type}\0{event.content_id}\0{event.user_id or ''}"
    number = crc32(text.encode())
    return number - (number >> 31 << 32)


class UnreadableEntryError(ValueError):
    """A stream entry's payload is in no format this version knows."""


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[PackedEvent]).decode


def pack(events: list[PackedEvent]) -> bytes:
    """Return the MessagePack form of `events`."""
    return _encode(events)


def joined(payloads: list[bytes], events: int) -> bytes:
    """Return the packed form of all events of `payloads`, which are so many."""
    return b"".join([b"\xdd" + events.to_bytes(4, "big"), *map(_without_header, payloads)])


def unpack(payload: bytes) -> list[PackedEvent]:
    """Return the events of `payload`, or raise `UnreadableEntryError`."""
    try:
        events = _decode(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise UnreadableEntryError(str(error)) from error
    for event in events:
        if len(event.event_id) != 16 or not 0 <= event.type < len(EVENT_TYPES):
            raise UnreadableEntryError("an event has an impossible id or type")
    return events


def _without_header(payload: bytes) -> memoryview:
    """Return what follows the length of a MessagePack array."""
    header = {0xDC: 3, 0xDD: 5}.get(payload[0], 1)
    return memoryview(payload)[header:]
