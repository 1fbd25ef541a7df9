"""The publisher's part for top lists: each counted anew, as a whole, whenever that is due."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

import structlog
from redis.asyncio import Redis

from app.runtime.epochs import epoch_of
from app.runtime.moments import microseconds
from app.runtime.pool import Pool, borrowed
from app.top.changes import holding, switch, withdraw
from app.top.id_lists import TopIds
from app.top.lists import LOWEST, Head, Version, is_worn, read_heads
from app.top.members import members_of
from app.top.queries import (
    TopListCounts,
    TopListSettings,
    edited_top_list,
    top_list_counts,
    top_lists,
)

RECOUNT_SECONDS = 300.0
"""How often a list is counted anew although nothing asks for it: whatever writers or Redis have
lost is right again after that."""
RENAME_SECONDS = 55.0
"""The same of creators and categories: the catalogue may have given an item another one."""
COUNT_SECONDS = 20.0
"""Longest time that counting one list may take; writers wait for it with what they have."""
HOLD_MARGIN = 5.0
"""Seconds by which a hold outlives that."""
SPARE = 2
"""A list holds so many times what it shows."""
DEEPEST = 32
"""Where rules leave many out, it is looked for others down to so many times what it shows."""

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
        self._ids = TopIds(pool=pool, redis=redis, within=count_seconds, clock=clock)
        self._epoch = 0
        """Of the database as it was last asked."""
        self._rests_until: dict[str, float] = {}
        """Lists that took too long to count, and when they are tried again."""

    async def publish(self) -> int:
        """Publish the top lists that are due, forget those that are none any more.

        Returns how many were replaced: none while another publisher is at it.
        """
        async with borrowed(self.pool, within=self.count_seconds) as connection:
            self._epoch = await epoch_of(connection) or 0
            wanted = await top_lists(connection)
        heads = await read_heads(self.redis, [one.ranking for one in wanted])
        began = time.monotonic()
        # One by one: writers wait for each only as long as it takes.
        sizes = [
            await self._try_replace(one)
            for one in wanted
            if await self.is_due(one, heads.get(one.ranking))
        ]
        await withdraw(self.redis, {one.ranking for one in wanted})
        await self._ids.put(wanted)
        replaced = [size for size in sizes if size is not None]
        if replaced:
            log.info(
                "top lists published",
                lists=len(replaced),
                members=sum(replaced),
                seconds=round(time.monotonic() - began, 3),
            )
        return len(replaced)

    async def _try_replace(self, wanted: TopListSettings) -> int | None:
        try:
            return await self.replace(wanted)
        except TimeoutError:
            # It must not keep the others waiting again and again.
            self._rests_until[wanted.ranking] = self.clock() + RECOUNT_SECONDS
            log.warning("a top list takes too long to count", ranking=wanted.ranking)
            return None

    async def is_due(self, wanted: TopListSettings, head: Head | None) -> bool:
        """Tell whether a list is to be counted anew."""
        if self.clock() < self._rests_until.get(wanted.ranking, 0.0):
            return False
        if head is None or head.epoch < self._epoch or _print(head) != _print(wanted):
            return True
        seconds = RECOUNT_SECONDS if head.subject == "item" else RENAME_SECONDS
        return self.clock() - head.published_at >= seconds or await is_worn(self.redis, head)

    async def replace(self, wanted: TopListSettings) -> int | None:
        """Count a list anew, put it in the place of the old, and return how many members it has.

        None where it stays: another publisher is at work.
        """
        async with holding(self.redis, seconds=self.count_seconds + HOLD_MARGIN) as token:
            if token is None:
                return None
            version = await self._counted(wanted, most=SPARE * wanted.size)
            if version is None:
                return None
            if not await switch(self.redis, token=token, version=version):
                log.warning("a top list stays: the hold was over", ranking=wanted.ranking)
                return None
        return len(version.counts)

    async def _counted(self, wanted: TopListSettings, *, most: int) -> Version | None:
        """Return the list counted anew, deeper where rules leave too many out of it."""
        async with borrowed(self.pool, within=self.count_seconds) as connection:
            self._epoch = await epoch_of(connection) or 0
            while True:
                counted = await top_list_counts(
                    connection,
                    window=wanted.window,
                    metric=wanted.metric,
                    subject=wanted.subject,
                    content_type=wanted.content_type,
                    most=most,
                )
                if counted is None:
                    return None
                found = counted.counts or []
                is_whole = not wanted.is_edited or len(found) < most
                if is_whole or most >= DEEPEST * wanted.size:
                    break
                shown = await edited_top_list(
                    connection,
                    ranking=wanted.ranking,
                    item_ids=counted.item_ids if wanted.subject == "item" else None,
                    names=None if wanted.subject == "item" else counted.names,
                    counts=found,
                )
                if len(shown) >= wanted.size:
                    break
                most *= 2
        return self.version_of(wanted, counted, most=most)

    def version_of(self, wanted: TopListSettings, counted: TopListCounts, *, most: int) -> Version:
        """Return a counted list as Redis gets it."""
        counts = members_of(counted)
        return Version(
            head=Head(
                ranking=wanted.ranking,
                window=wanted.window,
                metric=wanted.metric,
                subject=wanted.subject,
                content_type=wanted.content_type,
                size=wanted.size,
                depth=most // SPARE,
                is_edited=wanted.is_edited,
                since=None if counted.since is None else microseconds(counted.since),
                until=counted.until,
                excluded_at=wanted.excluded_at,
                as_of=counted.as_of,
                published_at=self.clock(),
                epoch=self._epoch,
                floor=(counts[-1][1], counts[-1][0]) if len(counts) == most else LOWEST,
            ),
            snapshot=counted.snapshot,
            counts=counts,
            seconds=wanted.redis_seconds,
        )


def _print(one: Head | TopListSettings) -> tuple[object, ...]:
    """Return what makes another list of it."""
    since = microseconds(one.since) if isinstance(one.since, datetime) else one.since
    kind = (one.window, one.metric, one.subject, one.content_type, one.size)
    return (*kind, since, one.excluded_at, one.is_edited)
