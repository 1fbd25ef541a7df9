"""Lists that are not held ready as answers: segments, later pages, past runs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import cast

import msgspec
from redis.asyncio import Redis

from app.errors import BusyError, UnavailableError
from app.rankings import keys
from app.rankings.metrics import LIST_LOOKUPS
from app.rankings.runs import run_at, snapshot_entries, stored_run
from app.rankings.snapshot import HEAD, Snapshot, encode_snapshot, unpack
from app.rankings.snapshots import Snapshots
from app.runtime.outage import DATABASE_ERRORS, REDIS_ERRORS
from app.runtime.pool import Pool, failure_of
from app.runtime.replicas import read
from app.runtime.sql import Connection
from app.settings import Settings

RETRY_AFTER = 2.0
"""Seconds after which a caller may try again when both Redis and the database are down."""


class Lists:
    """Finds any kept list: in memory, else by one read of Redis, else in the database.

    Each method raises `UnavailableError` where Redis cannot help and the database is down.
    """

    def __init__(
        self,
        *,
        settings: Settings,
        pool: Pool,
        redis: Redis,
        snapshots: Snapshots,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.settings = settings
        self.pool = pool
        self.redis = redis
        self.snapshots = snapshots
        self.now = now

    async def current(self, ranking: str, segment: str) -> Snapshot | None:
        """Return a list of the newest run; None before the first, and for an unknown ranking."""
        held = self.snapshots.current.get(ranking)
        if held is not None:
            found = await self.of_run(ranking, held.run_id, segment)
            if found is not None:
                # What is confirmed of the whole list is so of its parts.
                return msgspec.structs.replace(found, as_of=held.as_of)
        # A disabled ranking is served by nobody, but its last snapshot stays.
        return await self.at(ranking, segment, as_of=self.now())

    async def of_run(self, ranking: str, run_id: int, segment: str) -> Snapshot | None:
        """Return a list of one run of the ranking, or None where that run is no longer kept."""
        held = self.snapshots.current.get(ranking)
        if held is not None and held.run_id == run_id and not segment:
            LIST_LOOKUPS.labels("memory").inc()
            return held
        published = await self._published(ranking, run_id, segment)
        if published is not None:
            LIST_LOOKUPS.labels("redis").inc()
            return published
        LIST_LOOKUPS.labels("database").inc()
        try:
            return await read(
                self.pool,
                lambda each: _stored(each, ranking, run_id, segment),
                within=self.settings.database_timeout,
            )
        except DATABASE_ERRORS as error:
            raise self._failure(error) from error

    async def at(self, ranking: str, segment: str, *, as_of: datetime) -> Snapshot | None:
        """Return a list of the run that was the newest then, or None where none is kept."""
        try:
            run = await read(
                self.pool,
                lambda each: run_at(each, ranking=ranking, as_of=as_of),
                within=self.settings.database_timeout,
            )
        except DATABASE_ERRORS as error:
            raise self._failure(error) from error
        return None if run is None else await self.of_run(ranking, run.run_id, segment)

    def _failure(self, error: Exception) -> UnavailableError:
        failure = failure_of(self.pool, error, within=self.settings.database_timeout)
        if isinstance(failure, BusyError):
            return failure
        return UnavailableError(
            "neither Redis nor the database has this list", retry_after=RETRY_AFTER
        )

    async def _published(self, ranking: str, run_id: int, segment: str) -> Snapshot | None:
        """Read the list from Redis; None where that has failed for any reason."""
        key = keys.trending_snapshot(ranking, run_id)
        with suppress(*REDIS_ERRORS, msgspec.DecodeError):
            head, items = await cast(
                "Awaitable[list[bytes | None]]", self.redis.hmget(key, [HEAD, segment.encode()])
            )
            if head is not None:
                return unpack(head, items, segment=segment)
        return None


async def _stored(
    connection: Connection, ranking: str, run_id: int, segment: str
) -> Snapshot | None:
    run = await stored_run(connection, ranking=ranking, run_id=run_id)
    if run is None:
        return None
    entries = await snapshot_entries(connection, run_id=run.run_id, segment=segment)
    return encode_snapshot(run, entries, segment=segment)
