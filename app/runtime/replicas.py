"""Where reads go: to a replica that has all that was committed before they began, or the primary.

The one place that decides; features only say that they read (`read`, `answered`). How replicas are
watched is told in `replica.py`, and why it is done so in docs/decisions/0053.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import NamedTuple, TypeVar

import structlog
from prometheus_client import Counter
from psycopg.conninfo import conninfo_to_dict

from app.runtime.addresses import database_urls
from app.runtime.epochs import epoch_of
from app.runtime.outage import DATABASE_ERRORS
from app.runtime.pool import Pool, PooledConnection, borrowed, connected
from app.runtime.replica import BehindError, Replica
from app.runtime.tasks import running
from app.settings import Settings

LOOK_SECONDS = 0.5
"""How often primary and replicas are asked how far they are."""
ASK_SECONDS = 1.0
"""How long each may take to say so before it is called down."""
WAIT_SECONDS = 0.1
"""How long a read waits for a replica to have what the primary had as it began."""

Found = TypeVar("Found")

READS = Counter(
    "groundswell_replica_reads",
    "Reads that a replica could have answered, by who did: a replica, or the primary, as none was "
    "usable, the replica lacked what was committed before, or the read failed there",
    ["outcome"],
)

log = structlog.get_logger(__name__)


class Mark(NamedTuple):
    """How far the primary was, and in which epoch."""

    lsn: int
    epoch: int | None


class Replicas:
    """The replicas of `settings.read_database_url`, watched by `watch`."""

    def __init__(self, settings: Settings, primary: Pool) -> None:
        self.most_lag = settings.read_lag_seconds
        self.all = [
            Replica(_name(url), url, Pool(settings, url=url))
            for url in database_urls(settings.read_database_url)
        ]
        self._primary = primary
        self._turn = asyncio.Lock()
        self._round: asyncio.Task[Mark] | None = None

    async def watch(self) -> None:
        """Ask how far all are until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_SECONDS)

    async def settled(self) -> None:
        """Return once reads may go to all of them."""
        while any(replica.why_not for replica in self.all):
            await self.look()
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Ask once."""
        began = asyncio.get_running_loop().time()
        mark: Mark | None = None
        try:
            mark = await self._ask_primary(within=ASK_SECONDS, anew=True)
        except DATABASE_ERRORS:
            mark = None
        asked = [self._look_at(replica, mark, began) for replica in self.all]
        await asyncio.gather(*asked)

    async def _look_at(self, replica: Replica, mark: Mark | None, began: float) -> None:
        before = replica.why_not
        if mark is not None:
            replica.note(began, mark.lsn, mark.epoch)
        await replica.look(most_lag=self.most_lag, within=ASK_SECONDS)
        if replica.why_not != before:
            tell = log.warning if replica.why_not else log.info
            tell("replica", name=replica.name, why_not_used=replica.why_not, lag=replica.lag)

    async def try_read(
        self, read: Callable[[PooledConnection], Awaitable[Found]], *, within: float
    ) -> tuple[Found] | None:
        """Return what `read` has found on a replica; None where the primary must be asked.

        What it raises that is not the database's is raised.
        """
        loop = asyncio.get_running_loop()
        replica = self._usable(loop.time())
        if replica is None:
            READS.labels("none usable").inc()
            return None
        try:
            mark = await self._commits()
            async with replica.lent(within=within / 2) as connection:
                await replica.catch_up(connection, *mark, within=WAIT_SECONDS)
                found = await read(connection)
        except BehindError:
            replica.rest(loop.time())
            READS.labels("behind").inc()
            return None
        except DATABASE_ERRORS as error:
            READS.labels("failed").inc()
            log.info("read again on the primary", replica=replica.name, error=str(error))
            return None
        READS.labels("replica").inc()
        return (found,)

    async def caught_up(self, *, within: float) -> Replica | None:
        """Return a replica that has what the primary has now, or comes to it in time."""
        await self.look()
        with suppress(*DATABASE_ERRORS, BehindError):
            mark = await self._commits()
            replica = self._usable(asyncio.get_running_loop().time())
            if replica:
                async with replica.lent(within=2 * within) as connection:
                    await replica.catch_up(connection, *mark, within=within)
                return replica
        return None

    def _usable(self, now: float) -> Replica | None:
        usable = [replica for replica in self.all if replica.is_usable(now)]
        return min(usable, key=lambda replica: replica.load) if usable else None

    async def _commits(self) -> Mark:
        """Return how far the primary is, asked after the call: with one question for all callers.

        A question that is under way is joined by nobody: its answer may lack their commits.
        """
        if self._round is None:
            self._round = asyncio.create_task(self._next_round())
        return await asyncio.shield(self._round)

    async def _next_round(self) -> Mark:
        async with self._turn:
            self._round = None
            return await self._ask_primary(within=ASK_SECONDS)

    async def _ask_primary(self, *, within: float, anew: bool = False) -> Mark:
        async with borrowed(self._primary, within=within) as connection:
            if anew:
                connection.epoch = await epoch_of(connection)
                self._primary.raise_fence(connection.epoch)
            cursor = await connection.execute(
                "select pg_wal_lsn_diff(pg_current_wal_flush_lsn(), '0/0')::bigint"
            )
            row = await cursor.fetchone()
            assert row is not None  # noqa: S101  # a select without from has one row
            return Mark(row[0], connection.epoch)


@asynccontextmanager
async def open_replicas(settings: Settings, primary: Pool) -> AsyncIterator[Replicas]:
    """Let reads of the pool go to the replicas of the settings, if there are any."""
    replicas = Replicas(settings, primary)
    if not replicas.all:
        yield replicas
        return
    for replica in replicas.all:
        await replica.pool.open()
    primary.replicas = replicas
    try:
        async with running(replicas.watch(), "watch of replicas"):
            yield replicas
    finally:
        primary.replicas = None
        for replica in replicas.all:
            await replica.pool.close()


async def read(
    pool: Pool, run: Callable[[PooledConnection], Awaitable[Found]], *, within: float
) -> Found:
    """Return what `run` reads: all that was committed before the call is in it.

    It may be called twice: what fails on a replica is read again on the primary. Raises as
    `borrowed` does; `within` is for the primary, and half of it may have passed before.
    """
    if pool.replicas and (found := await pool.replicas.try_read(run, within=within)):
        return found[0]
    async with borrowed(pool, within=within) as connection:
        return await run(connection)


async def answered(
    pool: Pool, run: Callable[[PooledConnection], Awaitable[Found]], *, within: float
) -> Found:
    """Return what `run` reads, as `read` does, to answer a caller; raises as `connected` does."""
    if pool.replicas and (found := await pool.replicas.try_read(run, within=within)):
        return found[0]
    async with connected(pool, within=within) as connection:
        return await run(connection)


def _name(url: str) -> str:
    named = conninfo_to_dict(url)
    return f"{named.get('host') or 'localhost'}:{named.get('port') or 5432}"
