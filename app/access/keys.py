"""The Redis keys and channels of access; hash tags keep what is used together on one shard."""

from __future__ import annotations

API_KEYS = "gs:{access}:keys"
"""Copy of the valid API keys (hashes), for processes that start while the database is down."""
API_KEYS_CHANGED = "gs:{access}:changed"
"""Channel on which made and revoked API keys are announced."""


def salt(day: str) -> str:
    """Return the key of the random salt with which clients are hashed on `day` (ISO 8601)."""
    return f"gs:{{access}}:salt:{day}"
