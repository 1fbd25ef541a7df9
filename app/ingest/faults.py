"""Tell the faults of events from those of the database."""

from __future__ import annotations

import struct
from collections.abc import Awaitable, Callable
from enum import Enum

import psycopg
from psycopg_pool import PoolTimeout

from app.ingest.rows import ReceivedEvent
from app.ingest.stream import Fault
from app.runtime.epochs import DeposedError


class Kind(Enum):
    """What an error says about the batch it ended."""

    EVENT = "an event cannot be stored; the others can"
    DATABASE = "the database cannot store anything now"
    UNSURE = "either; a fault that keeps coming back is an event's"


WRITE_ERRORS = (psycopg.Error, OSError, struct.error)
"""All that inserting a batch may raise."""

_EVENT_CLASSES = {"22", "23", "54"}
"""Data exception, integrity violation, program limit exceeded."""
_DATABASE_CLASSES = {"25", "28", "3D", "3F", "42", "53", "55"}
"""Read-only, not migrated, no privilege, no resources, locked: nothing that an event can cause."""
_SHUTDOWN = {"57P01", "57P03"}
_CONFIGURED_LIMIT = "53400"
"""Too much to decompress at once, say: smaller batches help."""


def kind_of(error: Exception) -> Kind:
    """Return whose fault `error` is."""
    if isinstance(error, struct.error | psycopg.DataError):
        return Kind.EVENT
    if isinstance(error, PoolTimeout | DeposedError):
        return Kind.DATABASE
    state = error.sqlstate if isinstance(error, psycopg.Error) else None
    if state is None or state == _CONFIGURED_LIMIT:
        return Kind.UNSURE
    if state[:2] in _EVENT_CLASSES:
        return Kind.EVENT
    if state[:2] in _DATABASE_CLASSES or state in _SHUTDOWN:
        return Kind.DATABASE
    return Kind.UNSURE


async def by_halves(
    events: list[ReceivedEvent],
    error: Exception,
    write: Callable[[list[ReceivedEvent]], Awaitable[list[Fault]]],
) -> list[Fault]:
    """Return the faults of `events`, which failed together, positions from 0.

    `write` commits what it is given, or calls this in its turn: all but the faulty end up written.
    """
    if len(events) == 1:
        return [(0, str(error).strip())]
    middle = len(events) // 2
    faults = await write(events[:middle])
    later = await write(events[middle:])
    return faults + [(middle + position, reason) for position, reason in later]
