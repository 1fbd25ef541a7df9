"""What one viewer behind a bounded key can have done: taken back its own, watched as time passed.

Redis remembers for each viewer and item what it gave today, and until when its watching is paid
for. Every id is looked at once, so that sending again changes nothing. What a request did not get
recorded after all is undone.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Any, NamedTuple

import redis.asyncio
from redis.exceptions import RedisError

from app.ingest import keys
from app.ingest.metrics import UNLIMITED
from app.ingest.packing import TYPE_NUMBERS, PackedEvent
from app.ingest.sender import Sender

NOT_OWN = "type: this viewer has given nothing to take back"
UNSURE = "type: whether it is the viewer's own cannot be told now"
TOO_LONG = "seconds: more than this viewer can have watched by now"

_KEPT_SECONDS = 259_200
"""Longer than an id that was given once is known to the database."""
_GIFTS = {TYPE_NUMBERS[kind]: kind.encode() for kind in ("like", "comment")}
_TAKES = {TYPE_NUMBERS["unlike"]: b"like", TYPE_NUMBERS["uncomment"]: b"comment"}
_WATCH_TIME = TYPE_NUMBERS["watch_time"]

# KEYS: for each event the mark of its id, and what its viewer gave or watched. ARGV: how long both
# are kept, how much may be watched at once, then a kind and an amount for each event. The answer
# for each: 1 where it was let through, 0 where it was before, -1 where it is refused.
_ADMIT = """
local time = redis.call('TIME')
local now, kept, most = time[1] + time[2] / 1000000, ARGV[1], tonumber(ARGV[2])
local answers = {}
for n = 1, #KEYS / 2 do
    local mark, held = KEYS[2 * n - 1], KEYS[2 * n]
    local kind, amount = ARGV[2 * n + 1], tonumber(ARGV[2 * n + 2])
    local had, answer = tonumber(redis.call('GET', held) or '0'), 1
    if not redis.call('SET', mark, '', 'NX', 'EX', kept) then
        answer = 0
    elseif kind == 'watch' then
        local paid = math.max(had, now) + amount
        if paid > now + most then answer = -1
        else redis.call('SET', held, string.format('%.6f', paid), 'EX', kept) end
    elseif kind == 'take' and had < amount then
        answer = -1
    else
        if kind == 'take' then amount = -amount end
        redis.call('SET', held, string.format('%.0f', had + amount), 'EX', kept)
    end
    if answer == -1 then redis.call('DEL', mark) end
    answers[n] = answer
end
return answers
"""
_UNDO = """
for n = 1, #KEYS / 2 do
    local kind, amount = ARGV[2 * n + 1], ARGV[2 * n + 2]
    redis.call('DEL', KEYS[2 * n - 1])
    redis.call('INCRBYFLOAT', KEYS[2 * n], kind == 'take' and amount or '-' .. amount)
end
"""


class Look(NamedTuple):
    """An event that is looked at."""

    position: int
    mark: bytes
    held: bytes
    kind: str
    amount: float


class ViewerBounds:
    """Looks at the events of bounded keys before they are taken in."""

    def __init__(self, redis_client: redis.asyncio.Redis) -> None:
        self._admit = redis_client.register_script(_ADMIT)
        self._undo = redis_client.register_script(_UNDO)

    async def admit(
        self, events: list[PackedEvent], sender: Sender
    ) -> tuple[dict[int, str], list[Look]]:
        """Return why events are refused, by their positions, and what is to be undone if need be.

        While Redis is down nothing can be taken back, and anything be watched.
        """
        looks = _looks(events, sender)
        if not looks:
            return {}, []
        takes = [look for look in looks if look.kind == "take"]
        if sender.viewer is None:
            return {look.position: UNSURE for look in takes}, []
        try:
            answers = await self._run(self._admit, looks, sender)
        except (RedisError, OSError):
            UNLIMITED.labels(limit="viewers").inc(len(looks) - len(takes))
            return {look.position: UNSURE for look in takes}, []
        reasons = {"take": NOT_OWN, "watch": TOO_LONG}
        refused, admitted = {}, []
        for look, answer in zip(looks, answers, strict=True):
            if answer < 0:
                refused[look.position] = reasons[look.kind]
            elif answer:
                admitted.append(look)
        return refused, admitted

    async def undo(self, admitted: list[Look], sender: Sender) -> None:
        """Forget what was let through and not recorded, as far as Redis can be reached."""
        if not admitted:
            return
        try:
            await self._run(self._undo, admitted, sender)
        except (RedisError, OSError):
            return

    async def _run(self, script: Any, looks: list[Look], sender: Sender) -> list[int]:  # noqa: ANN401  # redis-py's
        arguments: list[str | float] = [_KEPT_SECONDS, sender.bounds.max_watch_seconds or 0]
        for look in looks:
            arguments += (look.kind, look.amount)
        marks = [key for look in looks for key in (look.mark, look.held)]
        answers: list[int] = await script(keys=marks, args=arguments)
        return answers


def _looks(events: list[PackedEvent], sender: Sender) -> list[Look]:
    bounds, looks = sender.bounds, []
    for position, event in enumerate(events):
        amount: float = event.count
        if event.uncounted_because is not None:
            continue
        if event.type == _WATCH_TIME and bounds.max_watch_seconds is not None:
            kind, held = "watch", b"watch"
            amount *= event.seconds or 0.0
        elif event.type in _GIFTS and bounds.takes_back == "own":
            kind, held = "give", _GIFTS[event.type]
        elif event.type in _TAKES and bounds.takes_back == "own":
            kind, held = "take", _TAKES[event.type]
        else:
            continue
        looks.append(
            Look(position, keys.MARK + event.event_id, _held(event, sender, held), kind, amount)
        )
    return looks


def _held(event: PackedEvent, sender: Sender, kind: bytes) -> bytes:
    item = f"{len(event.content_type)}:{event.content_type}{event.content_id}".encode()
    parts = b"\0".join((sender.namespace or b"", sender.viewer or b"", kind, item))
    return keys.HELD + blake2b(parts, digest_size=16).digest()
