"""The shards of the ingest stream: so many streams on different slots, in whichever an entry goes.

Redis remembers the most that there ever were (`keys.SHARDS`), and writers write all of them:
whoever goes on with another number, up or down, loses nothing of what waits.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import redis.asyncio
import structlog

from app.ingest import keys
from app.ingest.stream import StreamAppender
from app.runtime.outage import REDIS_ERRORS
from app.settings import Settings

PROBE_SECONDS = 1.0
"""While something is down, one request in this time tries it; the others do not wait for it."""
TELL_SECONDS = 5.0
"""How often Redis is told how many shards there are: it may have been emptied."""

_REMEMBER = """
local known = tonumber(redis.call('GET', KEYS[1]) or '1')
if known < tonumber(ARGV[1]) then redis.call('SET', KEYS[1], ARGV[1]) end
"""

log = structlog.get_logger(__name__)


class Trouble:
    """Whether something is down, and who may try it."""

    def __init__(self, what: str, monotonic: Callable[[], float]) -> None:
        self._what = what
        self._monotonic = monotonic
        self._probe_at = 0.0
        self.is_down = False

    def may_try(self) -> bool:
        """Tell whether it is up, or this one of all callers is to find out."""
        if not self.is_down:
            return True
        now = self._monotonic()
        if now < self._probe_at:
            return False
        self._probe_at = now + PROBE_SECONDS
        return True

    def begins(self, error: Exception) -> None:
        """Note that it is down."""
        if not self.is_down:
            log.warning("down: events go another way", part=self._what, error=str(error))
        self.is_down = True
        self._probe_at = self._monotonic() + PROBE_SECONDS

    def ends(self) -> None:
        """Note that it is up."""
        if self.is_down:
            log.info("back", part=self._what)
        self.is_down = False


class Shard:
    """One stream, and what one process knows of the server that has it."""

    def __init__(
        self,
        settings: Settings,
        redis_client: redis.asyncio.Redis,
        *,
        name: str,
        stream: str,
        monotonic: Callable[[], float],
    ) -> None:
        self.appender = StreamAppender(
            redis_client,
            stream=stream,
            replica_seconds=min(settings.replica_seconds, settings.redis_timeout / 2),
        )
        self.server = Trouble(f"redis, for {name}", monotonic)
        self.replicas = Trouble(f"replicas of redis, for {name}", monotonic)

    def may_try(self, *, is_replicated: bool) -> bool:
        """Tell whether an entry may be tried here."""
        return self.server.may_try() and (not is_replicated or self.replicas.may_try())


class Shards:
    """All shards of the live stream, as the settings say."""

    def __init__(
        self,
        settings: Settings,
        redis_client: redis.asyncio.Redis,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._redis = redis_client
        self._monotonic = monotonic
        self._all = [
            Shard(
                settings,
                redis_client,
                name=f"shard {number} of the stream",
                stream=keys.event_stream(number),
                monotonic=monotonic,
            )
            for number in range(settings.stream_shards)
        ]
        self._next = 0
        self._is_told = len(self._all) == 1
        self._tell_at = 0.0

    def __len__(self) -> int:
        return len(self._all)

    @property
    def first(self) -> Shard:
        """The one beside whose stream everything else of ingestion lies."""
        return self._all[0]

    async def in_turn(self, *, is_replicated: bool) -> list[Shard]:
        """Return the shards in the order in which an entry tries them.

        First comes one where others of this turn of the event loop wait, so that they are written
        together, else one that is idle, in turn.
        """
        if len(self._all) == 1:
            return self._all
        await self._tell()
        if not self._is_told:
            return self._all[:1]
        order = self._all[self._next :] + self._all[: self._next]
        best = next(_preferred(order, is_replicated=is_replicated), order[0])
        if not best.appender.is_gathering(is_replicated=is_replicated):
            self._next = (self._all.index(best) + 1) % len(self._all)
        return [best, *(shard for shard in order if shard is not best)]

    async def _tell(self) -> None:
        """Let the writers know how many there are: before that, only the first takes anything."""
        now = self._monotonic()
        if now < self._tell_at:
            return
        self._tell_at = now + TELL_SECONDS
        try:
            await self._redis.eval(_REMEMBER, 1, keys.SHARDS, str(len(self._all)))
        except REDIS_ERRORS as error:
            self._tell_at = now + PROBE_SECONDS
            log.warning("redis was not told how many shards there are", error=str(error))
        else:
            self._is_told = True


def _preferred(order: list[Shard], *, is_replicated: bool) -> Iterator[Shard]:
    up = [shard for shard in order if not shard.server.is_down]
    yield from (each for each in up if each.appender.is_gathering(is_replicated=is_replicated))
    yield from (each for each in up if each.appender.is_idle(is_replicated=is_replicated))
    yield from up


async def known_shards(redis_client: redis.asyncio.Redis) -> int:
    """Return into how many streams events were ever put; raises errors of Redis."""
    return int(await redis_client.get(keys.SHARDS) or 1)
