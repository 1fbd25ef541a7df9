"""A connection to the migrated schema."""

from __future__ import annotations

from collections.abc import AsyncIterator

import psycopg
import pytest

from app.runtime.pool import Pool


@pytest.fixture
async def connection(pool: Pool) -> AsyncIterator[psycopg.AsyncConnection]:
    async with pool.connection() as connection:
        yield connection
