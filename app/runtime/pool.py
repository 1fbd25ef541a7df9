"""Connections to the database: their options, the pool of one process, and how to borrow one.

A pool keeps to one history of the database: it takes no connection to a server that was deposed, as
far as this process has heard of the one that took over (docs/decisions/0054).
"""

from __future__ import annotations

import asyncio
import math
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import psycopg
import structlog
from psycopg import errors
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from app.errors import BadRequestError, BusyError, UnavailableError, UnknownRankingError
from app.runtime.epochs import DeposedError, cut, epoch_of, rotated
from app.runtime.outage import DATABASE_ERRORS
from app.runtime.refusals import database_refusal
from app.settings import Settings

if TYPE_CHECKING:
    from app.runtime.replicas import Replicas

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

_RAISED = "exec_stmt_raise"
"""Where in PostgreSQL an error comes from that a function raises."""

log = structlog.get_logger(__name__)

# libpq sends it as each session begins, and poolers let it pass: moments come as UTC, whatever zone
# a DBA gave the server. In a zone whose clocks change, equal ones can compare as different.
os.environ["PGTZ"] = "UTC"


class PooledConnection(psycopg.AsyncConnection[TupleRow]):
    """A connection that gives up at once on a server too dead to take a cancel request.

    psycopg waits up to ten seconds for the cancelled query of a paused server; a request that was
    timed out by `asyncio.timeout` would wait with it.
    """

    epoch: int | None = None
    """In which epoch its server was when it was made; None where it knows none."""

    async def cancel_safe(self, *, timeout: float = CANCEL_SECONDS) -> None:  # noqa: ASYNC109
        """Ask the server to cancel the current query, and close the connection if it is silent."""
        try:
            await super().cancel_safe(timeout=min(timeout, CANCEL_SECONDS))
        except psycopg.Error:
            await self.close()
            raise


def connection_options(settings: Settings, purpose: str = "") -> dict[str, Any]:
    """Return how to connect; the server shows `purpose` beside our name.

    Connections are in autocommit and prepare no statements, which the embedded engine's clients
    would share.
    """
    return {
        "autocommit": True,
        "prepare_threshold": None,
        "connect_timeout": max(2, math.ceil(settings.database_timeout)),
        "application_name": f"groundswell {purpose}".rstrip(),
        **KEEPALIVE,
    }


class Pool(AsyncConnectionPool[PooledConnection]):
    """The pool of one process, which no cancelled caller can take a connection from.

    It leads to the primary, or, where a `url` is given, to that server, in whatever epoch it is.
    """

    def __init__(self, settings: Settings, *, url: str | None = None) -> None:
        self._url = url or settings.database_url
        self._is_fenced = url is None
        self._rotations = 0
        """How far its hosts are turned: a deposed server is not asked first again."""
        self.fence = 0
        """The newest epoch that this process has heard of."""
        self.hear: Callable[[], Awaitable[None]] | None = None
        """Asks for the newest epoch that others have heard of; it never fails."""
        self.replicas: Replicas | None = None
        """Where reads may go instead."""
        self._lent = 0
        self._borrowed = set[PooledConnection]()
        self._last_worked = True
        """Whether the server was alive for whoever last gave a connection back."""
        self.refusal: str | None = None
        """Why the server let us in the last time no more, where that lasts until it is mended."""
        self._returning = set[asyncio.Future[None]]()
        super().__init__(
            lambda: rotated(self._url, self._rotations),
            connection_class=PooledConnection,
            kwargs=connection_options(settings, "" if url is None else "reads"),
            open=False,
            min_size=1,
            max_size=settings.pool_size,
            timeout=settings.database_timeout,
            # Its back-off doubles without a limit: give up early and let the next request try anew.
            reconnect_timeout=5.0,
            check=self._look,
            name="groundswell",
        )

    @property
    def is_overloaded(self) -> bool:
        """Whether all connections are in use, and the server answers."""
        return self._lent >= self.max_size and self._last_worked

    async def _connect(self, timeout: float | None = None) -> PooledConnection:  # noqa: ASYNC109
        try:
            connection = await super()._connect(timeout)
        except psycopg.OperationalError as error:
            self.refusal = database_refusal(error)
            raise
        self.refusal = None
        if self._is_fenced:
            try:
                await self._ask_epoch(connection)
            except BaseException:
                await connection.close()
                raise
        return connection

    async def _ask_epoch(self, connection: PooledConnection) -> None:
        async with asyncio.timeout(self.timeout):
            connection.epoch = await epoch_of(connection)
        if self.is_deposed(connection):
            self._rotations += 1
            self.refusal = "it was deposed: another server has taken over"
            raise DeposedError(self.refusal)
        self.raise_fence(connection.epoch)

    async def try_next_host(self, *, within: float) -> None:
        """Ask another host of the URL for its epoch, first of all; raises as connecting does."""
        self._rotations += 1
        connection = await self._connect(within)
        await connection.close()

    def raise_fence(self, epoch: int | None) -> None:
        """Use no connection of an older epoch any more, and let nobody wait for one."""
        if (epoch or 0) <= self.fence:
            return
        self.fence = epoch or 0
        for connection in tuple(self._borrowed):
            if self.is_deposed(connection):
                # Its server may hold a commit for ever, as nobody confirms it there any more.
                cut(connection)

    def is_deposed(self, connection: PooledConnection) -> bool:
        """Tell whether the server of a connection is known to have been deposed."""
        return connection.epoch is not None and connection.epoch < self.fence

    async def _look(self, connection: PooledConnection) -> None:
        await _check(connection)
        if self.is_deposed(connection):
            # The pool would take one back that is not broken.
            await connection.close()
            raise DeposedError("this server was deposed: another one has taken over")

    async def getconn(self, timeout: float | None = None) -> PooledConnection:  # noqa: ASYNC109
        """Lend a connection; raises `PoolTimeout`."""
        connection = await super().getconn(timeout)
        self._lent += 1
        self._borrowed.add(connection)
        return connection

    async def putconn(self, conn: PooledConnection) -> None:
        """Take a connection back, though the caller may be cancelled meanwhile."""
        self._lent -= 1
        self._borrowed.discard(conn)
        self._last_worked = not conn.closed
        returning = asyncio.ensure_future(super().putconn(conn))
        # Nobody else holds it once its caller has gone.
        self._returning.add(returning)
        returning.add_done_callback(self._returning.discard)
        await asyncio.shield(returning)


