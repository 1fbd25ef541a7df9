"""Stats as encoded JSON: from Redis while nothing has changed them, else refreshed by one caller.

No process keeps any of it: what Redis says is asked for anew with every read, so that a read which
begins after a commit was told shows it, on any process (docs/decisions/0024).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from itertools import islice
from typing import TypeAlias, cast
from uuid import uuid4

import msgspec
from redis.asyncio import Redis

from app.errors import BusyError, UnavailableError, UnknownItemError
from app.runtime.outage import DATABASE_ERRORS, REDIS_ERRORS
from app.runtime.pool import Pool, failure_of
from app.runtime.replicas import read
from app.settings import Settings
from app.stats import scripts
from app.stats.invalidation import forget
from app.stats.keys import Item, item_keys, served_keys
from app.stats.metrics import STATS_LOOKUPS
from app.stats.queries import item_stats
from app.stats.reads import SharedReads
from app.stats.wire import ItemStats

LAST_KNOWN_MS = 86_400_000
"""How long a value is kept for the case that the database is down."""
SHOWN = 2
"""While one caller refreshes a value, others get it until it is so many times as old as it may."""
WAIT_SECONDS = 1.0
"""How long a caller waits for another one's refresh before it asks the database itself."""
PEEK_SECONDS = 0.02
"""How often it looks."""
DATABASE_PAUSE = 1.0
"""Seconds in which a process does not ask again a database that has just failed."""
MOST_OWED = 100_000
"""Most changed items that are remembered while Redis is down; of others it is old for a while."""
UNKNOWN = b"null"
"""Stands in the place of the value of an unknown item."""

Found: TypeAlias = bytes | UnavailableError
"""JSON of an item's `ItemStats`, or `UNKNOWN`; or why neither is known."""
Look: TypeAlias = tuple[bytes, bytes | None]


