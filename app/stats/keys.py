"""The Redis keys and channels of stats; hash tags keep what is used together on one shard."""

from __future__ import annotations

from app.runtime.redis_keys import redis_key


def stats_value(content_type: str, content_id: str) -> str:
    """Return the key of an item's last known stats."""
    return redis_key(("stats", content_type, content_id), "value")


def stats_fresh(content_type: str, content_id: str) -> str:
    """Return the key that exists while an item's stats need no refresh."""
    return redis_key(("stats", content_type, content_id), "fresh")


def stats_lock(content_type: str, content_id: str) -> str:
    """Return the key held by the one caller that refreshes an item's stats."""
    return redis_key(("stats", content_type, content_id), "lock")
