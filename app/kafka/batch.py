"""Messages that were read together: their events, and what was wrong with the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Mapping as Map
from typing import NamedTuple

from aiokafka import TopicPartition

from app.ingest.accept import Acceptor
from app.ingest.decode import Decoded
from app.ingest.known_items import KnownItems, not_in_catalogue
from app.ingest.raw_retention import RawRetention
from app.ingest.rows import ReceivedEvent
from app.ingest.sender import Sender
from app.ingest.uuid7 import Uuid7Source
from app.kafka.mapping import Mapping
from app.kafka.message import Message, events_of
from app.runtime.moments import unix_microseconds
from app.settings import Settings

Records = Map[TopicPartition, Sequence[Message]]
_SENDER = Sender(backfills=True, has_key=True)
"""Whoever may write to the topics is believed, and what waited there for long still counts."""


class Poison(NamedTuple):
    """A message, or an event of one, that cannot be stored."""

    message: Message
    reason: str
    event: ReceivedEvent | None = None
    """What the database refused; None where no event could be made."""


class Batch(NamedTuple):
    """What some messages came to."""

    events: list[ReceivedEvent]
    origins: list[Message]
    """The message of each event."""
    poison: list[Poison]


class Reader:
    """Makes batches of messages."""

    def __init__(
        self,
        settings: Settings,
        mapping: Mapping,
        *,
        kept: Callable[[], RawRetention],
        known_items: KnownItems | None,
    ) -> None:
        self._mapping = mapping
        self._kept = kept
        self._known_items = known_items
        self._max_event_bytes = settings.max_event_bytes
        self._acceptor = Acceptor(
            max_future_seconds=settings.max_future_seconds, new_id=Uuid7Source()
        )

    async def read(self, records: Records) -> Batch:
        """Return the events of `records`, and what none could be made of."""
        now = unix_microseconds()
        decoded: list[Decoded] = []
        messages: list[Message] = []
        for partition, some in records.items():
            rules = self._mapping[partition.topic]
            for message in some:
                found = events_of(message, rules, max_event_bytes=self._max_event_bytes, now=now)
                decoded += found
                messages += [message] * len(found)
        outcome = self._acceptor.accept(decoded, now=now, sender=_SENDER, kept=self._kept())
        batch = Batch(
            [ReceivedEvent(event, now) for event in outcome.accepted],
            [messages[index] for index in outcome.indexes],
            [Poison(messages[each.index], each.reason) for each in outcome.rejected],
        )
        return batch if self._known_items is None else await self._known(batch, self._known_items)

    async def _known(self, batch: Batch, known_items: KnownItems) -> Batch:
        """Return the batch without events of items that the catalogue does not have."""
        wanted = {(event.content_type, event.content_id) for event, _ in batch.events}
        unknown = await known_items.unknown_of(wanted) if wanted else set()
        kept = Batch([], [], batch.poison)
        for received, message in zip(batch.events, batch.origins, strict=True):
            item = received.event.content_type, received.event.content_id
            if item in unknown:
                kept.poison.append(Poison(message, not_in_catalogue(*item)))
            else:
                kept.events.append(received)
                kept.origins.append(message)
        return kept