class StatsCache:
    """Answers stats. `clock` is monotonic seconds, `now` the time counted up to.

    `ranks` tells in which trending lists an item stands, by window.
    """

    def __init__(  # noqa: PLR0913  # what it works with, and two clocks
        self,
        *,
        settings: Settings,
        pool: Pool,
        redis: Redis,
        ranks: Callable[[Item], dict[str, int]] = lambda _: {},
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.settings = settings
        self.pool = pool
        self.redis = redis
        self.ranks = ranks
        self.clock = clock
        self.now = now
        self._served_ms = int(1_000 * settings.stats_fresh_seconds)
        self._is_down = False
        """Whether the last query has failed."""
        self._ask_again_at = 0.0
        self._reads = SharedReads(redis)
        self._owed: dict[Item, object] = {}
        """Changed items of which Redis could not be told, each with a mark of its last change."""
        self._turn = asyncio.Lock()
        self._asked = set[Item]()
        self._round: asyncio.Task[dict[Item, Found]] | None = None

    async def get(self, *, content_type: str, content_id: str) -> bytes:
        """Return the JSON of the item's `ItemStats`; as `many`.

        Raises `UnknownItemError`, and `UnavailableError` when the database is down and Redis is too
        or has no value.
        """
        item = (content_type, content_id)
        found = (await self.many([item]))[item]
        if isinstance(found, UnavailableError):
            raise found
        if found == UNKNOWN:
            raise UnknownItemError(f"no {content_type} {content_id!r} has ever been named")
        return found

    async def served(self, items: Sequence[Item]) -> list[bytes | None]:
        """Return what is served without any work; raises what Redis raises."""
        if self._owed:
            await self._pay()
        return await self._reads.get(served_keys(items))

    async def end(self, items: Iterable[Item]) -> None:
        """End what is cached of items: something that was just committed has changed them."""
        self.owe(items)
        with suppress(*REDIS_ERRORS):
            await self._pay()

    def owe(self, items: Iterable[Item]) -> None:
        """Note that items have changed and Redis does not know; it is told before the next read."""
        mark = object()
        for item in islice(items, max(0, MOST_OWED - len(self._owed))):
            self._owed[item] = mark

    async def _pay(self) -> None:
        owed = dict(self._owed)
        async with self.redis.pipeline(transaction=False) as pipe:
            forget(pipe, owed.keys(), awaited=owed.keys())
            await pipe.execute()
        for item, mark in owed.items():
            # Not what has changed again meanwhile.
            if self._owed.get(item) is mark:
                del self._owed[item]

    async def many(self, items: Sequence[Item]) -> dict[Item, Found]:
        """Return what is known of items.

        Older than `settings.stats_fresh_seconds` only while another caller refreshes it, up to
        twice that, or, with `stale` true, while the database is down.
        """
        wanted = list(dict.fromkeys(items))
        try:
            return await self._through_redis(wanted)
        except REDIS_ERRORS:
            STATS_LOOKUPS.labels("database").inc(len(wanted))
            return await self._from_database(wanted)

    async def _through_redis(self, wanted: list[Item]) -> dict[Item, Found]:
        found: dict[Item, Found] = {}
        if self._owed:
            await self._pay()
        if len(wanted) > 1:
            values = await self.served(wanted)
            found |= {item: value for item, value in zip(wanted, values, strict=True) if value}
            STATS_LOOKUPS.labels("cache").inc(len(found))
            wanted = [item for item in wanted if item not in found]
        deadline = self.clock() + WAIT_SECONDS
        while wanted:
            token = "" if self.clock() < self._ask_again_at else uuid4().hex
            claimed: dict[Item, bytes | None] = {}
            awaited: list[Item] = []
            for item, (state, value) in zip(wanted, await self._look(wanted, token), strict=True):
                match state:
                    case b"claimed":
                        claimed[item] = value
                    case b"awaited":
                        awaited.append(item)
                    case _:
                        found[item] = self._shown(state, value)
            if claimed:
                found |= await self._refresh(claimed, token)
            if awaited and self.clock() >= deadline:
                STATS_LOOKUPS.labels("database").inc(len(awaited))
                return found | await self._from_database(awaited)
            if wanted := awaited:
                await asyncio.sleep(PEEK_SECONDS)
        return found

    async def _look(self, items: list[Item], token: str) -> list[Look]:
        async with self.redis.pipeline(transaction=False) as pipe:
            for item in items:
                scripts.look(
                    pipe,
                    item_keys(*item),
                    token=token,
                    # A query lasts no longer: whoever holds it then is dead.
                    claim_ms=int(1_000 * self.settings.database_timeout) + 1_000,
                    last_ms=LAST_KNOWN_MS,
                    shown_ms=SHOWN * self._served_ms,
                )
            return cast("list[Look]", await pipe.execute())

    def _shown(self, state: bytes, value: bytes | None) -> Found:
        if state == b"served" and value is not None:
            STATS_LOOKUPS.labels("cache").inc()
            return value
        if state == b"refreshing" and value is not None and not self._is_down:
            STATS_LOOKUPS.labels("refreshing").inc()
            return value
        return _last_known(value, _down())

    async def _refresh(self, claimed: dict[Item, bytes | None], token: str) -> dict[Item, Found]:
        """Ask the database, and keep what it says of each item unless that was changed since."""
        found: dict[Item, Found]
        try:
            values = await self._query(list(claimed))
        except UnavailableError as error:
            found = {item: _last_known(last, error) for item, last in claimed.items()}
            values = {}
        else:
            STATS_LOOKUPS.labels("database").inc(len(values))
            found = dict(values.items())
        with suppress(*REDIS_ERRORS):
            async with self.redis.pipeline(transaction=False) as pipe:
                for item in claimed:
                    keys, value = item_keys(*item), values.get(item)
                    if value is None:
                        scripts.let_go(pipe, keys, token=token)
                        continue
                    scripts.keep(
                        pipe,
                        keys,
                        token=token,
                        value=value,
                        served_ms=self._served_ms,
                        last_ms=None if value == UNKNOWN else LAST_KNOWN_MS,
                    )
                await pipe.execute()
        return found

    async def _from_database(self, items: Iterable[Item]) -> dict[Item, Found]:
        """Ask the database past Redis: one query at a time, for all who came before it began.

        A query that is under way is joined by nobody: it may lack what was committed since.
        """
        self._asked.update(items)
        if self._round is None:
            self._round = asyncio.create_task(self._ask())
        # One caller that hangs up must not take the answer away from the others.
        return await asyncio.shield(self._round)

    async def _ask(self) -> dict[Item, Found]:
        async with self._turn:
            items, self._asked, self._round = list(self._asked), set(), None
            try:
                return dict((await self._query(items)).items())
            except UnavailableError as error:
                return dict.fromkeys(items, error)

    async def _query(self, items: list[Item]) -> dict[Item, bytes]:
        if self.clock() < self._ask_again_at:
            raise _down()
        try:
            counted = await read(
                self.pool,
                lambda c: item_stats(c, items=items, as_of=self.now()),
                within=self.settings.database_timeout,
            )
        except DATABASE_ERRORS as error:
            failure = failure_of(self.pool, error, within=self.settings.database_timeout)
            if not isinstance(failure, BusyError):
                self._is_down = True
                self._ask_again_at = self.clock() + DATABASE_PAUSE
            raise failure from error
        self._is_down = False
        return {
            item: msgspec.json.encode(
                msgspec.structs.replace(counted[item], trending_ranks=self.ranks(item))
            )
            if item in counted
            else UNKNOWN
            for item in items
        }


def _down() -> UnavailableError:
    return UnavailableError("the database is down", retry_after=DATABASE_PAUSE)


def _last_known(value: bytes | None, error: UnavailableError) -> Found:
    """Return a value for the time that the database is down, or why there is none."""
    if value is None:
        return error
    STATS_LOOKUPS.labels("last known").inc()
    stats = msgspec.json.decode(value, type=ItemStats)
    return msgspec.json.encode(msgspec.structs.replace(stats, stale=True))
