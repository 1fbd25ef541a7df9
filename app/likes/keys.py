"""The Redis keys and channels of likes; hash tags keep what is used together on one shard."""

from __future__ import annotations


def like_count(content_type: str, content_id: str) -> str:
    """Return the key of an item's like count and its version."""
    return f"gs:{{likes:{content_type}:{content_id}}}:count"
