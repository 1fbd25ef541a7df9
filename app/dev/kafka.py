"""The demo's live traffic by way of Kafka, as an application's own topics carry it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

import msgspec

from app.errors import UnavailableError
from app.ingest.wire import EventIn
from app.kafka.brokers import KAFKA_ERRORS, close, producer_of
from app.runtime.moments import microseconds
from app.settings import Settings

_TOPICS = {"view": "video.viewed", "like": "video.liked", "unlike": "video.unliked"}
"""Of what the topics alone say what happened."""


@asynccontextmanager
async def topics_of(
    servers: str,
) -> AsyncIterator[Callable[[Sequence[EventIn]], Awaitable[object]]]:
    """Give what publishes events to the topics that `groundswell consume` reads.

    It raises `UnavailableError` while the broker is away.
    """
    producer = producer_of(Settings(kafka_servers=servers))

    async def publish(events: Sequence[EventIn]) -> None:
        try:
            sent = [await producer.send(*message_of(event)) for event in events]
            await asyncio.gather(*sent)
        except KAFKA_ERRORS as error:
            raise UnavailableError("the broker does not answer") from error

    try:
        await producer.start()
        yield publish
    except KAFKA_ERRORS as error:
        raise UnavailableError("the broker does not answer") from error
    finally:
        await close(producer)


def message_of(event: EventIn) -> tuple[str, bytes, bytes]:
    """Return the topic of an event, what an application would say there, and its key."""
    key = str(event.content_id).encode()
    topic = _TOPICS.get(event.type)
    is_plain = event.count == 1 and event.content_type == "video"
    if topic is None or event.occurred_at is None or not is_plain:
        return "analytics.events", msgspec.json.encode(event), key
    plain = {
        "videoId": event.content_id,
        "userId": event.user_id,
        "sessionId": event.session_id,
        "timestamp": microseconds(event.occurred_at) // 1_000,
    }
    return topic, msgspec.json.encode(plain), key
