"""Stats of one item: from Redis while they are fresh, else refreshed from SQL by one caller."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeAlias, cast
from uuid import uuid4

import msgspec
from redis.asyncio import Redis

from app.errors import BusyError, UnavailableError, UnknownItemError
from app.runtime.outage import DATABASE_ERRORS, REDIS_ERRORS
from app.runtime.pool import Pool, borrowed, failure_of
from app.settings import Settings
from app.stats import keys
from app.stats.metrics import STATS_LOOKUPS
from app.stats.queries import item_stats
from app.stats.wire import ItemStats

LAST_KNOWN_SECONDS = 86_400
"""How long a value is kept for the case that the database is down."""
LOCK_MS = 1_000
"""An item costs at most one query in this time, however many ask."""
UNKNOWN_MS = 1_000
"""How long an unknown item is remembered as such; short, because any event can create it."""
DATABASE_PAUSE = 1.0
"""Seconds in which a process does not ask again a database that has just failed."""
PEEK_SECONDS = 0.02
"""How often a caller looks whether the one that refreshes has finished."""
UNKNOWN = b"null"
"""Stands in the place of the value of an unknown item."""
FRESH = b"1"
"""What a `fresh` key holds that is no claim."""
DOWN = b"down "
"""Begins a `fresh` key that says the opposite: the last refresh met a database that is down."""
DOWN_MS = 10_000
"""How long that is remembered; meanwhile a refresh is tried once per `LOCK_MS`."""

STORE = """
local claim = redis.call('get', KEYS[2])
if claim and claim ~= ARGV[1] then return 0 end
redis.call('set', KEYS[1], ARGV[2], 'px', ARGV[3])
if claim then redis.call('set', KEYS[2], '1', 'px', ARGV[4]) end
return 1
"""
"""Store a refreshed value, and call it fresh only if nothing has happened since it was claimed.

KEYS value, fresh; ARGV claim, value, its ms to live, ms of freshness. A writer that commits during
the refresh unlinks `fresh`: the value is stored, but the next reader refreshes again. Another
claim means that a newer refresh has begun: an older value must not overwrite its result.
"""

Item: TypeAlias = tuple[str, str]
"""Content type and content id."""


class StatsCache:
    """Answers stats as encoded JSON. `clock` is monotonic seconds, `now` the time counted up to."""

    def __init__(
        self,
        *,
        settings: Settings,
        pool: Pool,
        redis: Redis,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.settings = settings
        self.pool = pool
        self.redis = redis
        self.clock = clock
        self.now = now
        self._store = redis.register_script(STORE)
        self._database_down_until = 0.0
        self._queries = dict[Item, asyncio.Task[bytes]]()

    async def get(self, *, content_type: str, content_id: str) -> bytes:
        """Return the JSON of the item's `ItemStats`.

        Older than `settings.stats_fresh_seconds` only while another caller refreshes it, or, with
        `stale` true, while the database is down. Raises `UnknownItemError`, and `UnavailableError`
        when the database is down and Redis is too or has no value.
        """
        item = (content_type, content_id)
        try:
            value = await self._through_redis(item)
        except REDIS_ERRORS:
            STATS_LOOKUPS.labels("database").inc()
            value = await self._shared_query(item)
        if value == UNKNOWN:
            raise UnknownItemError(f"no {content_type} {content_id!r} has ever been named")
        return value

    async def _through_redis(self, item: Item) -> bytes:
        value, fresh = await self._read(item)
        down = fresh is not None and fresh.startswith(DOWN)
        if value == UNKNOWN and fresh != FRESH:
            # An event may have made it known: that nobody knew it is no answer any more.
            if not down:
                STATS_LOOKUPS.labels("database").inc()
                return await self._refresh(item, None, down=False)
            value = None
        if value is not None and fresh and not down:
            STATS_LOOKUPS.labels("cache").inc()
            return value
        if await self.redis.set(keys.stats_lock(*item), b"", nx=True, px=LOCK_MS):
            return await self._refresh(item, value, down=down)
        if value is None:
            value = await self._wait_for_value(item)
        if value is None:
            STATS_LOOKUPS.labels("database").inc()
            return await self._shared_query(item)
        STATS_LOOKUPS.labels("last known" if down else "refreshing").inc()
        return _stale(value) if down else value

    async def _read(self, item: Item) -> tuple[bytes | None, bytes | None]:
        found = await self.redis.mget(keys.stats_value(*item), keys.stats_fresh(*item))
        value, fresh = cast("list[bytes | None]", found)
        return value, fresh

    async def _refresh(self, item: Item, last_known: bytes | None, *, down: bool) -> bytes:
        """Claim, ask the database, store; the claim comes first, see `STORE`."""
        fresh = keys.stats_fresh(*item)
        claim = (DOWN if down else b"") + uuid4().hex.encode()
        await self.redis.set(fresh, claim, px=int(1_000 * self.settings.database_timeout) + LOCK_MS)
        try:
            # Never a query that began before the claim: it may have missed what unlinks the claim.
            value = await self._query(item)
        except UnavailableError:
            await self.redis.set(fresh, DOWN, px=DOWN_MS)
            if last_known is None:
                raise
            STATS_LOOKUPS.labels("last known").inc()
            return _stale(last_known)
        STATS_LOOKUPS.labels("database").inc()
        known = value != UNKNOWN
        alive = 1_000 * LAST_KNOWN_SECONDS if known else UNKNOWN_MS
        fresh_ms = int(1_000 * self.settings.stats_fresh_seconds) if known else UNKNOWN_MS
        await self._store(
            keys=[keys.stats_value(*item), fresh], args=[claim, value, alive, fresh_ms]
        )
        return value

    async def _wait_for_value(self, item: Item) -> bytes | None:
        """Wait for the value another caller is fetching, as long as its lock can last."""
        deadline = self.clock() + LOCK_MS / 1_000
        while self.clock() < deadline:
            await asyncio.sleep(PEEK_SECONDS)
            value, _ = await self._read(item)
            if value is not None:
                return value
        return None

    async def _shared_query(self, item: Item) -> bytes:
        """Ask the database, once for all callers of this process that want the item now."""
        query = self._queries.get(item)
        if query is None:
            query = asyncio.create_task(self._query(item))
            self._queries[item] = query
            query.add_done_callback(lambda _: self._queries.pop(item))
        # One caller that hangs up must not take the answer away from the others.
        return await asyncio.shield(query)

    async def _query(self, item: Item) -> bytes:
        if self.clock() < self._database_down_until:
            raise UnavailableError("the database is down", retry_after=DATABASE_PAUSE)
        content_type, content_id = item
        try:
            async with borrowed(self.pool, within=self.settings.database_timeout) as c:
                stats = await item_stats(
                    c, content_type=content_type, content_id=content_id, as_of=self.now()
                )
        except DATABASE_ERRORS as error:
            failure = failure_of(self.pool, error, within=self.settings.database_timeout)
            if not isinstance(failure, BusyError):
                self._database_down_until = self.clock() + DATABASE_PAUSE
            raise failure from error
        return UNKNOWN if stats is None else msgspec.json.encode(_in_utc(stats))


def _in_utc(stats: ItemStats) -> ItemStats:
    return msgspec.structs.replace(stats, as_of=stats.as_of.astimezone(UTC))


def _stale(value: bytes) -> bytes:
    if value == UNKNOWN:
        return value
    stats = msgspec.json.decode(value, type=ItemStats)
    return msgspec.json.encode(msgspec.structs.replace(stats, stale=True))
