"""Warms the cache: what is at the top of lists is what is asked for next."""

from __future__ import annotations

import asyncio

from app.rankings.places import Names, names
from app.rankings.snapshots import Snapshots
from app.stats.cache import StatsCache

PLACES = 20
"""How many of each list are kept warm..."""
MOST = 300
"""...and how many of all: the first places of all lists before the second ones of any."""
SETTLE_SECONDS = 1.0
"""The lists of one run are published one by one: all are there so long after the first."""


class Warmer:
    """Asks for the stats of the best of each list whenever a list has changed.

    Of any number of processes, one queries each item (`StatsCache`); to the others it is a look.
    """

    def __init__(self, cache: StatsCache, snapshots: Snapshots) -> None:
        self._cache = cache
        self._snapshots = snapshots

    async def run(self) -> None:
        """Warm after each run, until cancelled."""
        while True:
            await self._snapshots.changed.wait()
            await asyncio.sleep(SETTLE_SECONDS)
            self._snapshots.changed.clear()
            lists = self._snapshots.current.values()
            await self._cache.many(top_of([names(found, most=PLACES) for found in lists]))


def top_of(lists: list[Names]) -> Names:
    """Return the best of all lists, at most `MOST`."""
    longest = max(map(len, lists), default=0)
    by_place = [found[place] for place in range(longest) for found in lists if place < len(found)]
    return list(dict.fromkeys(by_place))[:MOST]
