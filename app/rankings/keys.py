"""The Redis keys and channels of rankings; hash tags keep what is used together on one shard."""

from __future__ import annotations

from app.runtime.redis_keys import redis_key

_SHARD = ("trending",)

TRENDING_CURRENT = redis_key(_SHARD, "current")
"""Hash of ranking name to the run id whose snapshot is served."""
TRENDING_WORDS = redis_key(_SHARD, "words")
"""Hash of ranking name to a `Word` on its list: what moves on while the run stays."""
TRENDING_DIGESTS = redis_key(_SHARD, "digests")
"""Hash of ranking name to the digest of the snapshot that is served, texts and all."""
TRENDING_SWITCHED = redis_key(_SHARD, "switched")
"""Channel on which a switch to newer snapshots is announced."""


def trending_snapshot(ranking: str, run_id: int) -> str:
    """Return the key of one published snapshot: a hash of its head and its segments."""
    return redis_key(_SHARD, "snapshot", ranking, str(run_id))
