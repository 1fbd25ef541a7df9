"""The internal ids of items, kept in memory so that a batch asks the database once, or never."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from weakref import WeakSet

from app.ingest.rows import ItemKey
from app.items import queries as items
from app.runtime.sql import Connection


class ItemIds:
    """A bounded memory of item ids; items are never deleted, so an id never goes stale.

    Unless the database is another one than before, restored or failed over: it may give an id that
    is remembered here to another item. When it is full, the longest known are forgotten, an eighth
    at a time.
    """

    def __init__(self, *, limit: int = 500_000) -> None:
        self._limit = limit
        self._known: dict[ItemKey, int] = {}
        self._database: items.ServingDatabase | None = None
        """Which one they are of."""
        self._seen = WeakSet[Connection]()
        """Connections that are known to lead there."""

    async def check(self, connection: Connection) -> None:
        """Forget all ids if `connection` does not lead to the database that gave them."""
        if connection in self._seen:
            return
        database = await items.serving_database(connection)
        if database != self._database:
            self._known, self._database = {}, database
            self._seen.clear()
        self._seen.add(connection)

    @property
    def known(self) -> Mapping[ItemKey, int]:
        """The ids it remembers."""
        return self._known

    async def resolve(self, connection: Connection, wanted: set[ItemKey]) -> Mapping[ItemKey, int]:
        """Return an id for each of `wanted` at least, registering unknown items.

        Call it outside a transaction: an id is only remembered once its row is committed.
        """
        known = self._known
        if wanted <= known.keys():
            return known
        found = {key: known[key] for key in wanted if key in known}
        missing = sorted(wanted - found.keys())
        rows = await items.resolve_items(
            connection,
            content_types=[content_type for content_type, _ in missing],
            external_ids=[content_id for _, content_id in missing],
        )
        fresh = {(row.content_type, row.external_id): row.item_id for row in rows}
        self._remember(fresh)
        return found | fresh

    def _remember(self, fresh: dict[ItemKey, int]) -> None:
        self._known.update(fresh)
        excess = len(self._known) - self._limit
        if excess > 0:
            drop = max(excess, self._limit // 8)
            # Another memory: whoever was given the old one still has what it asked for.
            self._known = dict(islice(self._known.items(), drop, None))
