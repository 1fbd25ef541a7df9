"""Which items the catalogue has, for a service that refuses events of others.

A process remembers the items it has met: they are never deleted. The others of a request are looked
up in one query. That an item is missing is remembered for seconds, and only as long as no process
has written to the catalogue, which a counter in Redis tells. When nobody can tell in time, an item
counts as known: an event is never lost to an outage.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from typing import NamedTuple, cast

import redis.asyncio
import structlog
from redis.exceptions import RedisError

from app.ingest import keys
from app.ingest.metrics import UNLIMITED
from app.ingest.rows import ItemKey
from app.items.queries import known_items
from app.runtime.outage import DATABASE_ERRORS
from app.runtime.pool import Pool, borrowed

LOOKUP_SECONDS = 0.5
"""Longest time a request waits to be told; the lookup goes on for those that come after."""
LONGEST_LOOKUP_SECONDS = 5.0
"""Longest time that a lookup takes, also for those that come after."""
PAUSE_SECONDS = 1.0
"""After a lookup that failed or took too long, nothing is looked up for so long."""
MISSING_SECONDS = 5.0
"""For how long an item is remembered as missing."""
MOST_KNOWN = 200_000
MOST_MISSING = 20_000

log = structlog.get_logger(__name__)


def not_in_catalogue(content_type: str, content_id: str) -> str:
    """Return why an event of such an item is refused."""
    return f"contentId: no {content_type} {content_id!r} is in the catalogue"


class _Missing(NamedTuple):
    """That an item was missing, in that state of the catalogue, and until when to believe it."""

    version: bytes
    until: float


class KnownItems:
    """The catalogue's names, as far as one process has met them."""

    def __init__(
        self,
        pool: Pool,
        redis_client: redis.asyncio.Redis,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pool = pool
        self._redis = redis_client
        self._clock = clock
        self._known: dict[ItemKey, None] = {}
        self._missing: dict[ItemKey, _Missing] = {}
        self._lookups = set[asyncio.Task[set[ItemKey]]]()
        self._pause_until = 0.0
        self._deaf_until = 0.0
        """Redis has just failed: it is not asked until then."""

    async def unknown_of(self, wanted: set[ItemKey]) -> set[ItemKey]:
        """Return those of `wanted` that are surely not in the catalogue."""
        unsure = wanted - self._known.keys()
        if not unsure:
            return unsure
        # Before the database is asked: what is written to the catalogue in between must show.
        version = await self._version()
        missing = {key for key in unsure if self._is_missing(key, version)}
        if unsure > missing:
            missing |= await self._look_up(unsure - missing, version)
        return missing

    async def written(self, items: Iterable[ItemKey]) -> None:
        """Note that the catalogue has these now; every process hears of it at its next miss."""
        self._remember(items)
        try:
            await self._redis.incr(keys.CATALOGUE_VERSION)
        except (RedisError, OSError) as error:
            # They notice by themselves when what they remember as missing has expired.
            log.warning("other processes hear of new items late", error=str(error))

    async def _version(self) -> bytes | None:
        """Return the state of the catalogue, None where Redis does not tell."""
        if self._clock() < self._deaf_until:
            return None
        try:
            found = await self._redis.get(keys.CATALOGUE_VERSION)
        except (RedisError, OSError):
            self._deaf_until = self._clock() + PAUSE_SECONDS
            return None
        return cast("bytes | None", found) or b""

    def _is_missing(self, key: ItemKey, version: bytes | None) -> bool:
        missing = self._missing.get(key)
        return missing is not None and missing.version == version and missing.until > self._clock()

    async def _look_up(self, asked: set[ItemKey], version: bytes | None) -> set[ItemKey]:
        if self._clock() >= self._pause_until:
            lookup = asyncio.create_task(self._missing_of(asked, version))
            self._lookups.add(lookup)
            lookup.add_done_callback(self._ended)
            done, _ = await asyncio.wait({lookup}, timeout=LOOKUP_SECONDS)
            if done and lookup.exception() is None:
                return lookup.result()
            self._pause_until = self._clock() + PAUSE_SECONDS
        UNLIMITED.labels(limit="unknown items").inc(len(asked))
        return set()

    async def _missing_of(self, asked: set[ItemKey], version: bytes | None) -> set[ItemKey]:
        names = sorted(asked)
        async with borrowed(self._pool, within=LONGEST_LOOKUP_SECONDS) as connection:
            rows = await known_items(
                connection,
                content_types=[content_type for content_type, _ in names],
                external_ids=[content_id for _, content_id in names],
            )
        found = {(row.content_type, row.external_id) for row in rows}
        self._remember(found)
        missing = asked - found
        if version is not None:
            if len(self._missing) + len(missing) > MOST_MISSING:
                self._missing.clear()
            until = self._clock() + MISSING_SECONDS
            self._missing.update(dict.fromkeys(missing, _Missing(version, until)))
        return missing

    def _ended(self, lookup: asyncio.Task[set[ItemKey]]) -> None:
        self._lookups.discard(lookup)
        if lookup.cancelled():
            return
        error = lookup.exception()
        if isinstance(error, DATABASE_ERRORS):
            log.warning("items cannot be looked up: events of any are accepted", error=str(error))
        elif error is not None:
            log.error("looking items up failed", exc_info=error)

    def _remember(self, items: Iterable[ItemKey]) -> None:
        self._known.update(dict.fromkeys(items))
        excess = len(self._known) - MOST_KNOWN
        if excess > 0:
            for key in list(self._known)[: max(excess, MOST_KNOWN // 8)]:
                del self._known[key]
