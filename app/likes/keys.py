"""The Redis keys and channels of likes; hash tags keep what is used together on one shard."""

from __future__ import annotations

from app.runtime.redis_keys import names_in, redis_key

ALL_COUNTS = redis_key(("likes", "*", "*"), "count")
"""Matches the keys of all counts."""


def like_count(content_type: str, content_id: str) -> str:
    """Return the key of an item's like count and its version."""
    return redis_key(("likes", content_type, content_id), "count")


def item_of(key: str) -> tuple[str, str]:
    """Return content type and content id of the item whose count is under `key`."""
    _, content_type, content_id = names_in(key[key.index("{") + 1 : key.index("}")])
    return content_type, content_id
