"""The publisher's part for top lists: new members with every run, and counts that are right."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC
from typing import cast

import structlog
from redis.asyncio import Redis

from app.rankings.runs import Run
from app.rankings.wire import Window
from app.runtime.moments import microseconds
from app.runtime.outage import REDIS_ERRORS
from app.runtime.pool import Pool, borrowed
from app.top.lists import (
    Head,
    Metric,
    Subject,
    Version,
    hold,
    read_heads,
    release,
    switch,
    withdraw,
)
from app.top.members import item_member, name_member
from app.top.queries import TopListCounts, top_list_counts

FORMULA = "top_count"
RECOUNT_SECONDS = 300.0
"""How often a list is counted anew although no run was made: whatever writers or Redis have lost
is right again after that."""
COUNT_SECONDS = 20.0
"""Longest time that counting one list may take; writers wait for it with what they have."""
HOLD_MARGIN = 5.0
"""Seconds by which a hold outlives that."""


log = structlog.get_logger(__name__)


class TopPublisher:
    """Keeps every enabled ranking of formula top_count in Redis as a sorted set.

    Any number may work: the hold lets one replace lists at a time. One that dies loses it after
    some seconds, and has then changed nothing. `clock` is Unix time.
    """

    def __init__(
        self,
        *,
        pool: Pool,
        redis: Redis,
        clock: Callable[[], float] = time.time,
        count_seconds: float = COUNT_SECONDS,
    ) -> None:
        self.pool = pool
        self.redis = redis
        self.clock = clock
        self.count_seconds = count_seconds
        self._rests_until: dict[str, float] = {}
        """Lists that took too long to count, and when they are tried again."""

    async def publish(self, runs: list[Run]) -> int:
        """Publish the top lists that are due, forget those that are none any more.

        Returns how many were replaced: none while another publisher is at it.
        """
        wanted = {run.ranking: run for run in runs if run.formula == FORMULA}
        heads = await read_heads(self.redis, wanted)
        due = [name for name, run in wanted.items() if self._is_due(run, heads.get(name))]
        began = time.monotonic()
        # One by one: writers wait for each only as long as it takes.
        sizes = [await self._try_replace(name) for name in due]
        await withdraw(self.redis, set(wanted))
        replaced = [size for size in sizes if size is not None]
        if replaced:
            log.info(
                "top lists published",
                lists=len(replaced),
                members=sum(replaced),
                seconds=round(time.monotonic() - began, 3),
            )
        return len(replaced)

    async def _try_replace(self, ranking: str) -> int | None:
        try:
            return await self.replace(ranking)
        except TimeoutError:
            # It must not keep the others waiting again and again.
            self._rests_until[ranking] = self.clock() + RECOUNT_SECONDS
            log.warning("a top list takes too long to count", ranking=ranking)
            return None

    def _is_due(self, run: Run, head: Head | None) -> bool:
        if self.clock() < self._rests_until.get(run.ranking, 0.0):
            return False
        return (
            head is None
            or (head.run_id, head.confirmed_at) != (run.run_id, run.confirmed_at)
            or self.clock() - head.published_at >= RECOUNT_SECONDS
        )

    async def replace(self, ranking: str) -> int | None:
        """Count a list anew, put it in the place of the old, and return how many members it has.

        None where it stays: another publisher is at work, or its run is of a window that is over.
        """
        token = secrets.token_hex(8)
        if not await hold(self.redis, token=token, seconds=self.count_seconds + HOLD_MARGIN):
            return None
        try:
            async with borrowed(self.pool, within=self.count_seconds) as connection:
                counted = await top_list_counts(connection, ranking=ranking)
            if counted is None:
                return None
            version = self.version_of(counted)
            if not await switch(self.redis, token=token, version=version):
                log.warning("a top list stays: the hold was over", ranking=ranking)
                return None
        finally:
            with suppress(*REDIS_ERRORS):
                await release(self.redis, token=token)
        return len(version.counts)

    def version_of(self, counted: TopListCounts) -> Version:
        """Return a counted list as Redis gets it."""
        members = [
            item_member(item_id) if item_id is not None else name_member(name or "")
            for item_id, name in zip(counted.item_ids or [], counted.names or [], strict=True)
        ]
        return Version(
            head=Head(
                ranking=counted.ranking,
                run_id=counted.run_id,
                as_of=counted.as_of.astimezone(UTC),
                confirmed_at=counted.confirmed_at.astimezone(UTC),
                window=cast("Window", counted.window),
                metric=cast("Metric", counted.metric),
                subject=cast("Subject", counted.subject),
                content_type=counted.content_type,
                since=None if counted.since is None else microseconds(counted.since),
                until=counted.until and counted.until.astimezone(UTC),
                published_at=self.clock(),
            ),
            snapshot=counted.snapshot,
            counts=list(zip(members, counted.counts or [], strict=True)),
            seconds=counted.redis_seconds,
        )
