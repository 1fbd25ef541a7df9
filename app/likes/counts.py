"""Like counts in Redis, each with the version that the database gave it.

Two toggles may commit in one order and reach Redis in the other. The version rises with each
change in the order of the commits, so Redis compares, in one step, and keeps the newer count: no
order of writes, retries and refills can leave an older one. But a database that was restored, or
has failed over, may give lower versions than Redis has: what it says after Redis was read is right,
whatever the version.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple, Protocol, cast

import structlog
from redis.asyncio import Redis

from app.likes import keys
from app.likes.metrics import LIKE_COUNT_LOOKUPS
from app.runtime.outage import REDIS_ERRORS
from app.stats.invalidation import forget
from app.stats.keys import Item

KEPT_SECONDS = 86_400
"""How long a count that nobody changes or asks the database for stays in Redis."""

# KEYS: a count. ARGV: version, likes, milliseconds to live.
_STORE = """
local known = redis.call('get', KEYS[1])
local version = string.match(known or '', '^(%d+) %d+$')
if version and tonumber(version) > tonumber(ARGV[1]) then return 0 end
redis.call('set', KEYS[1], ARGV[1] .. ' ' .. ARGV[2], 'px', ARGV[3])
return 1
"""
# KEYS: a count. ARGV: what was found there, what takes its place, if any, milliseconds to live.
_MEND = """
if redis.call('get', KEYS[1]) ~= ARGV[1] then return 0 end
if ARGV[2] == '' then return redis.call('unlink', KEYS[1]) end
redis.call('set', KEYS[1], ARGV[2], 'px', ARGV[3])
return 1
"""
_KEPT_MS = 1_000 * KEPT_SECONDS

log = structlog.get_logger(__name__)


class LikeCount(NamedTuple):
    """How many users like an item, as of a version."""

    version: int
    likes: int


class Counted(Protocol):
    """A count as the database tells it."""

    @property
    def version(self) -> int:
        """Rises with every change of the count."""

    @property
    def likes(self) -> int:
        """Users who like it."""


class LikeCounts:
    """The counts in Redis. While Redis is down, nothing is found and nothing is stored."""

    def __init__(
        self, redis: Redis, *, owe: Callable[[Iterable[Item]], None] = lambda _: None
    ) -> None:
        """`owe` is told whose stats Redis could not be told have changed."""
        self._redis = redis
        self._owe = owe

    async def get(self, item: Item) -> LikeCount | None:
        """Return the count of an item, or None where Redis does not know it."""
        try:
            value = cast("bytes | None", await self._redis.get(keys.like_count(*item)))
        except REDIS_ERRORS:
            value = None
        count = _parse(value)
        LIKE_COUNT_LOOKUPS.labels("database" if count is None else "cache").inc()
        return count

    async def get_many(self, items: Sequence[Item]) -> dict[Item, LikeCount]:
        """Return those counts of items that Redis knows, in one round trip."""
        values: Sequence[bytes | None] = ()
        with suppress(*REDIS_ERRORS):
            async with self._redis.pipeline(transaction=False) as pipe:
                for item in items:
                    pipe.get(keys.like_count(*item))
                values = await pipe.execute()
        found = {
            item: count
            for item, value in zip(items, values, strict=False)
            if (count := _parse(value)) is not None
        }
        LIKE_COUNT_LOOKUPS.labels("cache").inc(len(found))
        LIKE_COUNT_LOOKUPS.labels("database").inc(len(items) - len(found))
        return found

    async def store_many(self, counted: Mapping[Item, Counted]) -> None:
        """Keep counts of the database, each unless a newer one is there, in one round trip."""
        with suppress(*REDIS_ERRORS):
            async with self._redis.pipeline(transaction=False) as pipe:
                for item, count in counted.items():
                    pipe.eval(_STORE, 1, keys.like_count(*item), *_arguments(count))
                await pipe.execute()

    async def settle(self, item: Item, held: LikeCount | None, counted: Counted) -> None:
        """Keep a count that the database gave after `held` was read; it wins over that."""
        if held is None:
            await self.store(item, counted)
            return
        with suppress(*REDIS_ERRORS):
            await self.mend([(item, _text(held), counted)])

    async def store(self, item: Item, counted: Counted) -> None:
        """Keep a count of the database, unless a newer one is there."""
        with suppress(*REDIS_ERRORS):
            await self._redis.eval(_STORE, 1, keys.like_count(*item), *_arguments(counted))

    async def note_change(self, item: Item, counted: Counted | None) -> None:
        """Bring to Redis what a toggle has changed; None where nobody knows what it came to.

        The count and the stats are on two shards, so these are two steps.
        """
        try:
            async with self._redis.pipeline(transaction=False) as pipe:
                if counted is None:
                    pipe.unlink(keys.like_count(*item))
                else:
                    pipe.eval(_STORE, 1, keys.like_count(*item), *_arguments(counted))
                forget(pipe, [item], awaited=[item])
                await pipe.execute()
        except REDIS_ERRORS as error:
            # Whoever asks next for this item mends it, or the reconciling job does.
            log.warning("a like count did not reach redis", error=str(error))
            self._owe([item])

    async def mend(self, found: Sequence[tuple[Item, bytes, Counted | None]]) -> int:
        """Replace counts that were found in Redis by what the database said after that.

        What the database does not have is forgotten. Returns how many were other; what has changed
        since it was found stays. Raises what Redis raises.
        """
        wrong = [
            (keys.like_count(*item), held, wanted)
            for item, held, counted in found
            if held != (wanted := b"" if counted is None else _text(counted))
        ]
        async with self._redis.pipeline(transaction=False) as pipe:
            for key, held, wanted in wrong:
                pipe.eval(_MEND, 1, key, held, wanted, str(_KEPT_MS))
            mended: Iterable[int] = await pipe.execute()
        return sum(mended)


def _text(counted: Counted) -> bytes:
    return b"%d %d" % (counted.version, counted.likes)


def _arguments(counted: Counted) -> tuple[str, str, str]:
    return str(counted.version), str(counted.likes), str(_KEPT_MS)


def _parse(value: bytes | None) -> LikeCount | None:
    version, _, likes = (value or b"").partition(b" ")
    if not (version.isdigit() and likes.isdigit()):
        return None
    return LikeCount(int(version), int(likes))
