"""Publish what waits in the database: batch by batch, each lane by one process at a time.

A batch is taken for a while, sent, and only then taken from what waits. Whoever dies leaves it to
the next, who sends it again: at least once, and in order.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, suppress
from datetime import timedelta
from itertools import groupby
from uuid import UUID

import structlog
from aiokafka.errors import KafkaError

from app.runtime.backoff import Backoff
from app.runtime.outage import DATABASE_ERRORS, Outage
from app.runtime.pool import Pool, borrowed
from app.runtime.sql import Connection
from app.runtime.tasks import first_of, run_together
from app.settings import Settings
from app.sink import metrics
from app.sink import queries as sql
from app.sink.outlet import SEND_SECONDS, Outlet
from app.sink.wire import change_messages, changes_between, event_message

LEASE = timedelta(seconds=SEND_SECONDS + 20)
"""How long nobody else publishes what was taken: longer than reading and sending may take."""
MOST_EVENTS = 2_000
"""About as many a batch."""
MOST_CHANGES = 5_000
"""Of lists, at most at once."""
AT_ONCE = 2
"""Lanes of events that a process publishes at the same time: one is read while one is sent."""
POLL_SECONDS = 0.5
"""How often it is looked for something to publish."""
LOOK_SECONDS = 5.0
"""How often it is looked how much waits, at most."""
LOOK_SHARE = 0.02
"""Of the time, at most, goes into that: after an outage of days there is much to count."""
LISTS_SECONDS = 10.0
"""How long the lane of rankings is held on to: then the next ones are taken anew."""
_BACKOFF = Backoff(shortest=0.25, longest=5.0)

log = structlog.get_logger(__name__)


class Publisher:
    """One process's part in publishing; `topics` names a topic for what is to be published."""

    def __init__(
        self,
        settings: Settings,
        pool: Pool,
        stop: asyncio.Event,
        *,
        topics: dict[sql.Stream, str],
    ) -> None:
        self._settings = settings
        self._pool = pool
        self._stop = stop
        self._topics = topics

    async def run(self) -> None:
        """Publish until stopped; outlives every outage."""
        await run_together(
            {
                "what waits": self._measure(),
                **{
                    f"publisher {number} of {stream}s": self._publish(stream)
                    for stream in self._topics
                    for number in range(AT_ONCE if stream == "event" else 1)
                },
            }
        )

    async def _publish(self, stream: sql.Stream) -> None:
        database = Outage(f"database, for publishing {stream}s", backoff=_BACKOFF)
        brokers = Outage(f"kafka, for publishing {stream}s", backoff=_BACKOFF)
        outlet = Outlet(self._settings)
        try:
            while not self._stop.is_set():
                pause = 0.0
                try:
                    pause = 0 if await self._next(stream, outlet) else POLL_SECONDS
                    database.over()
                    # What was nothing to send says nothing of the brokers.
                    if not pause:
                        brokers.over()
                except KafkaError as error:
                    metrics.FAILURES.labels(stream).inc()
                    pause = brokers.failed(error)
                except DATABASE_ERRORS as error:
                    pause = database.failed(error)
                if pause:
                    await first_of(self._stop, within=pause)
        finally:
            await outlet.close()

    async def _next(self, stream: sql.Stream, outlet: Outlet) -> bool:
        """Publish a batch; return False where there was none to take."""
        async with self._connection() as connection:
            claim = await sql.claim_lane(connection, stream=stream, lease=LEASE)
        if claim is None:
            return False
        try:
            # The time is up before the lease is: what comes later may be somebody else's.
            async with asyncio.timeout(LEASE.total_seconds() - 5):
                if stream == "event":
                    await self._events(claim, outlet)
                else:
                    await self._rankings(claim, outlet)
        except BaseException:
            await outlet.drop()
            await self._release(claim)
            raise
        return True

    async def _events(self, claim: sql.Claim, outlet: Outlet) -> None:
        async with self._connection() as connection:
            rows = await sql.outgoing_batch(connection, lane=claim.lane, most=MOST_EVENTS)
            found: dict[UUID, sql.Event] = {}
            for some in _together(rows):
                events = await sql.outgoing_events(
                    connection,
                    event_ids=[each for row in some for each in row.event_ids],
                    since=min(row.since for row in some),
                    until=max(row.until for row in some),
                )
                found |= {event.event_id: event for event in events}
        wanted = [each for row in rows for each in row.event_ids]
        events = [found[each] for each in wanted if each in found]
        refused = await outlet.send(self._topics["event"], list(map(event_message, events)))
        async with self._connection() as connection:
            await sql.end_batch(
                connection,
                claim=claim,
                rows=rows,
                refused=[(events[place], reason) for place, reason in refused],
            )
        metrics.GONE.inc(len(wanted) - len(events))
        _count("event", len(events), refused)

    async def _rankings(self, claim: sql.Claim, outlet: Outlet) -> None:
        """Publish what differs from the lists that readers have, ranking by ranking.

        Those for which the time is not enough are still due.
        """
        async with self._connection() as connection:
            steps = await sql.begin_rankings(connection)
        enough = time.monotonic() + LISTS_SECONDS
        for step in steps:
            async with self._connection() as connection:
                before = (
                    []
                    if step.run_id is None
                    else await sql.ranking_lists(connection, run_id=step.run_id)
                )
                after = await sql.ranking_lists(connection, run_id=step.next_run_id)
            messages = change_messages(
                changes_between(
                    before,
                    after,
                    run_id=step.next_run_id,
                    # Where it is gone, as after a restore, they begin anew.
                    previous_run_id=step.run_id if before else None,
                )
            )
            for start in range(0, len(messages), MOST_CHANGES):
                some = messages[start : start + MOST_CHANGES]
                _count("ranking", len(some), await outlet.send(self._topics["ranking"], some))
            async with self._connection() as connection:
                await sql.end_ranking(connection, step=step)
            if time.monotonic() > enough:
                break
        await self._release(claim)

    async def _release(self, claim: sql.Claim) -> None:
        with suppress(*DATABASE_ERRORS):
            async with self._connection() as connection:
                await sql.release_lane(connection, claim=claim)

    async def _measure(self) -> None:
        outage = Outage("database, for what waits to be published", backoff=_BACKOFF)
        while not self._stop.is_set():
            began = time.monotonic()
            try:
                async with self._connection() as connection:
                    streams = await sql.sink_streams(connection)
                outage.over()
                pause = max(LOOK_SECONDS, (time.monotonic() - began) / LOOK_SHARE)
            except DATABASE_ERRORS as error:
                pause = outage.failed(error)
            else:
                for each in streams:
                    metrics.WAITING.labels(each.stream).set(each.waiting)
                    metrics.AGE.labels(each.stream).set(each.age_seconds)
                metrics.UNPUBLISHED.set(sum(each.unpublished for each in streams))
                metrics.GIVEN_UP.set(sum(each.given_up for each in streams))
            await first_of(self._stop, within=pause)

    def _connection(self) -> AbstractAsyncContextManager[Connection]:
        return borrowed(self._pool, within=self._settings.database_timeout)


def _together(rows: list[sql.Row]) -> Iterator[list[sql.Row]]:
    """Yield rows that follow each other and are of the same days: they are looked up at once."""
    for _, some in groupby(rows, key=lambda row: (row.since.date(), row.until.date())):
        yield list(some)


def _count(stream: sql.Stream, sent: int, refused: list[tuple[int, str]]) -> None:
    metrics.PUBLISHED.labels(stream).inc(sent - len(refused))
    if refused:
        metrics.REFUSED.labels(stream).inc(len(refused))
        log.error(
            "the brokers do not take some messages: events are kept in core.unpublished",
            stream=stream,
            refused=len(refused),
            reason=refused[0][1],
        )
