"""Every Redis key and channel of Groundswell; hash tags keep what is used together on one shard."""

from __future__ import annotations

EVENT_STREAM = "gs:{ingest}:events"
"""Accepted events, an entry for one request or several, until the database has them."""
DEAD_STREAM = "gs:{ingest}:dead"
"""Entries and events that could not be written, each with its reason."""
WRITER_GROUP = "writers"
"""Consumer group of the writers on `EVENT_STREAM`."""

CATALOGUE_VERSION = "gs:{catalogue}:version"
"""Counts writes to the catalogue, where unknown items are refused."""

TRENDING_CURRENT = "gs:{trending}:current"
"""Hash of ranking name to the run id whose snapshot is served."""
TRENDING_FRESH = "gs:{trending}:fresh"
"""Hash of ranking name to the moment up to which its list is right, in milliseconds since 1970."""
TRENDING_SWITCHED = "gs:{trending}:switched"
"""Channel on which a switch to newer snapshots is announced."""

TOP_HOLD = "gs:{top}:hold"
"""Exists, with the publisher's token, while top lists are being replaced: nothing may be added."""
TOP_VERSIONS = "gs:{top}:versions"
"""Hash of ranking name to the version of its top list."""

API_KEYS = "gs:{access}:keys"
"""Copy of the valid API keys (hashes), for processes that start while the database is down."""
API_KEYS_CHANGED = "gs:{access}:changed"
"""Channel on which made and revoked API keys are announced."""

BACKFILL_STREAM = "gs:{ingest}:backfill"
"""Accepted events that may wait for those of `EVENT_STREAM`; the same form, the same group."""
SEEN = b"gs:{seen}:"
"""Begins the keys of viewers and items: id and time of the view that counted last."""


def rate(limit: str, caller: str) -> str:
    """Return the bucket of one caller; on the stream's shard, to be taken from with the append."""
    return f"gs:{{ingest}}:rate:{limit}:{caller}"


def salt(day: str) -> str:
    """Return the key of the random salt with which clients are hashed on `day` (ISO 8601)."""
    return f"gs:{{access}}:salt:{day}"


def reply(request_id: str) -> str:
    """Return the list on which the writer reports the fate of a `wait=true` request."""
    return f"gs:{{ingest}}:reply:{request_id}"


def trending_snapshot(ranking: str, run_id: int) -> str:
    """Return the key of one published snapshot: a hash of its head and its segments."""
    return f"gs:{{trending}}:snapshot:{ranking}:{run_id}"


def stats_value(content_type: str, content_id: str) -> str:
    """Return the key of an item's last known stats."""
    return f"gs:{{stats:{content_type}:{content_id}}}:value"


def stats_fresh(content_type: str, content_id: str) -> str:
    """Return the key that exists while an item's stats need no refresh."""
    return f"gs:{{stats:{content_type}:{content_id}}}:fresh"


def stats_lock(content_type: str, content_id: str) -> str:
    """Return the key held by the one caller that refreshes an item's stats."""
    return f"gs:{{stats:{content_type}:{content_id}}}:lock"


def top_head(ranking: str) -> str:
    """Return the key of what a top list is: a hash of its version, its snapshot and its head."""
    return f"gs:{{top}}:head:{ranking}"


def top_list(ranking: str) -> str:
    """Return the key of a top list: a sorted set of members by their live count."""
    return f"gs:{{top}}:list:{ranking}"


def top_next(ranking: str, token: str) -> str:
    """Return the key under which a publisher prepares the next version of a top list."""
    return f"gs:{{top}}:next:{ranking}:{token}"


def lock_holder(name: str) -> str:
    """Return the key that holds the token of whoever has the lock `name`, until it expires."""
    return f"gs:{{lock:{name}}}:holder"


def like_count(content_type: str, content_id: str) -> str:
    """Return the key of an item's like count and its version."""
    return f"gs:{{likes:{content_type}:{content_id}}}:count"
