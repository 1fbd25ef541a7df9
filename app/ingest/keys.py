"""The Redis keys and channels of ingest; hash tags keep what is used together on one shard."""

from __future__ import annotations

from functools import cache

from app.runtime.redis_keys import redis_key
from app.runtime.redis_slots import SLOTS, slot_of_key

_SHARD = ("ingest",)
_NEAR = 64
"""How far from its place a shard's slot may be: a tag for it is soon found."""

EVENT_STREAM = redis_key(_SHARD, "events")
"""Accepted events, an entry for one request or several, until the database has them: those of the
first shard, which is the only one unless `stream_shards` says otherwise."""
SHARDS = redis_key(_SHARD, "shards")
"""Into how many streams events were ever put: so many are written, however few are left."""
DEAD_STREAM = redis_key(_SHARD, "dead")
"""Entries and events that could not be written, each with its reason."""
WRITER_GROUP = "writers"
"""Consumer group of the writers on `EVENT_STREAM`."""
CATALOGUE_VERSION = redis_key(("catalogue",), "version")
"""Counts writes to the catalogue, where unknown items are refused."""
BACKFILL_STREAM = redis_key(_SHARD, "backfill")
"""Accepted events that may wait for those of `EVENT_STREAM`; the same form, the same group."""
SEEN = redis_key(("seen",), "").encode()
"""Begins the keys of viewers and items: id and time of the view that counted last."""
MARK = redis_key(("seen",), "id", "").encode()
"""Begins the keys of ids that were looked at, of events of bounded API keys."""
HELD = redis_key(("seen",), "held", "").encode()
"""Begins the keys of viewers and items: what was given, or until when watching is paid for."""


def rate(limit: str, caller: str) -> str:
    """Return the bucket of one caller; on the stream's shard, to be taken from with the append."""
    return redis_key(_SHARD, "rate", limit, caller)


def reply(request_id: str) -> str:
    """Return the list on which the writer reports the fate of a `wait=true` request."""
    return redis_key(_SHARD, "reply", request_id)


@cache
def event_stream(shard: int) -> str:
    """Return the stream of a shard, counted from 0.

    Their slots are so far apart that three masters, six or twelve have as many shards each, where
    there are as many or a multiple of it.
    """
    if shard == 0:
        return EVENT_STREAM
    wanted = slot_of_key(EVENT_STREAM) + round(_place_of(shard) * SLOTS)
    number = 0
    while True:
        stream = redis_key((*_SHARD, str(shard), str(number)), "events")
        if (slot_of_key(stream) - wanted + _NEAR) % SLOTS < 2 * _NEAR:
            return stream
        number += 1


def _place_of(shard: int) -> float:
    """Return the part of all slots that lies before a shard: thirds first, then halves of them."""
    place, part, rest = (shard % 3) / 3, 1 / 6, shard // 3
    while rest:
        place += part * (rest % 2)
        rest, part = rest // 2, part / 2
    return place
