"""Dead letters: what could not be written, kept with its reason until someone replays or drops it.

A dead letter is a stream entry like any other, with the reason beside it: a whole entry that cannot
be read or was delivered too often, or a single event of one.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterable
from typing import Any

import msgspec
import redis.asyncio

from app.ingest import keys
from app.ingest.packing import PackedEvent, UnreadableEntryError
from app.ingest.stream import Fields, from_fields

_REASON, _FIRST_ID, _DIED_AT, _WAITING = b"reason", b"first", b"died", b"w"
_MESSAGE = b"message"
_PAGE = 100


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """One dead letter."""

    id: str
    reason: str
    first_id: str
    """Id of the stream entry it came from, whose first part is the time in Unix milliseconds; of a
    message of Kafka topic/partition/offset."""
    died_at: int
    """Unix time in seconds."""
    fields: Fields
    events: list[PackedEvent] | None
    """None when the entry cannot be read."""
    message: bytes | None
    """What a message of Kafka said that is no event."""


def dead_fields(fields: Fields, *, reason: str, first_id: bytes) -> Fields:
    """Return the stream fields of the dead letter of the entry `fields`."""
    return {
        **{name: value for name, value in fields.items() if name != _WAITING},
        _REASON: reason[:500].encode(),
        _FIRST_ID: first_id,
        _DIED_AT: b"%d" % time.time(),
    }


def dead_message(value: bytes, *, reason: str, coordinates: str, rest: Fields) -> Fields:
    """Return the stream fields of the dead letter of a message of Kafka that is no event.

    `rest` is what is kept of it beside its value.
    """
    return dead_fields({**rest, _MESSAGE: value}, reason=reason, first_id=coordinates.encode())


async def keep_dead(redis_client: redis.asyncio.Redis, letters: list[Fields]) -> None:
    """Add dead letters, all or none; raises `OutOfMemoryError` where Redis is too full."""
    async with redis_client.pipeline(transaction=True) as pipeline:
        for fields in letters:
            pipeline.xadd(keys.DEAD_STREAM, dict(fields.items()))
        await pipeline.execute()


async def each_dead_letter(redis_client: redis.asyncio.Redis) -> AsyncIterator[DeadLetter]:
    """Yield all dead letters, oldest first."""
    start = "-"
    while True:
        page: Any = await redis_client.xrange(keys.DEAD_STREAM, min=start, count=_PAGE)
        for entry_id, fields in page:
            yield _read(entry_id, fields)
        if len(page) < _PAGE:
            return
        start = "(" + page[-1][0].decode()


async def show_dead_letter(redis_client: redis.asyncio.Redis, letter_id: str) -> DeadLetter | None:
    """Return one dead letter, or None where there is none of this id."""
    found: Any = await redis_client.xrange(keys.DEAD_STREAM, min=letter_id, max=letter_id, count=1)
    return _read(*found[0]) if found else None


async def replay_dead_letters(redis_client: redis.asyncio.Redis, ids: Iterable[str]) -> int:
    """Put dead letters back onto the ingest stream and return how many there were.

    What has been written meanwhile counts once all the same. A message of Kafka that is no event
    stays: it needs the mapping (`app/kafka/replay.py`).
    """
    replayed = 0
    for letter_id in ids:
        letter = await show_dead_letter(redis_client, letter_id)
        if letter is None or letter.message is not None:
            continue
        fields = {
            name: value
            for name, value in letter.fields.items()
            if name not in {_REASON, _FIRST_ID, _DIED_AT}
        }
        async with redis_client.pipeline(transaction=True) as pipeline:
            pipeline.xadd(keys.EVENT_STREAM, dict(fields.items()))
            pipeline.xdel(keys.DEAD_STREAM, letter_id)
            await pipeline.execute()
        replayed += 1
    return replayed


async def drop_dead_letters(redis_client: redis.asyncio.Redis, ids: Iterable[str]) -> int:
    """Delete dead letters for good and return how many there were."""
    given = list(ids)
    return int(await redis_client.xdel(keys.DEAD_STREAM, *given)) if given else 0


def _read(entry_id: bytes, fields: Fields) -> DeadLetter:
    try:
        events: list[PackedEvent] | None = from_fields(fields).events
    except UnreadableEntryError:
        events = None
    return DeadLetter(
        id=entry_id.decode(),
        reason=fields.get(_REASON, b"").decode(errors="replace"),
        first_id=fields.get(_FIRST_ID, b"").decode(errors="replace"),
        died_at=int(fields.get(_DIED_AT, b"0")),
        fields=fields,
        events=events,
        message=fields.get(_MESSAGE),
    )
