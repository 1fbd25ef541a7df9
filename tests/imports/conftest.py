"""A clean database to import into."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from app.runtime.pool import Pool
from tests.sql.world import World


@pytest.fixture
async def world(clean: None, pool: Pool) -> AsyncIterator[World]:  # noqa: ARG001
    async with pool.connection() as connection:
        yield World(connection)