def open_pool(settings: Settings) -> Pool:
    """Make the pool, to be opened by `async with`; the database may be down.

    Opening does not wait for a connection. `pool.connection(timeout=…)` raises `PoolTimeout` when
    none is to be had in time (`settings.database_timeout` by default). A query is bounded by its
    caller: `borrowed`, `connected`.
    """
    return Pool(settings)


async def _check(connection: PooledConnection) -> None:
    """Raise `OperationalError` for a connection that its server has closed, without a round trip.

    The first read may fetch the server's farewell message, the second meets the end of the stream.
    """
    connection.pgconn.consume_input()
    connection.pgconn.consume_input()


@asynccontextmanager
async def borrowed(pool: Pool, *, within: float) -> AsyncIterator[PooledConnection]:
    """Lend a connection; waiting for it and using it take `within` seconds at most.

    Raises `PoolTimeout` or `TimeoutError` after that, both among `DATABASE_ERRORS`. The time is up
    inside of the lending, never around it: giving back must not be cut off.
    """
    deadline = asyncio.get_running_loop().time() + within
    async with pool.connection(timeout=within) as connection, asyncio.timeout_at(deadline):
        yield connection


@asynccontextmanager
async def connected(pool: Pool, *, within: float) -> AsyncIterator[PooledConnection]:
    """Lend a connection as `borrowed` does, to answer a caller.

    What the database refuses is the caller's fault: `BadRequestError`, or `UnknownRankingError` for
    no_data_found. All else it cannot do now: `UnavailableError`.
    """
    try:
        async with borrowed(pool, within=within) as connection:
            yield connection
    except errors.NoDataFound as error:
        raise UnknownRankingError(message_of(error)) from error
    except (errors.CheckViolation, psycopg.DataError) as error:
        raise BadRequestError(message_of(error)) from error
    except DATABASE_ERRORS as error:
        raise failure_of(pool, error, within=within) from error


def failure_of(pool: Pool, error: Exception, *, within: float) -> UnavailableError:
    """Return what a caller is told who could not be answered: that it is down, or only busy."""
    if isinstance(error, PoolTimeout) and pool.is_overloaded:
        return BusyError(
            f"all {pool.max_size} connections were in use for {within:g} seconds: "
            "GROUNDSWELL_POOL_SIZE says how many there are"
        )
    if pool.refusal:
        return UnavailableError(f"the database lets nobody in: {pool.refusal}")
    if isinstance(error, TimeoutError):
        return UnavailableError(f"the database gave no answer within {within:g} seconds")
    return UnavailableError("the database does not answer")


def message_of(error: psycopg.Error) -> str:
    """Return what one of our SQL functions has raised it with, without where it did.

    What the database says in words of its own, such as rows and constraints, only the log is told.
    """
    if error.diag.source_function == _RAISED and error.diag.message_primary:
        return error.diag.message_primary
    log.warning("the database refused", error=str(error), sqlstate=error.sqlstate)
    return "the database cannot store these values, or cannot compute with them"
