"""What stats are asked for, and how what is cached of them is made to change."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import httpx
import redis.asyncio

from app.runtime.pool import Pool
from app.runtime.sql import Connection
from app.stats import queries as database_stats
from app.stats.cache import LAST_KNOWN_MS
from app.stats.invalidation import forget
from app.stats.keys import Item, item_keys
from app.stats.wire import ItemStats

STATS = "/analytics/stats"
A = item_keys("video", "a")


class Queries:
    """Counts the queries that reach the database, by item.

    `gate`, when cleared, holds back what they have found.
    """

    def __init__(self) -> None:
        self.of = Counter[str]()
        self.statements = 0
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(
        self, connection: Connection, *, items: Sequence[Item], as_of: datetime
    ) -> dict[Item, ItemStats]:
        self.of.update(content_id for _, content_id in items)
        self.statements += 1
        found = await database_stats.item_stats(connection, items=items, as_of=as_of)
        await self.gate.wait()
        return found


async def viewed(pool: Pool, views: int, content_id: str = "a") -> None:
    """Insert that many views of now, past the API and the writer."""
    async with pool.connection() as connection:
        await connection.execute(
            """
            with known as (
                select * from api.resolve_items(array['video'], array[%(content_id)s])
            ),
            inserted as (
                insert into core.event
                    (event_id, occurred_at, received_at, item_id, event_type, count)
                select gen_random_uuid(), now(), now(), known.item_id, 'view', %(views)s from known
                returning *
            )
            insert into core.score_feed (item_id, occurred_at, event_type, count)
            select item_id, occurred_at, event_type, count from inserted
            """,
            {"views": views, "content_id": content_id},
        )


async def committed(redis: redis.asyncio.Redis, names: str = "a", *, awaited: bool = False) -> None:
    """Do what the writer does after it has committed events of items of one letter."""
    items = [("video", name) for name in names]
    async with redis.pipeline(transaction=False) as pipe:
        forget(pipe, items, awaited=items if awaited else [])
        await pipe.execute()


async def age(redis: redis.asyncio.Redis, *, seconds: int) -> None:
    """Make what is cached of the item `a` as old as that."""
    await redis.unlink(A.served)
    await redis.pexpire(A.last, LAST_KNOWN_MS - 1_000 * seconds)


async def stats_of(api: httpx.AsyncClient, content_id: str = "a") -> dict[str, Any]:
    answer = await api.get(f"{STATS}/{content_id}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def is_so(fact: object) -> bool:
    """Tell it to `eventually`."""
    return bool(fact)
