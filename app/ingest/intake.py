"""Take accepted events in: onto the stream, or straight to the database while Redis is down."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import NamedTuple, TypeAlias

import msgspec
import redis.asyncio
import structlog
from redis.exceptions import RedisError

from app.errors import GroundswellError, OverloadedError, UnavailableError
from app.ingest import keys
from app.ingest.allowance import allow
from app.ingest.dead_letters import dead_fields
from app.ingest.direct import DirectWriter
from app.ingest.limits import Standing, too_much
from app.ingest.metrics import ACCEPTED, DEAD, UNLIMITED
from app.ingest.packing import CONFLICT
from app.ingest.sender import ANYBODY, Sender
from app.ingest.stream import (
    Appended,
    Entry,
    Fault,
    Reply,
    Sealed,
    StreamAppender,
    to_fields,
)
from app.ingest.waiting import Waiting
from app.runtime.moments import unix_microseconds
from app.runtime.pool import Pool
from app.settings import Settings
from app.stats.keys import Item

log = structlog.get_logger(__name__)

LONG_RETRY_AFTER = 30.0
"""Seconds after which a caller may try again when nothing has been written for long."""
REDIS_SHARE = 3
"""A stream may take one part in so many of the memory that Redis is allowed."""
PROBE_SECONDS = 1.0
"""While Redis is down, one request in this time tries it; the others do not wait for it."""

EndStats: TypeAlias = Callable[[Collection[Item]], Awaitable[None]]
"""Ends what is cached of items' stats, now or as soon as Redis is back."""

_decode_reply = msgspec.json.Decoder(Reply).decode


class Taken(NamedTuple):
    """Where an entry is now."""

    reply: Reply | None = None
    """What became of it, where it is in the database already."""
    standings: Sequence[Standing] = ()
    """How its sender's limits stand."""


class Intake:
    """One process's way in; what it has taken is durable."""

    def __init__(
        self,
        settings: Settings,
        pool: Pool,
        redis_client: redis.asyncio.Redis,
        *,
        end_stats: EndStats | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._redis = redis_client
        self._live = StreamAppender(redis_client)
        self._backfill = StreamAppender(redis_client, stream=keys.BACKFILL_STREAM)
        self._direct = DirectWriter(settings, pool, clock=unix_microseconds)
        self._end_stats = end_stats
        self._settings = settings
        self._wait_seconds = settings.wait_seconds
        self._block_seconds = min(1.0, settings.redis_timeout / 2)
        self._monotonic = monotonic
        self._down = False
        self._probe_at = 0.0
        # Looked up once: by its label, counting costs as much as packing some events.
        self._by_stream = ACCEPTED.labels(way="stream")
        self._by_database = ACCEPTED.labels(way="database")

    async def take(self, entry: Sealed, sender: Sender = ANYBODY) -> Taken:
        """Make `entry` durable.

        Raises `RateLimitedError` when the sender has sent too much, `OverloadedError` when too much
        waits to be written, `UnavailableError` when it has waited too long, or neither Redis nor
        the database takes it. An entry that Redis took without telling us is in both, which counts
        once.
        """
        if not entry.events:
            standings = await self.charge(entry.cost, sender)
            return Taken(Reply(faults=[], duplicates=None), standings)
        if not self._down or self._may_probe():
            try:
                appended = await self._append(entry, sender)
            except (RedisError, OSError) as error:
                self._note_down(error)
            except GroundswellError:
                # It answers, if only that this is too much: there is a way around an outage only.
                self._note_up()
                raise
            else:
                self._note_up()
                self._by_stream.inc(entry.events)
                return Taken(standings=appended.standings)
        if sender.limits:
            UNLIMITED.labels(limit="rate").inc()
        opened = entry.opened()
        reply = await self._direct.write(opened)
        self._by_database.inc(entry.events - len(reply.faults))
        if self._end_stats is not None:
            await self._end_stats({(each.content_type, each.content_id) for each in opened.events})
        # What an id stands for already is nobody's to replay.
        if bad := [fault for fault in reply.faults if fault[1] != CONFLICT]:
            await self._bury(opened, bad)
        return Taken(reply)

    async def charge(self, cost: int, sender: Sender) -> Sequence[Standing]:
        """Take events that are not stored out of the sender's limits: they are work all the same.

        Raises `RateLimitedError` when the sender has sent too much.
        """
        if self._down or not cost:
            return ()
        return await allow(self._redis, sender.limits, cost=cost)

    async def written(self, request_id: str) -> Reply | None:
        """Wait until the writer has written an entry, and return what it could not write of it.

        None when it takes longer than `wait_seconds`, or Redis goes down: it is still durable.
        """
        deadline = self._monotonic() + self._wait_seconds
        while (left := deadline - self._monotonic()) > 0:
            seconds = max(0.01, min(left, self._block_seconds))
            try:
                answer = await self._redis.blpop([keys.reply(request_id)], timeout=seconds)
            except (RedisError, OSError):
                return None
            if answer:
                return _decode_reply(answer[1])
        return None

    async def _append(self, entry: Sealed, sender: Sender) -> Appended:
        stream = self._backfill if sender.backfills else self._live
        self._check_backlog(await stream.backlog())
        appended = await stream.append(entry, sender.limits)
        if not appended.allowed:
            raise too_much(appended.standings, entry.cost)
        return appended

    async def _bury(self, entry: Entry, faults: list[Fault]) -> None:
        """Keep as dead letters what the caller hears is refused, where Redis takes them."""
        log.error("events could not be stored", faults=[reason for _, reason in faults[:10]])
        try:
            for position, reason in faults:
                fields = to_fields(entry._replace(events=[entry.events[position]], request_id=None))
                await self._redis.xadd(
                    keys.DEAD_STREAM, dict(dead_fields(fields, reason=reason, first_id=b"").items())
                )
        except (RedisError, OSError) as error:
            log.warning("they are no dead letters: redis is down", error=str(error))
        else:
            DEAD.inc(len(faults))

    def _check_backlog(self, waiting: Waiting) -> None:
        """Raise where so much waits, or for so long, that more must not be promised."""
        settings = self._settings
        if waiting.entries >= settings.max_stream_entries:
            detail = f"{waiting.entries} entries wait to be written"
            raise OverloadedError(detail)
        # Full, Redis could take nothing else either, and nothing would be told to others.
        room = waiting.most // REDIS_SHARE or settings.max_stream_bytes
        if waiting.size >= min(room, settings.max_stream_bytes):
            detail = f"{waiting.size / 1e6:.0f} MB of events wait to be written"
            raise OverloadedError(detail)
        if waiting.seconds >= settings.max_stream_seconds:
            detail = f"events have been waiting to be written for {waiting.seconds:.0f} seconds"
            raise UnavailableError(detail, retry_after=LONG_RETRY_AFTER)

    def _may_probe(self) -> bool:
        now = self._monotonic()
        if now < self._probe_at:
            return False
        self._probe_at = now + PROBE_SECONDS
        return True

    def _note_down(self, error: Exception) -> None:
        if not self._down:
            log.warning("redis is down: events go straight to the database", error=str(error))
        self._down = True
        self._probe_at = self._monotonic() + PROBE_SECONDS

    def _note_up(self) -> None:
        if self._down:
            log.info("redis is back: events go to the stream")
        self._down = False
