"""Replay dead letters that are messages: what the mapping, mended since, makes of them now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
import redis.asyncio
from aiokafka import TopicPartition

from app.ingest import keys
from app.ingest.dead_letters import DeadLetter
from app.ingest.stream import Entry, Fields, to_fields
from app.kafka.batch import Reader
from app.kafka.mapping import Mapping
from app.kafka.message import Message
from app.runtime.moments import unix_microseconds

MOST_BYTES = 65_536
"""Of a message, a dead letter keeps so much: a longer one cannot be replayed."""
_KEY, _HEADERS, _TIMESTAMP = b"key", b"headers", b"timestamp"


class Kept(msgspec.Struct, kw_only=True):
    """A message as a dead letter keeps it; its form is that of `Message`."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]


def kept_fields(message: Message) -> Fields:
    """Return what a dead letter keeps of a message beside its value, if it keeps all of that.

    The ids of its events are made of it: with less they would be others.
    """
    if len(message.value or b"") > MOST_BYTES:
        return {}
    fields = {
        _TIMESTAMP: b"%d" % message.timestamp,
        _HEADERS: msgspec.msgpack.encode(list(message.headers)),
    }
    return fields if message.key is None else {**fields, _KEY: message.key}


async def replay_messages(
    redis_client: redis.asyncio.Redis,
    letters: Iterable[DeadLetter],
    *,
    reader: Reader,
    mapping: Mapping,
) -> tuple[int, list[str]]:
    """Put the events of messages onto the ingest stream; return how many messages went there.

    Beside it: why the others stay. An event has the id that it had in Kafka, so it counts once,
    however often it is replayed or delivered again.
    """
    replayed, reasons = 0, []
    for letter in letters:
        if (reason := await _replay(redis_client, letter, reader, mapping)) is None:
            replayed += 1
        else:
            reasons.append(f"{letter.id}  Kafka {letter.first_id}  {reason}")
    return replayed, reasons


async def _replay(
    redis_client: redis.asyncio.Redis, letter: DeadLetter, reader: Reader, mapping: Mapping
) -> str | None:
    """Replay a message; return why it stays, or None where it does not."""
    if _TIMESTAMP not in letter.fields:
        return f"is longer than {MOST_BYTES} bytes: only its beginning is kept"
    message = _message_of(letter)
    if message.topic not in mapping:
        return "the mapping does not have its topic"
    batch = await reader.read({TopicPartition(message.topic, message.partition): [message]})
    if batch.poison:
        return batch.poison[0].reason
    async with redis_client.pipeline(transaction=True) as pipeline:
        if batch.events:
            entry = Entry(unix_microseconds(), [received.event for received in batch.events])
            pipeline.xadd(keys.EVENT_STREAM, dict(to_fields(entry).items()))
        pipeline.xdel(keys.DEAD_STREAM, letter.id)
        await pipeline.execute()
    return None


def _message_of(letter: DeadLetter) -> Kept:
    topic, partition, offset = letter.first_id.rsplit("/", 2)
    fields = letter.fields
    return Kept(
        topic=topic,
        partition=int(partition),
        offset=int(offset),
        timestamp=int(fields[_TIMESTAMP]),
        key=fields.get(_KEY),
        value=letter.message,
        headers=msgspec.msgpack.decode(fields[_HEADERS], type=list[tuple[str, bytes | None]]),
    )
