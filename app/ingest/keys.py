"""The Redis keys and channels of ingest; hash tags keep what is used together on one shard."""

from __future__ import annotations

from app.runtime.redis_keys import redis_key

_SHARD = ("ingest",)

EVENT_STREAM = redis_key(_SHARD, "events")
"""Accepted events, an entry for one request or several, until the database has them."""
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
