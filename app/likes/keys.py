"""The Redis keys and channels of likes; hash tags keep what is used together on one shard."""

from __future__ import annotations

from app.runtime.redis_keys import redis_key


def like_count(content_type: str, content_id: str) -> str:
    """Return the key of an item's like count and its version."""
    return redis_key(("likes", content_type, content_id), "count")
