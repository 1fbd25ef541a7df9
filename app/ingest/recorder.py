"""Record a request's events: give each its outcome, and make the accepted ones durable."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from typing import NamedTuple

import redis.asyncio

from app.errors import GroundswellError, UnknownItemError
from app.ingest.accept import Acceptor, Outcome
from app.ingest.decode import Decoded
from app.ingest.intake import EndStats, Intake, Taken
from app.ingest.known_items import KnownItems, not_in_catalogue
from app.ingest.limits import limit_headers
from app.ingest.metrics import BOTS, REJECTED
from app.ingest.retention import Retention
from app.ingest.sender import ANYBODY, Sender
from app.ingest.stream import Entry, Reply, Sealed, sealed
from app.ingest.uuid7 import Uuid7Source
from app.ingest.viewer_bounds import ViewerBounds
from app.ingest.wire import Accepted, Rejection
from app.runtime.moments import unix_microseconds
from app.runtime.pool import Pool
from app.runtime.slices import Slices
from app.settings import Settings

_STEP = 50
"""Events that are accepted between two looks at the clock."""


class Recorded(NamedTuple):
    """What a caller is told."""

    accepted: Accepted
    is_written: bool
    """Whether the database is known to have all that was accepted."""
    headers: dict[str, str]


class Recorder:
    """What one API process keeps for recording events.

    With `known_items`, events of items that the catalogue does not have are refused.
    """

    def __init__(  # noqa: PLR0913  # all that recording works with
        self,
        settings: Settings,
        pool: Pool,
        redis_client: redis.asyncio.Redis,
        *,
        retention: Retention,
        known_items: KnownItems | None = None,
        end_stats: EndStats | None = None,
        clock: Callable[[], int] = unix_microseconds,
    ) -> None:
        self._clock = clock
        self._retention = retention
        self._known_items = known_items
        self._acceptor = Acceptor(
            max_future_seconds=settings.max_future_seconds, new_id=Uuid7Source()
        )
        self._intake = Intake(settings, pool, redis_client, end_stats=end_stats)
        self.slices = Slices()
        self._viewer_bounds = ViewerBounds(redis_client)

    async def charge(self, sender: Sender) -> None:
        """Take a body without a single event for one; raises `RateLimitedError`."""
        await self._intake.charge(1, sender)

    async def validate(self, events: list[Decoded], sender: Sender = ANYBODY) -> Recorded:
        """Say what would become of `events`, and store nothing.

        Raises `RateLimitedError` and `UnknownItemError`.
        """
        standings = await self._intake.charge(sender.cost_of(events), sender)
        outcome = await self._accept(events, self._clock(), sender)
        return Recorded(_answer(outcome, None), False, limit_headers(list(standings)))

    async def record(
        self, events: list[Decoded], sender: Sender = ANYBODY, *, is_replicated: bool = False
    ) -> Recorded:
        """Make the acceptable ones of `events` durable and say what became of each.

        Durable is stored in Redis or the database; where it is to be replicated, on two servers of
        Redis or in the database.

        Raises `RateLimitedError`, `OverloadedError` or `UnavailableError` when none of them may be,
        and `UnknownItemError` for a single event of an item that is refused.
        """
        now = self._clock()
        cost = sender.cost_of(events)
        outcome = await self._accept(events, now, sender)
        del events
        outcome, taken = await self._take(outcome, now, sender, cost, is_replicated=is_replicated)
        headers = limit_headers(list(taken.standings))
        return Recorded(_answer(outcome, taken.reply), taken.reply is not None, headers)

    async def record_and_wait(
        self, events: list[Decoded], sender: Sender = ANYBODY, *, is_replicated: bool = False
    ) -> Recorded:
        """Do as `record`, then wait until the events are written.

        What the database refused counts as rejected.
        """
        now = self._clock()
        cost = sender.cost_of(events)
        outcome = await self._accept(events, now, sender)
        del events
        request_id = secrets.token_hex(16)
        outcome, taken = await self._take(
            outcome, now, sender, cost, request_id, is_replicated=is_replicated
        )
        reply = taken.reply or await self._intake.written(request_id)
        headers = limit_headers(list(taken.standings))
        return Recorded(_answer(outcome, reply), reply is not None, headers)

    async def _take(  # noqa: PLR0913  # an outcome, and how it is taken in
        self,
        outcome: Outcome,
        now: int,
        sender: Sender,
        cost: int,
        request_id: str | None = None,
        *,
        is_replicated: bool = False,
    ) -> tuple[Outcome, Taken]:
        """Make durable what the sender's viewer can have done; the outcome says what that was."""
        refused, admitted = await self._viewer_bounds.admit(outcome.accepted, sender)
        if refused:
            outcome = _without(outcome, refused)
        try:
            entry = _sealed(outcome, now, cost, request_id)
            return outcome, await self._intake.take(entry, sender, is_replicated=is_replicated)
        except GroundswellError:
            await self._viewer_bounds.undo(admitted, sender)
            raise

    async def _accept(self, events: list[Decoded], now: int, sender: Sender) -> Outcome:
        outcome = Outcome()
        async with self.slices.work() as pause:
            for start in range(0, len(events), _STEP):
                self._acceptor.accept(
                    events[start : start + _STEP],
                    now=now,
                    sender=sender,
                    kept=self._retention.kept,
                    into=outcome,
                )
                await pause()
        if self._known_items is None or not outcome.accepted:
            return outcome
        wanted = {(event.content_type, event.content_id) for event in outcome.accepted}
        unknown = await self._known_items.unknown_of(wanted)
        if not unknown:
            return outcome
        if len(events) == 1:
            REJECTED.inc()
            raise UnknownItemError(not_in_catalogue(*unknown.pop()))
        items = ((event.content_type, event.content_id) for event in outcome.accepted)
        reasons = {
            place: not_in_catalogue(*item) for place, item in enumerate(items) if item in unknown
        }
        return _without(outcome, reasons)


def _sealed(outcome: Outcome, now: int, cost: int, request_id: str | None) -> Sealed:
    """Pack what is accepted, count it, and let go of it.

    Many requests wait for Redis at once: what they do not keep, the next finds in the cache.
    """
    REJECTED.inc(len(outcome.rejected))
    if bots := sum(event.uncounted_because is not None for event in outcome.accepted):
        BOTS.inc(bots)
    entry = sealed(Entry(now, outcome.accepted, request_id), cost=cost)
    outcome.accepted.clear()
    return entry


def _without(outcome: Outcome, reasons: Mapping[int, str]) -> Outcome:
    """Return the outcome with those of the accepted rejected that have a reason."""
    kept = Outcome(rejected=list(outcome.rejected))
    for place, (index, event) in enumerate(zip(outcome.indexes, outcome.accepted, strict=True)):
        if place in reasons:
            kept.rejected.append(Rejection(index=index, reason=reasons[place]))
        else:
            kept.accept(index, event)
    kept.rejected.sort(key=lambda rejection: rejection.index)
    return kept


def _answer(outcome: Outcome, reply: Reply | None) -> Accepted:
    faults = reply.faults if reply else []
    rejected = outcome.rejected + [
        Rejection(index=outcome.indexes[position], reason=reason) for position, reason in faults
    ]
    rejected.sort(key=lambda rejection: rejection.index)
    lost = {each.index for each in rejected} if faults else ()
    return Accepted(
        uncounted=[each for each in outcome.uncounted if each.index not in lost] or None,
        accepted=len(outcome.indexes) - len(faults),
        rejected=rejected,
        duplicates=reply.duplicates if reply else None,
    )
