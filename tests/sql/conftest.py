"""A clean database to put a few events into, or any one to ask without leaving a trace."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from app.runtime.pool import Pool
from tests.sql.world import World


@pytest.fixture
async def world(clean: None, pool: Pool) -> AsyncIterator[World]:  # noqa: ARG001
    async with pool.connection() as connection:
        yield World(connection)


@pytest.fixture
async def undone(pool: Pool) -> AsyncIterator[World]:
    """A world whose changes are rolled back; in one transaction, so no job can run in it."""
    async with pool.connection() as connection, connection.transaction(force_rollback=True):
        yield World(connection)
