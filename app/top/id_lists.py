"""Top lists as sorted sets of ids, for who reads Redis itself; each some seconds old at most."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence

from redis.asyncio import Redis

from app.rankings import id_lists
from app.rankings.id_lists import IdKeys, Place
from app.runtime.pool import Pool, borrowed
from app.top import keys
from app.top.queries import TopListSettings, top_items
from app.top.shown import ShownPage, read_shown

TOP = IdKeys(keys.TOP_IDS, keys.top_ids, keys.top_ids_of_type)
NAMES_SECONDS = 60.0
"""How long the names of items are remembered."""


class TopIds:
    """Writes out who is in each list, in its order, where that has changed."""

    def __init__(
        self, *, pool: Pool, redis: Redis, within: float, clock: Callable[[], float] = time.time
    ) -> None:
        self.pool = pool
        self.redis = redis
        self.within = within
        """Longest time that the database may take to name the items, in seconds."""
        self.clock = clock
        self._names: dict[int, Place] = {}
        self._forget_at = 0.0

    async def put(self, wanted: Sequence[TopListSettings]) -> None:
        """Bring the lists of ids up to the lists as they stand."""
        pages = {
            one.ranking: page
            for one in wanted
            if (
                page := await read_shown(
                    self.redis,
                    self.pool,
                    within=self.within,
                    ranking=one.ranking,
                    offset=0,
                    limit=one.size,
                )
            )
        }
        await self._name(pages.values())
        lists = {ranking: self._places(page) for ranking, page in pages.items()}
        seconds = {one.ranking: one.redis_seconds for one in wanted}
        await id_lists.put(self.redis, TOP, lists, seconds)
        await id_lists.withdraw(self.redis, TOP, seconds)

    async def _name(self, pages: Iterable[ShownPage]) -> None:
        """Look up the items in lists whose names are not known."""
        if self.clock() >= self._forget_at:
            self._names.clear()
            self._forget_at = self.clock() + NAMES_SECONDS
        unknown = {
            place.item_id for page in pages for place in page.places if place.item_id is not None
        } - self._names.keys()
        if unknown:
            async with borrowed(self.pool, within=self.within) as connection:
                found = await top_items(connection, item_ids=sorted(unknown))
            self._names.update(
                (item.item_id, (item.content_type, item.content_id)) for item in found
            )

    def _places(self, page: ShownPage) -> list[Place]:
        return [
            (page.head.subject, place.name or "")
            if place.item_id is None
            else self._names[place.item_id]
            for place in page.places
            if place.item_id is None or place.item_id in self._names
        ]
