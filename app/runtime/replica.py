"""One replica: how far it is behind the primary, whether reads may go there, and if not, why."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

import psycopg
from psycopg_pool import PoolTimeout

from app.runtime.outage import DATABASE_ERRORS
from app.runtime.pool import Pool, PooledConnection, borrowed

PEEK_SECONDS = 0.005
"""How often a read looks whether a replica has come far enough."""
REST_SECONDS = 1.0
"""How long no read tries a replica that was too far behind for one."""
_MOST_MARKS = 600
"""How many moments of the primary are remembered: a longer lag is not known."""


class BehindError(Exception):
    """The replica lacks what was committed before the read."""


class Replica:
    """A standby that reads may go to.

    Its lag is exact, and none on a quiet primary: the age of the newest moment of the primary whose
    log it has replayed.
    """

    def __init__(self, name: str, url: str, pool: Pool) -> None:
        self.name = name
        self.url = url
        self.pool = pool
        self.lag: float | None = None
        """Seconds; None while it is not known, as before it has what the primary had first."""
        self.why_not: str | None = "it was not asked yet"
        """Why no read goes there; None where reads do."""
        self.load = 0
        """Reads that it has at the moment."""
        self._primary_epoch: int | None = None
        self._marks = deque[tuple[float, int]](maxlen=_MOST_MARKS)
        self._rests_until = 0.0
        self._limits = set[asyncio.Timeout]()

    def note(self, moment: float, lsn: int, epoch: int | None) -> None:
        """Note how far the primary was at a moment of the loop's clock."""
        if epoch != self._primary_epoch:
            # Of another line of history: positions in it say nothing of this one's.
            self._marks.clear()
            self._primary_epoch = epoch
        self._marks.append((moment, lsn))

    async def look(self, *, most_lag: float, within: float) -> None:
        """Ask it how far it is, and find out whether reads may go there."""
        try:
            async with borrowed(self.pool, within=within) as connection:
                place = await _place_of(connection)
        except DATABASE_ERRORS as error:
            if isinstance(error, PoolTimeout) and self.pool.is_overloaded:
                # It answers, and has as much to do as it may: as it was.
                return
            self.lag = None
            self.why_not = self.pool.refusal or (
                "it does not answer"
                if isinstance(error, TimeoutError | psycopg.OperationalError)
                else f"it cannot be asked ({type(error).__name__})"
            )
            self._end_reads()
            return
        had = [moment for moment, lsn in self._marks if lsn <= place.replayed]
        now = asyncio.get_running_loop().time()
        self.lag = now - had[-1] if had else None
        self.why_not = self._fault(place, most_lag)

    def _fault(self, place: _Place, most_lag: float) -> str | None:
        if not place.is_standby:
            return "it is no standby: it was promoted, or never was one"
        if self._primary_epoch is None:
            return "the primary does not say how far it is"
        if place.epoch != self._primary_epoch:
            return "it does not follow this primary, or has not come to its promotion yet"
        if self.lag is None or self.lag > most_lag:
            return f"it is more than {most_lag:g} s behind, or the primary does not answer"
        return None

    def is_usable(self, now: float) -> bool:
        """Tell whether a read may go there now, and would not wait for a connection."""
        is_free = self.load < self.pool.max_size
        return self.why_not is None and is_free and now >= self._rests_until

    def rest(self, now: float) -> None:
        """Let reads go elsewhere for a while: it was behind."""
        self._rests_until = now + REST_SECONDS

    @asynccontextmanager
    async def lent(self, *, within: float) -> AsyncIterator[PooledConnection]:
        """Lend a connection as `borrowed` does; the time is up at once when the replica dies."""
        self.load += 1
        try:
            async with (
                borrowed(self.pool, within=within) as connection,
                asyncio.timeout(within) as limit,
            ):
                self._limits.add(limit)
                try:
                    yield connection
                finally:
                    self._limits.discard(limit)
        finally:
            self.load -= 1

    def _end_reads(self) -> None:
        for limit in tuple(self._limits):
            limit.reschedule(asyncio.get_running_loop().time())

    async def catch_up(
        self, connection: PooledConnection, lsn: int, epoch: int | None, *, within: float
    ) -> None:
        """Wait until all of that epoch's log before `lsn` is replayed; else `BehindError`."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + within
        # Asked of the connection itself: behind one name there may be several standbys.
        while (place := await _place_of(connection)).replayed < lsn:
            if loop.time() >= deadline:
                raise BehindError
            await asyncio.sleep(PEEK_SECONDS)
        if not place.is_standby or place.epoch != epoch:
            raise BehindError


class _Place(NamedTuple):
    """Where in which history a server is."""

    is_standby: bool
    replayed: int
    epoch: int | None
    """Of the primary whose log it has replayed."""


async def _place_of(connection: PooledConnection) -> _Place:
    cursor = await connection.execute(
        "select pg_is_in_recovery(), "
        "coalesce(pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0'), 0)::bigint, "
        "case when pg_is_in_recovery() then api.epoch() end"
    )
    row = await cursor.fetchone()
    assert row is not None  # noqa: S101  # a select without from has one row
    return _Place(*row)
