"""Pages of top lists: live from Redis, or of the last run."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

import msgspec
from redis.asyncio import Redis

from app.rankings.lists import Lists
from app.rankings.wire import TrendingItem
from app.runtime.moments import moment_of
from app.runtime.outage import DATABASE_ERRORS, REDIS_ERRORS
from app.runtime.pool import Pool, borrowed
from app.settings import Settings
from app.top.lists import Head
from app.top.queries import top_items
from app.top.shown import ShownPage, read_shown
from app.top.wire import Period, TopItem, TopList

_decode_item = msgspec.json.Decoder(TrendingItem).decode


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a top list."""

    name: str
    period: Period
    offset: int
    limit: int

    @property
    def ranking(self) -> str:
        """The ranking that finds its members: of 7 days, the one without a suffix."""
        return f"top_{self.name}" if self.period == "7d" else f"top_{self.name}_{self.period}"


class TopPages:
    """Reads counts from Redis and titles from the database; `clock` is Unix time."""

    def __init__(
        self,
        *,
        settings: Settings,
        pool: Pool,
        redis: Redis,
        lists: Lists,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.settings = settings
        self.pool = pool
        self.redis = redis
        self.lists = lists
        self.clock = clock

    async def live(self, wanted: Wanted) -> TopList | None:
        """Return the page with live counts; None where it is not published for this period.

        None too while Redis or the database is down: members are ids, and their titles are missing.
        """
        with suppress(*REDIS_ERRORS, *DATABASE_ERRORS, msgspec.DecodeError):
            page = await read_shown(
                self.redis,
                self.pool,
                within=self.settings.database_timeout,
                ranking=wanted.ranking,
                offset=wanted.offset,
                limit=wanted.limit,
            )
            if page is not None and page.head.window == wanted.period:
                return TopList(
                    name=wanted.name,
                    period=wanted.period,
                    ranking=wanted.ranking,
                    as_of=page.head.as_of,
                    since=_since(page.head),
                    stale=self._is_stale(page.head),
                    total=page.total,
                    items=await self._items(page),
                )
        return None

    async def last_run(self, wanted: Wanted) -> TopList | None:
        """Return the page as the last run found it, marked stale; None before the first.

        Raises `UnavailableError` where nobody has it any more.
        """
        snapshot = await self.lists.current(wanted.ranking, "")
        if snapshot is None or snapshot.window != wanted.period:
            return None
        found = map(_decode_item, snapshot.items[wanted.offset : wanted.offset + wanted.limit])
        return TopList(
            name=wanted.name,
            period=wanted.period,
            ranking=wanted.ranking,
            as_of=snapshot.as_of,
            since=None,
            stale=True,
            total=len(snapshot.items),
            items=[
                TopItem(
                    rank=item.rank,
                    content_id=item.content_id,
                    content_type=item.content_type,
                    title=item.title,
                    category=item.category,
                    creator=item.creator,
                    count=int(item.score) if item.score.is_integer() else item.score,
                    pinned=item.pinned,
                    featured=item.featured,
                )
                for item in found
            ],
        )

    def _is_stale(self, head: Head) -> bool:
        is_over = head.until is not None and head.until.timestamp() <= self.clock()
        return is_over or self.lists.snapshots.is_stale(head.ranking)

    async def _items(self, page: ShownPage) -> list[TopItem]:
        """Name the members of a page; one that the catalogue does not have is left out."""
        metric, subject = page.head.metric, page.head.subject
        if subject != "item":
            return [
                TopItem(
                    rank=place.rank,
                    content_id=place.name or "",
                    content_type=subject,
                    title=place.name,
                    category=None,
                    creator=None,
                    count=_count(place.amount, metric),
                )
                for place in page.places
            ]
        ids = [place.item_id for place in page.places if place.item_id is not None]
        async with borrowed(self.pool, within=self.settings.database_timeout) as c:
            known = {item.item_id: item for item in await top_items(c, item_ids=ids)}
        return [
            TopItem(
                rank=place.rank,
                content_id=item.content_id,
                content_type=item.content_type,
                title=item.title,
                category=item.category,
                creator=item.creator,
                count=_count(place.amount, metric),
                pinned=place.mark == "pinned",
                featured=place.mark == "featured",
            )
            for place in page.places
            if place.item_id is not None and (item := known.get(place.item_id)) is not None
        ]


def _count(count: float, metric: str) -> int | float:
    return count if metric == "watch_seconds" else int(count)


def _since(head: Head) -> datetime | None:
    """Return the first moment that counts, which of a calendar window is a midnight."""
    if head.since is None:
        return None
    return moment_of(head.since + (head.until is not None))
