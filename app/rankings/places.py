"""Where an item stands in the trending lists that this process serves."""

from __future__ import annotations

import msgspec

from app.http.wire import Wire
from app.rankings.snapshot import Snapshot
from app.rankings.snapshots import Snapshots


class _Named(Wire, frozen=True):
    content_id: str
    content_type: str


_decode = msgspec.json.Decoder(_Named).decode

Names = list[tuple[str, str]]
"""Content type and content id of each item of a list, best first."""


class Places:
    """Looks items up in the whole lists; each is read when it is first asked for."""

    def __init__(self, snapshots: Snapshots) -> None:
        self._snapshots = snapshots
        self._read: dict[str, tuple[list[bytes], dict[tuple[str, str], int]]] = {}

    def trending(self, item: tuple[str, str]) -> dict[str, int]:
        """Return the item's ranks, from 1, by the windows of the trending lists it is in."""
        found = {}
        for name, snapshot in self._snapshots.current.items():
            if name == f"trending_{snapshot.window}" and (rank := self._of(snapshot).get(item)):
                found[str(snapshot.window)] = rank
        return found

    def _of(self, snapshot: Snapshot) -> dict[tuple[str, str], int]:
        read = self._read.get(snapshot.ranking)
        if read is None or read[0] is not snapshot.items:
            ranks = {name: rank for rank, name in enumerate(names(snapshot), start=1)}
            read = self._read[snapshot.ranking] = (snapshot.items, ranks)
        return read[1]


def names(snapshot: Snapshot, *, most: int | None = None) -> Names:
    """Return what the first places of a list are called."""
    decoded = map(_decode, snapshot.items[:most])
    return [(item.content_type, item.content_id) for item in decoded]
