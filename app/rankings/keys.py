"""The Redis keys and channels of rankings; hash tags keep what is used together on one shard."""

from __future__ import annotations

from app.runtime.redis_keys import redis_key

_SHARD = ("trending",)

TRENDING_CURRENT = redis_key(_SHARD, "current")
"""Hash of ranking name to the run id whose snapshot is served."""
TRENDING_FRESH = redis_key(_SHARD, "fresh")
"""Hash of ranking name to the moment up to which its list is right, in milliseconds since 1970."""
TRENDING_SWITCHED = redis_key(_SHARD, "switched")
"""Channel on which a switch to newer snapshots is announced."""


def trending_snapshot(ranking: str, run_id: int) -> str:
    """Return the key of one published snapshot: a hash of its head and its segments."""
    return redis_key(_SHARD, "snapshot", ranking, str(run_id))
