"""The publisher: brings every finished run to Redis, whole, and then switches one pointer."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime
from typing import Any, NoReturn, TypeAlias, cast

import structlog
from redis.asyncio import Redis
from redis.asyncio.client import Pipeline
from redis.exceptions import WatchError

from app.rankings import id_lists, keys
from app.rankings.runs import Run, latest_run, latest_runs, snapshot_segments
from app.rankings.snapshot import HEAD, Word, digest_of, encode_word, pack
from app.runtime.epochs import EPOCH, DeposedError, epoch_of, newest_epoch
from app.runtime.notifications import Notifications
from app.runtime.outage import DATABASE_ERRORS, REDIS_ERRORS, Outage
from app.runtime.pool import Pool, borrowed
from app.runtime.tasks import first_of
from app.settings import Settings

POLL_SECONDS = 5.0
"""How often the newest runs are asked for although nothing was notified."""
REPLACED_SECONDS = 600
"""How long a replaced snapshot stays in Redis, for readers that are still paging through it."""
TEXT_SECONDS = 50.0
"""How often the titles, categories and creators in a list are compared with the catalogue."""
EVERY_MINUTE = "* * * * *"
LIVE_FORMULA = "top_count"
"""Whose lists `app.top` keeps, live."""
CHANNEL = "ranking_run"
"""The database notifies it when runs have finished."""

Field: TypeAlias = bytes | bytearray | memoryview | str | int | float
"""What the client takes for fields of a hash and their values."""

log = structlog.get_logger(__name__)


async def run_publisher(
    *, publisher: Publisher, notifications: Notifications, stop: asyncio.Event
) -> None:
    """Publish until `stop` is set; outages of Redis and of the database are waited out.

    Any number of publishers may run: each switch is a transaction that fails where another one
    came first.
    """
    outage = Outage("publisher")
    async with notifications.subscribed(CHANNEL) as wake:
        while not stop.is_set():
            wake.clear()
            pause = POLL_SECONDS
            try:
                await publisher.publish()
                outage.over()
            except (*DATABASE_ERRORS, *REDIS_ERRORS) as error:
                pause = outage.failed(error)
            await first_of(stop, wake, within=pause)


class Publisher:
    """Compares what Redis points at with the newest runs, and publishes what differs.

    What differs need not be newer: an emptied Redis, an expired blob, a database that was reset
    all end in Redis holding exactly the newest finished run of every enabled ranking. Only what is
    of a server that was deposed is refused, in the transaction that would switch to it. `then` is
    called after that: what follows runs elsewhere, such as top lists, does so.
    """

    def __init__(
        self,
        *,
        settings: Settings,
        pool: Pool,
        redis: Redis,
        then: Callable[[], Awaitable[object]] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.settings = settings
        self.pool = pool
        self.redis = redis
        self.then = then
        self.clock = clock
        self._look_again_at = dict[str, float]()
        """When the texts of each ranking's list are compared with the catalogue again."""
        self._confirmed = dict[str, datetime]()

    async def publish(self) -> int:
        """Publish every ranking whose newest run or texts are not, and return how many."""
        async with borrowed(self.pool, within=self.settings.database_timeout) as c:
            epoch = await epoch_of(c) or 0
            runs = await latest_runs(c)
        if (newest := await newest_epoch(self.redis, epoch)) > epoch:
            self._is_deposed(newest)
        published = 0
        for run in await self._unpublished(runs):
            published += await self._switch(run.ranking)
        await self._withdraw({run.ranking for run in runs}, epoch)
        if runs:
            await self._give_word(runs, epoch)
        if published:
            await self.redis.publish(keys.TRENDING_SWITCHED, b"")
        if self.then is not None:
            await self.then()
        return published

    def _is_deposed(self, newest: int) -> NoReturn:
        self.pool.raise_fence(newest)
        raise DeposedError("these runs are of a server that was deposed: nothing is published")

    async def _watch_epoch(self, pipe: Pipeline, *names: str, epoch: int | None = None) -> int:
        """Let the transaction fail if a newer epoch comes; raises `DeposedError` if one is there.

        Returns the epoch that Redis knows of.
        """
        await pipe.watch(EPOCH, *names)
        newest = int(await cast("Any", pipe.get(EPOCH)) or 0)
        if epoch is not None and newest > epoch:
            self._is_deposed(newest)
        return newest

    async def _give_word(self, runs: list[Run], epoch: int) -> None:
        """Say how each list stands; where a run found nothing new, this is all that it moves on."""
        renewed = {
            run.ranking: run.redis_seconds
            for run in runs
            if self._confirmed.get(run.ranking) != run.confirmed_at
        }
        async with self.redis.pipeline(transaction=True) as pipe:
            await self._watch_epoch(pipe, epoch=epoch)
            pipe.multi()  # type: ignore[no-untyped-call]
            for run in runs:
                pipe.hset(
                    keys.TRENDING_WORDS,
                    run.ranking,
                    encode_word(
                        Word(
                            fresh_at=run.fresh_at.timestamp(),
                            confirmed_at=run.confirmed_at.timestamp(),
                        )
                    ),
                )
                if run.ranking in renewed:
                    pipe.expire(keys.trending_snapshot(run.ranking, run.run_id), run.redis_seconds)
            await pipe.execute()
        await id_lists.renew(self.redis, id_lists.TRENDING, renewed)
        self._confirmed = {run.ranking: run.confirmed_at for run in runs}

    async def _unpublished(self, runs: list[Run]) -> list[Run]:
        """Return those of other runs than Redis has, and those whose texts are to be looked at."""
        async with self.redis.pipeline(transaction=False) as pipe:
            pipe.hgetall(keys.TRENDING_CURRENT)
            for run in runs:
                pipe.exists(keys.trending_snapshot(run.ranking, run.run_id))
            pointers, *blobs = await pipe.execute()
        now = self.clock()
        return [
            run
            for run, blob in zip(runs, blobs, strict=True)
            if not blob
            or pointers.get(run.ranking.encode()) != b"%d" % run.run_id
            or now >= self._look_again_at.get(run.ranking, now)
        ]

    async def _switch(self, ranking: str) -> bool:
        """Store the newest snapshot of `ranking` and point at it; False if there is no need.

        The newest run is read again under WATCH: had another publisher switched since, the
        transaction fails, so a slow publisher can never put an older run over a newer one.
        """
        while True:
            async with self.redis.pipeline(transaction=True) as pipe:
                with suppress(WatchError):
                    return await self._try_switch(pipe, ranking)

    async def _try_switch(self, pipe: Pipeline, ranking: str) -> bool:
        newest = await self._watch_epoch(pipe, keys.TRENDING_CURRENT)
        before = await pipe.hget(keys.TRENDING_CURRENT, ranking)
        packed_ids = cast("bytes | None", await pipe.hget(keys.TRENDING_IDS, ranking))
        ids = id_lists.held_of(packed_ids)
        async with borrowed(self.pool, within=self.settings.database_timeout) as c:
            epoch = await epoch_of(c) or 0
            if epoch < newest:
                self._is_deposed(newest)
            run = await latest_run(c, ranking=ranking)
            if run is None:
                return False
            segments = await snapshot_segments(c, run_id=run.run_id)
        key = keys.trending_snapshot(ranking, run.run_id)
        packed = pack(run, segments)
        self._look_again_at[ranking] = self.clock() + TEXT_SECONDS
        stored = cast("bytes | None", await pipe.hget(key, HEAD))
        is_live = run.formula == LIVE_FORMULA
        has_ids = is_live or packed_ids is not None
        if before == b"%d" % run.run_id and digest_of(stored) == packed.digest and has_ids:
            return False
        pipe.multi()  # type: ignore[no-untyped-call]
        pipe.unlink(key)
        fields: dict[Field, Field] = dict(packed.fields.items())
        pipe.hset(key, mapping=fields)
        pipe.expire(key, run.redis_seconds)
        pipe.hset(keys.TRENDING_CURRENT, ranking, run.run_id)
        pipe.hset(keys.TRENDING_DIGESTS, ranking, packed.digest)
        if not is_live:
            places = [(item.content_type, item.content_id) for item in segments[""]]
            seconds = run.redis_seconds
            id_lists.queue(pipe, id_lists.TRENDING, ranking, places, held=ids, seconds=seconds)
        if before is not None and int(before) != run.run_id:
            pipe.expire(keys.trending_snapshot(ranking, int(before)), REPLACED_SECONDS)
        await pipe.execute()
        # What comes every minute is routine; a list that is made once a day is worth a line.
        level = logging.DEBUG if run.schedule.strip() == EVERY_MINUTE else logging.INFO
        log.log(level, "published", ranking=ranking, run_id=run.run_id, items=len(segments[""]))
        return True

    async def _withdraw(self, enabled: set[str], epoch: int) -> None:
        """Forget the pointers of rankings that have no run any more, or were disabled."""
        names = cast("list[bytes]", await self.redis.hkeys(keys.TRENDING_CURRENT))
        pointed = {name.decode() for name in names}
        if gone := pointed - enabled:
            async with self.redis.pipeline(transaction=True) as pipe:
                await self._watch_epoch(pipe, epoch=epoch)
                pipe.multi()  # type: ignore[no-untyped-call]
                pipe.hdel(keys.TRENDING_CURRENT, *gone)
                pipe.hdel(keys.TRENDING_WORDS, *gone)
                pipe.hdel(keys.TRENDING_DIGESTS, *gone)
                await pipe.execute()
        await id_lists.withdraw(self.redis, id_lists.TRENDING, enabled)
