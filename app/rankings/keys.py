"""The Redis keys and channels of rankings; hash tags keep what is used together on one shard."""

from __future__ import annotations

TRENDING_CURRENT = "gs:{trending}:current"
"""Hash of ranking name to the run id whose snapshot is served."""
TRENDING_FRESH = "gs:{trending}:fresh"
"""Hash of ranking name to the moment up to which its list is right, in milliseconds since 1970."""
TRENDING_SWITCHED = "gs:{trending}:switched"
"""Channel on which a switch to newer snapshots is announced."""


def trending_snapshot(ranking: str, run_id: int) -> str:
    """Return the key of one published snapshot: a hash of its head and its segments."""
    return f"gs:{{trending}}:snapshot:{ranking}:{run_id}"
