"""The Redis keys and channels of access; hash tags keep what is used together on one shard."""

from __future__ import annotations

from app.runtime.redis_keys import redis_key

_SHARD = ("access",)

API_KEYS = redis_key(_SHARD, "keys")
"""Copy of the valid API keys (hashes), for processes that start while the database is down."""
API_KEYS_CHANGED = redis_key(_SHARD, "changed")
"""Channel on which made and revoked API keys are announced."""


def salt(day: str) -> str:
    """Return the key of the random salt with which clients are hashed on `day` (ISO 8601)."""
    return redis_key(_SHARD, "salt", day)
