"""Recommendations for a user, kept in Redis for an hour, and beside an item.

Where a model is to order a user's, what it answered is kept likewise: it is asked once an answer.

What is kept is looked at again with one small query: it ends when the user acts or is erased, or an
item in it goes, whoever did that and on whatever way. Nothing has to be told to it.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
from redis.asyncio import Redis

from app.errors import UnavailableError
from app.recommend.keys import user_answers
from app.recommend.metrics import RECOMMENDATION_LOOKUPS
from app.recommend.queries import (
    RecommendedRow,
    TasteRow,
    recommendation_state,
    recommendation_taste,
    recommendations,
)
from app.recommend.rerank import CANDIDATES, Reranker
from app.recommend.wire import Because, Recommendations, Recommended
from app.runtime.outage import REDIS_ERRORS
from app.runtime.pool import Pool, connected
from app.runtime.redis_keys import named
from app.runtime.sql import Connection

KEEP = timedelta(hours=1)


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which items; None is any."""

    content_type: str | None = None
    category: str | None = None
    limit: int

    @property
    def field(self) -> str:
        """The field of the user's hash."""
        return named(self.content_type or "", self.category or "", str(self.limit))


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """An answer in Redis, and what it depends on."""

    newest_event: UUID | None
    item_ids: list[int]
    answer: Recommendations


_DECODER = msgspec.msgpack.Decoder(Kept)


class Recommender:
    """Answers what a user may like next."""

    def __init__(
        self, *, pool: Pool, redis: Redis, timeout: float, reranker: Reranker | None
    ) -> None:
        self._pool = pool
        self._redis = redis
        self._timeout = timeout
        self._reranker = reranker

    async def for_user(self, user_id: str, wanted: Wanted) -> Recommendations:
        """Return items for a user: at most an hour old, and older than no action of the user.

        Raises `UnavailableError` where the database is down and nothing is kept; what is kept is
        `stale` then.
        """
        now = datetime.now(UTC)
        kept = await self._kept(user_id, wanted, now)
        try:
            async with connected(self._pool, within=self._timeout) as connection:
                state = await recommendation_state(
                    connection, user_id=user_id, item_ids=kept.item_ids if kept else []
                )
                if kept and not state.has_gone and kept.newest_event == state.newest_event:
                    RECOMMENDATION_LOOKUPS.labels("cache").inc()
                    return kept.answer
                rows, taste = await self._found(connection, user_id, wanted, now)
        except UnavailableError:
            if kept is None:
                raise
            RECOMMENDATION_LOOKUPS.labels("stale").inc()
            return msgspec.structs.replace(kept.answer, stale=True)
        RECOMMENDATION_LOOKUPS.labels("database").inc()
        if self._reranker and taste is not None:
            # Without a connection meanwhile: others wait for those.
            rows = await self._reranker.reranked(rows, taste)
        rows = rows[: wanted.limit]
        answer = answer_of(rows, now)
        await self._keep(user_id, wanted, rows, state.newest_event, answer)
        return answer

    async def _found(
        self, connection: Connection, user_id: str, wanted: Wanted, now: datetime
    ) -> tuple[list[RecommendedRow], list[TasteRow] | None]:
        """Return candidates, and what a model is told beside them where one is to order them."""
        reranker = self._reranker
        rows = await recommendations(
            connection,
            user_id=user_id,
            beside_id=None,
            content_type=wanted.content_type,
            category=wanted.category,
            as_of=now,
            most=max(wanted.limit, CANDIDATES) if reranker else wanted.limit,
        )
        if reranker is None or not reranker.takes(rows):
            return rows, None
        taste = await recommendation_taste(
            connection,
            user_id=user_id,
            content_type=wanted.content_type,
            category=wanted.category,
            as_of=now,
        )
        return rows, taste

    async def beside(self, item_id: int, wanted: Wanted) -> Recommendations:
        """Return what those who turned to an item turned to, too."""
        now = datetime.now(UTC)
        async with connected(self._pool, within=self._timeout) as connection:
            rows = await recommendations(
                connection,
                user_id=None,
                beside_id=item_id,
                content_type=None,
                category=wanted.category,
                as_of=now,
                most=wanted.limit,
            )
        return answer_of(rows, now)

    async def _kept(self, user_id: str, wanted: Wanted, now: datetime) -> Kept | None:
        found: bytes | str | None = None
        with suppress(*REDIS_ERRORS):
            found = await self._redis.hget(user_answers(user_id), wanted.field)
        if not isinstance(found, bytes):
            return None
        with suppress(msgspec.MsgspecError):
            kept = _DECODER.decode(found)
            if now - kept.answer.as_of < KEEP:
                return kept
        return None

    async def _keep(
        self,
        user_id: str,
        wanted: Wanted,
        rows: list[RecommendedRow],
        newest_event: UUID | None,
        answer: Recommendations,
    ) -> None:
        ids = {row.item_id for row in rows} | {row.because_id for row in rows if row.because_id}
        kept = Kept(newest_event=newest_event, item_ids=sorted(ids), answer=answer)
        with suppress(*REDIS_ERRORS):
            async with self._redis.pipeline(transaction=True) as pipe:
                key = user_answers(user_id)
                pipe.hset(key, wanted.field, msgspec.msgpack.encode(kept))
                pipe.expire(key, KEEP)
                await pipe.execute()


def answer_of(rows: list[RecommendedRow], now: datetime) -> Recommendations:
    """Return rows as they are sent."""
    return Recommendations(as_of=now, stale=False, items=[_recommended(row) for row in rows])


def _recommended(row: RecommendedRow) -> Recommended:
    because = None
    if row.because_content_id is not None and row.because_content_type is not None:
        because = Because(
            content_id=row.because_content_id,
            content_type=row.because_content_type,
            title=row.because_title,
        )
    return Recommended(
        rank=row.place,
        content_id=row.content_id,
        content_type=row.content_type,
        title=row.title,
        category=row.category,
        creator=row.creator,
        score=row.score,
        source=row.source,
        because=because,
    )
