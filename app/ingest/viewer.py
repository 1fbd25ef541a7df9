"""Who did it, as a number: the one rule for all ways in.

A keyed hash of the user, else of the session; where the client is what tells viewers apart
(app/access/viewers.py), a part of its hash, whose salt is forgotten each day. Never an address. The
key is the database's own, so that all processes and all times agree; whoever has it and a user's id
can find the user's rows, which makes it a pseudonym.
"""

from __future__ import annotations

from hashlib import blake2b
from weakref import WeakKeyDictionary

from app.ingest import queries as sql
from app.ingest.packing import PackedEvent
from app.runtime.sql import Connection

_SIGN = 1 << 63


class ViewerKeys:
    """The keys of the databases that connections lead to, each asked for once."""

    def __init__(self) -> None:
        self._keys = WeakKeyDictionary[Connection, bytes]()

    async def of(self, connection: Connection) -> bytes:
        """Return the key of the database that `connection` leads to."""
        key = self._keys.get(connection)
        if key is None:
            key = self._keys[connection] = await sql.viewer_key(connection)
        return key


def viewer_of(event: PackedEvent, key: bytes) -> int | None:
    """Return who did it, a signed number of 64 bits; None where nobody is known."""
    if event.viewer is not None:
        return _number(event.viewer)
    if event.user_id is not None:
        return user_viewer(event.user_id, key)
    if event.session_id is not None:
        return session_viewer(event.session_id, key)
    return None


def user_viewer(user_id: str, key: bytes) -> int:
    """Return the viewer that a user is."""
    return _number(blake2b(b"u" + user_id.encode(), digest_size=8, key=key).digest())


def session_viewer(session_id: str, key: bytes) -> int:
    """Return the viewer that a session without a user is."""
    return _number(blake2b(b"s" + session_id.encode(), digest_size=8, key=key).digest())


def _number(digest: bytes) -> int:
    number = int.from_bytes(digest[:8], "big")
    return number - (number & _SIGN) * 2
