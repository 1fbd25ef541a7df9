"""An event, frozen before it is sent for the first time."""

from __future__ import annotations

import json
import secrets
import time
import uuid
from typing import NamedTuple

from groundswell_client.wire import EventIn

Event = EventIn
"""What is recorded, with the names that the API has: `type`, `contentId`, and what is optional."""


class Frozen(NamedTuple):
    """An event as it is sent, however often: its id stands in its bytes."""

    event: Event
    line: bytes


def freeze(event: Event) -> Frozen:
    """Give an event its id, unless it has one, and encode it.

    The id carries the time (UUIDv7): sent an hour later, after an outage, the event still counts
    for the moment it happened. Raises `TypeError` or `ValueError` for what is no JSON.
    """
    whole = Event(**event)
    whole.setdefault("id", str(uuid7()))
    text = json.dumps(whole, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return Frozen(whole, text.encode())


def uuid7() -> uuid.UUID:
    """Return a UUID of this millisecond, as RFC 9562 has it in 5.7."""
    milliseconds = time.time_ns() // 1_000_000
    bits = milliseconds << 80 | 0x7 << 76 | secrets.randbits(12) << 64
    return uuid.UUID(int=bits | 0b10 << 62 | secrets.randbits(62))
