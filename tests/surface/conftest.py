"""Five weeks of a small site, and a connection with the rights of dashboards."""

from __future__ import annotations

from collections.abc import AsyncIterator

import psycopg
import pytest

from app.runtime.pool import Pool
from tests.cleaning import Cleaner

HISTORY = (
    """
    insert into core.item (content_type, external_id, title, category, creator, published_at)
    select
        (array['video', 'movie'])[1 + n % 2], n::text, 'Title ' || n, 'category ' || n % 7,
        'creator ' || n % 40, now() - n * interval '3 hours'
    from generate_series(1, 300) as n
    """,
    # The hour that is not over has no refresh yet.
    """
    insert into core.event
        (event_id, occurred_at, received_at, item_id, event_type, count, seconds, counted,
        uncounted_because)
    select
        gen_random_uuid(), made.at, made.at + case when made.n % 50 = 0 then interval '2 minutes'
            else interval '1 second' end,
        1 + made.n % 300,
        (array['view', 'view', 'view', 'view', 'like', 'comment', 'share', 'watch_time'])
            [1 + made.n % 8]::core.event_type,
        10, case when made.n % 8 = 7 then 30 end, made.n % 100 <> 0,
        case when made.n % 100 = 0 then 'bot: curl' end
    from (
        select n, now() - interval '3 minutes' - n * interval '150 seconds' as at
        from generate_series(0, 20000) as n
    ) as made
    """,
    """
    insert into core.score_feed (item_id, occurred_at, event_type, count, seconds)
    select item_id, occurred_at, event_type, count, seconds
    from core.event where counted and occurred_at > now() - interval '2 days'
    """,
    "call api.refresh_aggregates(now(), true)",
    "call api.run_rankings(now(), true)",
    "analyze",
)


@pytest.fixture(scope="module")
async def history(cleaner: Cleaner, pool: Pool) -> None:
    """Made once a file: refreshes commit, so it cannot be rolled back after each test."""
    async with pool.connection() as connection:
        await cleaner.clean(connection)
        for statement in HISTORY:
            await connection.execute(statement.encode())


@pytest.fixture
async def reader(history: None, pool: Pool) -> AsyncIterator[psycopg.AsyncConnection]:  # noqa: ARG001
    """May what a login in groundswell_read may, in one transaction that is rolled back."""
    async with pool.connection() as connection, connection.transaction(force_rollback=True):
        await connection.execute("set local role groundswell_read")
        yield connection


@pytest.fixture
async def owner(history: None, pool: Pool) -> AsyncIterator[psycopg.AsyncConnection]:  # noqa: ARG001
    """May everything, in one transaction that is rolled back."""
    async with pool.connection() as connection, connection.transaction(force_rollback=True):
        yield connection
