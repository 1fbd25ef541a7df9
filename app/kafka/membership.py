"""What a consumer is told of its part in the group."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import structlog
from aiokafka import ConsumerRebalanceListener, TopicPartition

from app.kafka.metrics import LAG, REBALANCES
from app.runtime.tasks import first_of

REVOKE_SECONDS = 30.0
"""How long partitions that are taken away wait for the batch under way to be committed."""

log = structlog.get_logger(__name__)


class Membership(ConsumerRebalanceListener):  # type: ignore[misc]  # has no types
    """One consumer's part; `idle` is set while no batch is under way.

    Of one consumer alone: one that is being closed may still be told something.
    """

    def __init__(self, idle: asyncio.Event) -> None:
        self.rebalances = 0
        self.is_joining = True
        """Whether the group has not said yet what is ours."""
        self._idle = idle

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """Let the batch under way be committed before others get its partitions.

        A batch that takes longer is written all the same, and not committed.
        """
        self.is_joining = True
        taken = list(revoked)
        if not taken:
            return
        await first_of(self._idle, within=REVOKE_SECONDS)
        self.rebalances += 1
        REBALANCES.inc()
        LAG.clear()

    def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Say what is ours now."""
        self.is_joining = False
        names = sorted(f"{each.topic}/{each.partition}" for each in assigned)
        log.info("partitions are ours", partitions=len(names), some=names[:20])
