"""The pool of database connections of one process."""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import psycopg
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool

from app.settings import Settings

CANCEL_SECONDS = 0.5
"""How long a server may take to answer a request to cancel before it is called dead."""

KEEPALIVE = {
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
"""libpq's TCP settings: a peer that has vanished is noticed within about 25 s."""


class PooledConnection(psycopg.AsyncConnection[TupleRow]):
    """A connection that gives up at once on a server too dead to take a cancel request.

    psycopg waits up to ten seconds for the cancelled query of a paused server; a request that was
    timed out by `asyncio.timeout` would wait with it.
    """

    async def cancel_safe(self, *, timeout: float = CANCEL_SECONDS) -> None:  # noqa: ASYNC109
        """Ask the server to cancel the current query, and close the connection if it is silent."""
        try:
            await super().cancel_safe(timeout=min(timeout, CANCEL_SECONDS))
        except psycopg.Error:
            await self.close()
            raise


Pool: TypeAlias = AsyncConnectionPool[PooledConnection]


def open_pool(settings: Settings) -> Pool:
    """Make the pool, to be opened by `async with`; the database may be down.

    Opening does not wait for a connection. `pool.connection(timeout=…)` raises `PoolTimeout` when
    none is to be had in time (`settings.database_timeout` by default). A query is bounded by its
    caller, with `asyncio.timeout`. Connections are in autocommit and prepare no statements, which
    the embedded engine's clients would share.
    """
    options: dict[str, Any] = {
        "autocommit": True,
        "prepare_threshold": None,
        "connect_timeout": max(2, math.ceil(settings.database_timeout)),
        "application_name": "groundswell",
        **KEEPALIVE,
    }
    return AsyncConnectionPool(
        settings.database_url,
        connection_class=PooledConnection,
        kwargs=options,
        open=False,
        min_size=1,
        max_size=settings.pool_size,
        timeout=settings.database_timeout,
        # Its back-off doubles without a limit: give up early and let the next request try anew.
        reconnect_timeout=5.0,
        check=_check,
        name="groundswell",
    )


async def _check(connection: PooledConnection) -> None:
    """Raise `OperationalError` for a connection that its server has closed, without a round trip.

    The first read may fetch the server's farewell message, the second meets the end of the stream.
    """
    connection.pgconn.consume_input()
    connection.pgconn.consume_input()
