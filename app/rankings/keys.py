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


TRENDING_IDS = redis_key(_SHARD, "ids")
"""Hash of ranking name to what its lists of ids hold."""


def trending_ids(ranking: str) -> str:
    """Return the key of a list as a sorted set of `type:id`; others read it, too."""
    return redis_key(_SHARD, "ids", ranking)


def trending_ids_of_type(ranking: str, content_type: str) -> str:
    """Return the key of the list's items of one type, by their ids alone; others read it, too."""
    return redis_key(_SHARD, "ids", ranking, content_type)


def trending_snapshot(ranking: str, run_id: int) -> str:
    """Return the key of one published snapshot: a hash of its head and its segments."""
    return redis_key(_SHARD, "snapshot", ranking, str(run_id))
