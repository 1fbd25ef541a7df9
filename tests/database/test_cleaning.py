"""The fixture `clean` brings back a freshly migrated database."""

from __future__ import annotations

from datetime import timedelta

import pytest
import redis.asyncio
from psycopg import sql

from app.runtime.pool import Pool
from app.runtime.sql import Connection
from tests.cleaning import FRESH_WATERMARK, Cleaner

pytestmark = pytest.mark.usefixtures("clean")

INSERT = """
    insert into core.event (event_id, occurred_at, received_at, item_id, event_type)
    select gen_random_uuid(), now() - %s, now(), 1, 'view'
"""


async def _refresh(connection: Connection) -> None:
    for aggregate in ("engagement_1m", "engagement_15m", "engagement_1d"):
        await connection.execute(
            f"call refresh_continuous_aggregate('agg.{aggregate}', null, null)"
        )


async def _views(connection: Connection, aggregate: str) -> int:
    total = sql.SQL("select coalesce(sum(views), 0)::int from agg.{}")
    cursor = await connection.execute(total.format(sql.Identifier(aggregate)))
    [(views,)] = await cursor.fetchall()
    return int(views)


async def test_events_older_than_the_old_watermark_are_seen_after_cleaning(
    pool: Pool, cleaner: Cleaner
) -> None:
    async with pool.connection() as connection:
        await connection.execute(INSERT, [timedelta(days=2)])
        await connection.execute(INSERT, [timedelta(0)])
        await _refresh(connection)
        assert await _views(connection, "engagement_1d") == 2

        await cleaner.clean(connection)
        assert await _views(connection, "engagement_1d") == 0

        await connection.execute(INSERT, [timedelta(days=3)])
        assert await _views(connection, "engagement_1m") == 1
        assert await _views(connection, "engagement_1d") == 1
        await _refresh(connection)
        assert await _views(connection, "engagement_1d") == 1


async def test_what_is_compressed_is_emptied(pool: Pool, cleaner: Cleaner) -> None:
    async with pool.connection() as connection:
        await connection.execute(INSERT, [timedelta(days=2)])
        await connection.execute("select compress_chunk(c) from show_chunks('core.event') as c")
        await cleaner.clean(connection)
        cursor = await connection.execute("select count(*) from core.event")
        assert await cursor.fetchall() == [(0,)]


async def test_cleaning_resets_watermarks(pool: Pool, cleaner: Cleaner) -> None:
    async with pool.connection() as connection:
        await connection.execute(INSERT, [timedelta(days=2)])
        await _refresh(connection)
        await cleaner.clean(connection)
        cursor = await connection.execute(
            "select distinct watermark from _timescaledb_catalog.continuous_aggs_watermark"
        )
        assert await cursor.fetchall() == [(FRESH_WATERMARK,)]


async def test_cleaning_restores_configuration(pool: Pool, cleaner: Cleaner) -> None:
    rankings = "select * from core.ranking order by ranking_id"
    async with pool.connection() as connection:
        before = await (await connection.execute(rankings)).fetchall()
        await connection.execute("delete from core.ranking where name = 'trending_1h'")
        await connection.execute("update core.ranking set view_weight = 7")
        await connection.execute(
            "insert into core.item (content_type, external_id) values ('a', 'b')"
        )
        await cleaner.clean(connection)
        assert await (await connection.execute(rankings)).fetchall() == before
        assert await (await connection.execute("select * from core.item")).fetchall() == []
        fresh = await Cleaner.of(connection)
        assert fresh.tables == cleaner.tables


async def test_redis_is_empty(redis: redis.asyncio.Redis) -> None:
    assert await redis.dbsize() == 0


async def test_ids_begin_anew_also_where_no_row_is_left(pool: Pool, cleaner: Cleaner) -> None:
    made = (
        "insert into core.item (content_type, external_id) values ('video', 'a') returning item_id"
    )
    async with pool.connection() as connection:
        for _ in range(2):
            await cleaner.clean(connection)
            assert await (await connection.execute(made)).fetchone() == (1,)
            await connection.execute("delete from core.item")
        await cleaner.clean(connection)
