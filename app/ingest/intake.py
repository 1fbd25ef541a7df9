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
from app.ingest.limits import Limit, Standing, too_much
from app.ingest.metrics import ACCEPTED, DEAD, UNLIMITED
from app.ingest.packing import CONFLICT
from app.ingest.sender import ANYBODY, Sender
from app.ingest.shards import Shard, Shards
from app.ingest.stream import (
    Appended,
    Entry,
    Fault,
    NotReplicatedError,
    Reply,
    Sealed,
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
MOST_FAILURES = 2
"""After so many shards that do not take an entry it goes to the database: callers wait."""

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
        self._live = Shards(settings, redis_client, monotonic=monotonic)
        self._backfill = Shard(
            settings,
            redis_client,
            name="the backfill",
            stream=keys.BACKFILL_STREAM,
            monotonic=monotonic,
        )
        self._direct = DirectWriter(settings, pool, clock=unix_microseconds)
        self._end_stats = end_stats
        self._settings = settings
        self._wait_seconds = settings.wait_seconds
        self._block_seconds = min(1.0, settings.redis_timeout / 2)
        self._monotonic = monotonic
        # Looked up once: by its label, counting costs as much as packing some events.
        self._by_stream = ACCEPTED.labels(way="stream")
        self._by_database = ACCEPTED.labels(way="database")

    async def take(
        self, entry: Sealed, sender: Sender = ANYBODY, *, is_replicated: bool = False
    ) -> Taken:
        """Make `entry` durable; where it is to be replicated, on more than one server.

        Raises `RateLimitedError` when the sender has sent too much, `OverloadedError` when too much
        waits to be written, `UnavailableError` when it has waited too long, or neither Redis nor
        the database takes it. An entry that Redis took without telling us, or without a replica, is
        in both, which counts once.
        """
        if not entry.events:
            standings = await self.charge(entry.cost, sender)
            return Taken(Reply(faults=[], duplicates=None), standings)
        appended = await self._on_a_stream(entry, sender, is_replicated=is_replicated)
        if appended is not None:
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

    async def _on_a_stream(
        self, entry: Sealed, sender: Sender, *, is_replicated: bool
    ) -> Appended | None:
        """Put `entry` onto a stream that takes it; None where none does, which is an outage.

        Raises what `take` raises where those that answer refuse it.
        """
        shards, limits = [self._backfill], sender.limits
        if not sender.backfills:
            shards = await self._live.in_turn(is_replicated=is_replicated)
        standings: Sequence[Standing] = ()
        if limits and len(self._live) > 1 and not sender.backfills:
            # The buckets lie beside the first shard, and are no part of the others' appends.
            standings, limits = await self.charge(entry.cost, sender), ()
        refusal: GroundswellError | None = None
        failures = 0
        for shard in shards:
            if failures == MOST_FAILURES or not shard.may_try(is_replicated=is_replicated):
                continue
            outcome = await self._try(shard, entry, limits, is_replicated=is_replicated)
            if isinstance(outcome, Appended):
                return outcome._replace(standings=[*standings, *outcome.standings])
            refusal = outcome or refusal
            failures += outcome is None
        if refusal is not None:
            raise refusal
        return None

    async def _try(
        self, shard: Shard, entry: Sealed, limits: tuple[Limit, ...], *, is_replicated: bool
    ) -> Appended | GroundswellError | None:
        """Put `entry` there; else return why it answers that it takes no more, or None."""
        try:
            self._check_backlog(await shard.appender.backlog())
            appended = await shard.appender.append(entry, limits, is_replicated=is_replicated)
        except NotReplicatedError as error:
            shard.server.ends()
            shard.replicas.begins(error)
            return None
        except (RedisError, OSError) as error:
            shard.server.begins(error)
            return None
        except GroundswellError as error:
            # It answers, if only that this is too much: there is a way around an outage only.
            shard.server.ends()
            return error
        shard.server.ends()
        if is_replicated:
            shard.replicas.ends()
        if not appended.allowed:
            raise too_much(appended.standings, entry.cost)
        return appended

    async def charge(self, cost: int, sender: Sender) -> Sequence[Standing]:
        """Take events that are not stored out of the sender's limits: they are work all the same.

        Raises `RateLimitedError` when the sender has sent too much.
        """
        if self._live.first.server.is_down or not cost:
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
        """Raise where so much waits, or for so long, that more must not be promised.

        What may wait in all may wait in equal parts in each shard.
        """
        settings, parts = self._settings, len(self._live)
        if waiting.entries >= settings.max_stream_entries / parts:
            detail = f"{waiting.entries} entries wait to be written"
            raise OverloadedError(detail)
        # Full, Redis could take nothing else either, and nothing would be told to others.
        room = waiting.most // REDIS_SHARE or settings.max_stream_bytes
        if waiting.size >= min(room, settings.max_stream_bytes) / parts:
            detail = f"{waiting.size / 1e6:.0f} MB of events wait to be written"
            raise OverloadedError(detail)
        if waiting.seconds >= settings.max_stream_seconds:
            detail = f"events have been waiting to be written for {waiting.seconds:.0f} seconds"
            raise UnavailableError(detail, retry_after=LONG_RETRY_AFTER)
