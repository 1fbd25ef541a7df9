"""Repeated views: the same viewer, the same item, again within the period. Kept, not counted.

Redis remembers, for each viewer and item, the view that counted last; a view that is a repeat by
either of whom the page says it is and of its client is one. The same event gets the same
answer however often it is delivered, because its own id is what is remembered. While Redis is down
every view counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b
from typing import Any

import msgspec
import redis.asyncio
from redis.exceptions import RedisError

from app.ingest import keys
from app.ingest.metrics import REPEATS, UNLIMITED
from app.ingest.packing import TYPE_NUMBERS, PackedEvent
from app.ingest.rows import ReceivedEvent

BECAUSE = "repeat"

_VIEW = TYPE_NUMBERS["view"]
_AT_ONCE = 1_000
"""Redis does nothing else while a script runs: this many take it about a millisecond."""

# For each key and pair of id and time (microseconds since 1970): 1 when the view counts, else 0.
_REMEMBER = """
local period, answers = tonumber(ARGV[1]), {}
local milliseconds = math.max(1, math.floor(period / 1000))
for number, key in ipairs(KEYS) do
    local id, at = ARGV[2 * number], tonumber(ARGV[2 * number + 1])
    local value = redis.call('GET', key)
    local counts, keep = 1, false
    if value and string.sub(value, 1, 16) ~= id then
        local counted_at = tonumber(string.sub(value, 17))
        if math.abs(at - counted_at) < period then counts = 0 end
        keep = at < counted_at
    elseif value then
        keep = true
    end
    if counts == 1 and not keep then
        redis.call('SET', key, id .. string.format('%.0f', at), 'PX', milliseconds)
    end
    answers[number] = counts
end
return answers
"""


class Repeats:
    """Marks the views of a batch that repeat an earlier one."""

    def __init__(self, redis_client: redis.asyncio.Redis, *, period_seconds: float) -> None:
        self._script = redis_client.register_script(_REMEMBER)
        self._period = round(period_seconds * 1_000_000)

    async def mark(self, events: list[ReceivedEvent]) -> list[ReceivedEvent]:
        """Return `events` in their order, with repeated views uncounted."""
        views = _views(events) if self._period else []
        if not views:
            return events
        marked = list(events)
        try:
            for start in range(0, len(views), _AT_ONCE):
                for position in await self._repeated(marked, views[start : start + _AT_ONCE]):
                    event, received_at = marked[position]
                    if event.uncounted_because is not None:
                        continue
                    event = msgspec.structs.replace(event, uncounted_because=BECAUSE)
                    marked[position] = ReceivedEvent(event, received_at)
                    REPEATS.inc()
        except (RedisError, OSError):
            UNLIMITED.labels(limit="repeats").inc(len(views))
        return marked

    async def _repeated(
        self, events: list[ReceivedEvent], views: list[tuple[int, bytes]]
    ) -> list[int]:
        """Return the positions of the repeats among `views`, and remember those that count."""
        arguments: list[bytes | int] = [self._period]
        for position, _ in views:
            event = events[position].event
            arguments += (event.event_id, event.occurred_at)
        counts: Any = await self._script(keys=[key for _, key in views], args=arguments)
        return [position for (position, _), count in zip(views, counts, strict=True) if not count]


def _views(events: list[ReceivedEvent]) -> list[tuple[int, bytes]]:
    """Return where the views of known viewers stand, the oldest first, with their keys.

    A row that stands for several views is nobody's.
    """
    found = [
        (position, key)
        for position, (event, _) in enumerate(events)
        if event.type == _VIEW and event.count == 1 and event.uncounted_because is None
        for key in _keys_of(event)
    ]
    found.sort(key=lambda each: events[each[0]].event.occurred_at)
    return found


def _keys_of(event: PackedEvent) -> Iterator[bytes]:
    """Yield the keys of whom the page says it is, and of the client where that is told too."""
    item = event.content_type, event.content_id
    if event.user_id is not None:
        yield _key_of("user", event.user_id, *item)
    elif event.session_id is not None:
        yield _key_of("session", event.session_id, *item)
    if event.viewer is not None:
        yield _key_of("client", event.viewer.hex(), *item)


def seen_keys(user_id: str, sessions: list[str], item: tuple[str, str]) -> list[bytes]:
    """Return the keys that remember a user's views of an item."""
    return [
        _key_of("user", user_id, *item),
        *(_key_of("session", session, *item) for session in sessions),
    ]


def _key_of(*parts: str) -> bytes:
    return keys.SEEN + blake2b("\0".join(parts).encode(), digest_size=16).digest()
