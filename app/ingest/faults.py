"""Tell the faults of events from those of the database."""

from __future__ import annotations

import struct
from enum import Enum

import psycopg
from psycopg_pool import PoolTimeout


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
    if isinstance(error, PoolTimeout):
        return Kind.DATABASE
    state = error.sqlstate if isinstance(error, psycopg.Error) else None
    if state is None or state == _CONFIGURED_LIMIT:
        return Kind.UNSURE
    if state[:2] in _EVENT_CLASSES:
        return Kind.EVENT
    if state[:2] in _DATABASE_CLASSES or state in _SHUTDOWN:
        return Kind.DATABASE
    return Kind.UNSURE
