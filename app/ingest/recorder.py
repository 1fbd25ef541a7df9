"""Record a request's events: give each its outcome, and make the accepted ones durable."""

from __future__ import annotations

import secrets
from collections.abc import Callable

import redis.asyncio

from app.database.pool import Pool
from app.ingest.accept import Acceptor, Outcome
from app.ingest.decode import Decoded
from app.ingest.intake import Intake
from app.ingest.metrics import REJECTED
from app.ingest.stream import Entry, Fault, unix_microseconds
from app.ingest.uuid7 import Uuid7Source
from app.settings import Settings
from app.wire import Accepted, Rejection


class Recorder:
    """What one API process keeps for recording events."""

    def __init__(
        self,
        settings: Settings,
        pool: Pool,
        redis_client: redis.asyncio.Redis,
        *,
        clock: Callable[[], int] = unix_microseconds,
    ) -> None:
        self._clock = clock
        self._acceptor = Acceptor(
            max_future_seconds=settings.max_future_seconds, new_id=Uuid7Source()
        )
        self._intake = Intake(settings, pool, redis_client)

    def validate(self, events: list[Decoded]) -> Accepted:
        """Say what would become of `events`, and store nothing."""
        return _answer(self._acceptor.accept(events, now=self._clock()), [])

    async def record(self, events: list[Decoded]) -> Accepted:
        """Make the acceptable ones of `events` durable and say what became of each.

        Raises `OverloadedError` or `UnavailableError` when none of them may be.
        """
        now = self._clock()
        outcome = self._acceptor.accept(events, now=now)
        REJECTED.inc(len(outcome.rejected))
        await self._intake.take(Entry(now, outcome.accepted))
        return _answer(outcome, [])

    async def record_and_wait(self, events: list[Decoded]) -> tuple[Accepted, bool]:
        """Do as `record`, then wait; say also whether the database has all that was accepted.

        What the database refused counts as rejected.
        """
        now = self._clock()
        outcome = self._acceptor.accept(events, now=now)
        REJECTED.inc(len(outcome.rejected))
        request_id = secrets.token_hex(16)
        if await self._intake.take(Entry(now, outcome.accepted, request_id)):
            return _answer(outcome, []), True
        faults = await self._intake.written(request_id)
        return _answer(outcome, faults or []), faults is not None


def _answer(outcome: Outcome, faults: list[Fault]) -> Accepted:
    rejected = outcome.rejected + [
        Rejection(index=outcome.indexes[position], reason=reason) for position, reason in faults
    ]
    rejected.sort(key=lambda rejection: rejection.index)
    return Accepted(accepted=len(outcome.accepted) - len(faults), rejected=rejected)
