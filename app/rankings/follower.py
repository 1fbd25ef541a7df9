"""The task that keeps a process's snapshots equal to what is published."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import NamedTuple, cast

import msgspec
import structlog
from redis.asyncio import Redis

from app.rankings import keys
from app.rankings.publisher import TEXT_SECONDS
from app.rankings.runs import Run, latest_runs, snapshot_entries
from app.rankings.snapshot import HEAD, Snapshot, Word, decode_word, encode_snapshot, unpack
from app.rankings.snapshots import Snapshots
from app.runtime.notifications import Notifications
from app.runtime.outage import DATABASE_ERRORS, REDIS_ERRORS, Outage
from app.runtime.pool import Pool, borrowed
from app.runtime.tasks import first_of
from app.settings import Settings

POLL_SECONDS = 1.0
"""How often the pointer is read although nothing was announced."""
DATABASE_POLL_SECONDS = 5.0
"""How often the database is asked while Redis is down or empty."""

log = structlog.get_logger(__name__)


class Follower:
    """Follows the pointer in Redis and swaps the snapshots in memory.

    Redis is the way, the database the truth: while Redis is down or has no pointer, the newest
    runs are loaded straight from SQL. With both down the process goes on serving what it has.
    `clock` is monotonic seconds.
    """

    def __init__(
        self,
        *,
        settings: Settings,
        pool: Pool,
        redis: Redis,
        snapshots: Snapshots,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.settings = settings
        self.pool = pool
        self.redis = redis
        self.snapshots = snapshots
        self.clock = clock
        self._redis_outage = Outage("redis, for snapshots")
        self._database_outage = Outage("database, for snapshots")
        self._ask_database_at = clock()
        self._old_at = clock()
        """When what was read from the database is to be read again, for its texts."""

    async def run(self, announcements: Notifications) -> None:
        """Follow until cancelled: on every announcement, and once a second without one."""
        async with announcements.subscribed(keys.TRENDING_SWITCHED) as wake:
            while True:
                wake.clear()
                await self.refresh()
                await first_of(wake, within=POLL_SECONDS)

    async def refresh(self) -> bool:
        """Bring the snapshots up to date once, and tell whether Redis answered."""
        try:
            pointers = await self._pointers()
            if pointers:
                self.snapshots.replace(await self._published(pointers))
        except REDIS_ERRORS as error:
            self._redis_outage.failed(error)
            await self._refresh_from_database()
            return False
        self._redis_outage.over()
        if not pointers:
            await self._refresh_from_database()
        return True

    async def _pointers(self) -> dict[str, _Pointer]:
        """Return what is published of each ranking, and note up to when it is right."""
        async with self.redis.pipeline(transaction=True) as pipe:
            pipe.hgetall(keys.TRENDING_CURRENT)
            pipe.hgetall(keys.TRENDING_DIGESTS)
            pipe.hgetall(keys.TRENDING_WORDS)
            current, digests, given = await pipe.execute()
        words = {name: decode_word(word) for name, word in given.items()}
        self.snapshots.confirm({name.decode(): word.fresh_at for name, word in words.items()})
        return {
            name.decode(): _Pointer(int(run_id), digests.get(name, b"").decode(), words.get(name))
            for name, run_id in current.items()
        }

    async def _published(self, pointers: Mapping[str, _Pointer]) -> dict[str, Snapshot]:
        found = dict[str, Snapshot]()
        for ranking, pointer in pointers.items():
            run_id = pointer.run_id
            held = self.snapshots.current.get(ranking)
            if held is None or held.run_id < run_id or pointer.is_of_other_texts(held):
                held = await self._list(ranking, run_id) or held
            if held is not None and held.run_id <= run_id:
                found[ranking] = pointer.confirmed(held)
        if len(found) < len(pointers):
            # A blob has expired or is of another version, or a killed Redis came back with older
            # pointers than it had: the publisher will heal it, later.
            await self._refresh_from_database()
            found = {**self.snapshots.current, **found}
        return found

    async def _list(self, ranking: str, run_id: int) -> Snapshot | None:
        key = keys.trending_snapshot(ranking, run_id)
        head, items = await cast(
            "Awaitable[list[bytes | None]]", self.redis.hmget(key, [HEAD, b""])
        )
        if head is not None:
            with suppress(msgspec.DecodeError):
                return unpack(head, items)
        return None

    async def _refresh_from_database(self) -> None:
        """Load the newest runs from SQL, unless that was tried a moment ago."""
        if self.clock() < self._ask_database_at:
            return
        self._ask_database_at = self.clock() + DATABASE_POLL_SECONDS
        try:
            async with borrowed(self.pool, within=self.settings.database_timeout) as c:
                runs = await latest_runs(c)
                snapshots = {run.ranking: self._held(run) for run in runs}
                if self.clock() >= self._old_at:
                    self._old_at = self.clock() + TEXT_SECONDS
                for run in runs:
                    if snapshots[run.ranking] is None:
                        entries = await snapshot_entries(c, run_id=run.run_id)
                        snapshots[run.ranking] = encode_snapshot(run, entries)
        except DATABASE_ERRORS as error:
            self._database_outage.failed(error)
            return
        self._database_outage.over()
        self.snapshots.confirm({run.ranking: run.fresh_at.timestamp() for run in runs})
        self.snapshots.replace({name: found for name, found in snapshots.items() if found})

    def _held(self, run: Run) -> Snapshot | None:
        """Return the list that is held of a run, unless its texts may be old."""
        held = self.snapshots.current.get(run.ranking)
        if held is None or held.run_id != run.run_id or self.clock() >= self._old_at:
            return None
        return held


class _Pointer(NamedTuple):
    """What is published of a ranking."""

    run_id: int
    digest: str
    word: Word | None

    def is_of_other_texts(self, held: Snapshot) -> bool:
        """Tell whether the run that is held is published with other texts."""
        return held.run_id == self.run_id and self.digest not in ("", held.digest)

    def confirmed(self, held: Snapshot) -> Snapshot:
        """Return the list with the moment up to which it is known to hold."""
        if (
            self.word is None
            or held.run_id != self.run_id
            or self.word.confirmed_at <= held.as_of.timestamp()
        ):
            return held
        as_of = datetime.fromtimestamp(self.word.confirmed_at, UTC)
        return msgspec.structs.replace(held, as_of=as_of)
