"""Who did it, as a number: the one rule for all ways in.

A keyed hash of the user, else of the session; where the client is what tells viewers apart
(app/access/viewers.py), a part of its hash, whose salt is forgotten each day. Never an address. The
key is the database's own, so that all processes and all times agree; whoever has it and a user's id
can find the user's rows, which makes it a pseudonym.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b
from weakref import WeakKeyDictionary

from app.ingest import queries as sql
from app.ingest.packing import PackedEvent
from app.runtime.sql import Connection


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


def viewers_by(key: bytes) -> Callable[[PackedEvent], bytes | None]:
    """Return what tells who did it: a signed number of 64 bits as its bytes, the highest first.

    It tells None where nobody is known. The key is hashed once, not once an event.
    """
    user, session = _hash(b"u", key).copy, _hash(b"s", key).copy

    def viewer_of(event: PackedEvent) -> bytes | None:
        if event.viewer is not None:
            return event.viewer[:8]
        name = event.user_id
        if name is not None:
            hashed = user()
        elif event.session_id is not None:
            name, hashed = event.session_id, session()
        else:
            return None
        hashed.update(name.encode())
        return hashed.digest()

    return viewer_of


def user_viewer(user_id: str, key: bytes) -> int:
    """Return the viewer that a user is."""
    return _number(_hash(b"u" + user_id.encode(), key))


def session_viewer(session_id: str, key: bytes) -> int:
    """Return the viewer that a session without a user is."""
    return _number(_hash(b"s" + session_id.encode(), key))


def _hash(text: bytes, key: bytes) -> blake2b:
    return blake2b(text, digest_size=8, key=key)


def _number(hashed: blake2b) -> int:
    return int.from_bytes(hashed.digest(), "big", signed=True)
