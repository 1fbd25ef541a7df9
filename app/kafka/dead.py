"""What becomes of poison: dead letters in Redis and, where it is set, a dead-letter topic."""

from __future__ import annotations

import asyncio

import redis.asyncio
from aiokafka import AIOKafkaProducer
from redis.exceptions import OutOfMemoryError

from app.ingest.dead_letters import dead_fields, dead_message, keep_dead
from app.ingest.metrics import DEAD
from app.ingest.persist import BACKOFF, wait_out
from app.ingest.stream import Entry, Fields, to_fields
from app.kafka.batch import Poison
from app.kafka.brokers import KAFKA_ERRORS, close, producer_of
from app.kafka.message import Message, coordinates_of
from app.kafka.metrics import POISON
from app.kafka.replay import MOST_BYTES, kept_fields
from app.runtime.outage import REDIS_ERRORS, Outage
from app.settings import Settings

_AT_ONCE = 100


class Graveyard:
    """Keeps poison; returns only once it is kept, however long Redis or the brokers are down."""

    def __init__(
        self, settings: Settings, redis_client: redis.asyncio.Redis, stop: asyncio.Event
    ) -> None:
        self._settings = settings
        self._redis = redis_client
        self._stop = stop
        self._topic = settings.kafka_dead_letter_topic
        self._producer: AIOKafkaProducer | None = None
        self._outage = Outage("redis, for dead letters", backoff=BACKOFF)
        self._full = Outage("redis, too full for dead letters", backoff=BACKOFF)
        self._broker = Outage("kafka, for the dead-letter topic", backoff=BACKOFF)

    async def bury(self, poison: list[Poison]) -> None:
        """Keep what cannot be stored; raises `StoppedError` when it is to stop before."""
        for start in range(0, len(poison), _AT_ONCE):
            some = poison[start : start + _AT_ONCE]
            await self._keep(list(map(_letter, some)))
            if self._topic:
                await self._publish(self._topic, some)
            for message, _, _ in some:
                POISON.labels(topic=message.topic).inc()
            DEAD.inc(len(some))

    async def close(self) -> None:
        """Close what was opened."""
        if self._producer is not None:
            await close(self._producer)
            self._producer = None

    async def _keep(self, letters: list[Fields]) -> None:
        while True:
            try:
                await keep_dead(self._redis, letters)
            except OutOfMemoryError as error:
                await wait_out(self._full, error, self._stop)
            except REDIS_ERRORS as error:
                await wait_out(self._outage, error, self._stop)
            else:
                self._full.over()
                self._outage.over()
                return

    async def _publish(self, topic: str, poison: list[Poison]) -> None:
        while True:
            try:
                if self._producer is None:
                    self._producer = producer_of(self._settings)
                    await self._producer.start()
                sent = [
                    await self._producer.send(
                        topic,
                        key=message.key,
                        value=message.value or b"",
                        headers=_headers(message, reason),
                    )
                    for message, reason, _ in poison
                ]
                await asyncio.gather(*sent)
            except KAFKA_ERRORS as error:
                await self.close()
                await wait_out(self._broker, error, self._stop)
            else:
                self._broker.over()
                return


def _letter(poison: Poison) -> Fields:
    message, reason, received = poison
    coordinates = coordinates_of(message)
    if received is None:
        return dead_message(
            (message.value or b"")[:MOST_BYTES],
            reason=reason,
            coordinates=coordinates,
            rest=kept_fields(message),
        )
    entry = Entry(received.received_at, [received.event])
    return dead_fields(
        to_fields(entry), reason=f"kafka {coordinates}: {reason}", first_id=coordinates.encode()
    )


def _headers(message: Message, reason: str) -> list[tuple[str, bytes | None]]:
    return [
        *message.headers,
        ("groundswell_from", coordinates_of(message).encode()),
        ("groundswell_reason", reason.encode()),
    ]
