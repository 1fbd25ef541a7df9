"""Live counts: what each committed transaction adds to the top lists between their recounts.

Nothing here is promised to arrive: what a killed writer or a failing Redis loses is in the next
publication, as that counts anew. But nothing ever counts twice, and without a fault nothing is lost
(app/top/changes.py).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from redis.asyncio import Redis

from app.ingest.rows import Committed
from app.runtime.outage import DATABASE_ERRORS, REDIS_ERRORS, Outage
from app.runtime.pool import Pool, borrowed
from app.runtime.tasks import end, first_of
from app.top.changes import add, is_held
from app.top.entrants import Entrants
from app.top.lists import Known, read_known
from app.top.metrics import LIVE_COUNTS_LOST
from app.top.queries import TopItem, top_items
from app.top.tally import Changes, Plan, changes_of, subject_items, tally

HELD_SECONDS = 0.05
"""How long to wait while a publisher is at work."""
LAST_SECONDS = 1.0
"""How long what is left at the end may take."""
GATHER_SECONDS = 0.2
"""How long to let more come before it is added: what is hot is in every batch."""
LOOKUP_SECONDS = 10.0
"""Longest time the database may take to say whose items these are."""
MOST_SUBJECTS = 500_000
MOST_EVENTS = 500_000
"""Most events that wait for Redis; with more, the oldest are left to the next publication."""


class LiveCounts:
    """Adds committed events to the top lists, in the background: no writer waits for it."""

    def __init__(self, redis: Redis, pool: Pool) -> None:
        self._redis = redis
        self._pool = pool
        self._waiting: deque[Committed] = deque()
        self._events = 0
        self._wake = asyncio.Event()
        self._entrants = Entrants(redis, pool)
        self._known: dict[str, Known] = {}
        self._plan = Plan.of({})
        self._subjects: dict[int, TopItem] = {}
        """Creators and categories of items, since the lists were last replaced."""
        self._outage = Outage("live counts of top lists")

    def add(self, committed: Committed) -> None:
        """Take what a transaction inserted; call it once for each, and only once it is committed.

        Without a transaction id (`pg_current_xact_id`), it could be counted twice.
        """
        self._waiting.append(committed)
        self._events += len(committed.events)
        while self._events > MOST_EVENTS and len(self._waiting) > 1:
            self._lose(self._waiting.popleft())
        self._wake.set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[asyncio.Task[None]]:
        """Work in the background, in the task that is lent; at the end, hurry with what is left."""
        stop = asyncio.Event()
        task = asyncio.create_task(self.run(stop), name="live counts")
        try:
            yield task
        finally:
            stop.set()
            await asyncio.wait({task}, timeout=LAST_SECONDS)
            await end(task)
        if not task.cancelled():
            task.result()

    async def run(self, stop: asyncio.Event) -> None:
        """Add what comes until `stop` is set and nothing waits."""
        while not (stop.is_set() and not self._waiting):
            if not (self._waiting or self._entrants):
                await self._woken(stop)
                continue
            begun = list(self._waiting)
            try:
                done = await self.flush()
            except (*DATABASE_ERRORS, *REDIS_ERRORS) as error:
                # It may have been added: to add it again could count it twice.
                self._drop(begun)
                self._outage.failed(error)
                continue
            self._outage.over()
            if not done:
                await asyncio.sleep(HELD_SECONDS)
            elif not stop.is_set():
                await first_of(stop, within=GATHER_SECONDS + self._entrants.rest)

    async def flush(self) -> bool:
        """Add all that waits, once, and admit who belongs in a list by it.

        False while a publisher is at work. Raises as Redis does.
        """
        if await is_held(self._redis):
            return False
        batch = list(self._waiting)
        parts = [batch]
        while True:
            found = [await self._changes(part) for part in parts]
            additions = [one for changes in found for one in changes.additions]
            match await add(self._redis, self._known, additions):
                case "held":
                    return False
                case "applied":
                    self._settle(batch)
                    for changes in found:
                        self._entrants.note(changes.entrants, self._known)
                    self._known = await self._entrants.admit(self._known)
                    self._plan = Plan.of(self._known)
                    return True
                case "mixed":
                    parts = [[committed] for committed in batch]
                case "changed":
                    self._known = await read_known(self._redis, self._known)
                    self._plan = Plan.of(self._known)
                    # Whose items these are was counted anew, too.
                    self._subjects.clear()

    async def _changes(self, part: list[Committed]) -> Changes:
        tallied = tally(part, self._plan)
        unknown = subject_items(tallied) - self._subjects.keys()
        if unknown:
            if len(self._subjects) > MOST_SUBJECTS:
                self._subjects.clear()
                unknown = subject_items(tallied)
            async with borrowed(self._pool, within=LOOKUP_SECONDS) as connection:
                found = await top_items(connection, item_ids=sorted(unknown))
            self._subjects.update((item.item_id, item) for item in found)
        return changes_of(tallied, self._subjects)

    def _settle(self, batch: list[Committed]) -> None:
        """Forget a batch, of which `add` may have dropped the oldest meanwhile."""
        done = set(map(id, batch))
        while self._waiting and id(self._waiting[0]) in done:
            self._events -= len(self._waiting.popleft().events)

    def _drop(self, batch: list[Committed]) -> None:
        LIVE_COUNTS_LOST.inc(sum(len(committed.events) for committed in batch))
        self._settle(batch)

    def _lose(self, committed: Committed) -> None:
        LIVE_COUNTS_LOST.inc(len(committed.events))
        self._events -= len(committed.events)

    async def _woken(self, stop: asyncio.Event) -> None:
        """Return when something waits, or `stop` is set."""
        self._wake.clear()
        await first_of(stop, self._wake, within=None)
