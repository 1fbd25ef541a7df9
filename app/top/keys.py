"""The Redis keys and channels of top lists; hash tags keep what is used together on one shard."""

from __future__ import annotations

from app.runtime.redis_keys import redis_key

_SHARD = ("top",)

TOP_HOLD = redis_key(_SHARD, "hold")
"""Exists, with the publisher's token, while top lists are being replaced: nothing may be added."""
TOP_EPOCH = redis_key(_SHARD, "epoch")
"""The newest epoch of the database whose top lists were published."""
TOP_VERSIONS = redis_key(_SHARD, "versions")
"""Hash of ranking name to the version of its top list."""


TOP_IDS = redis_key(_SHARD, "ids")
"""Hash of ranking name to what its lists of ids hold."""


def top_ids(ranking: str) -> str:
    """Return the key of a list as a sorted set of `type:id`; others read it, too."""
    return redis_key(_SHARD, "ids", ranking)


def top_ids_of_type(ranking: str, content_type: str) -> str:
    """Return the key of the list's items of one type, by their ids alone; others read it, too."""
    return redis_key(_SHARD, "ids", ranking, content_type)


def top_head(ranking: str) -> str:
    """Return the key of what a top list is: a hash of its version, its snapshot and its head."""
    return redis_key(_SHARD, "head", ranking)


def top_list(ranking: str) -> str:
    """Return the key of a top list: a sorted set of members by their live count."""
    return redis_key(_SHARD, "list", ranking)


def top_next(ranking: str, token: str) -> str:
    """Return the key under which a publisher prepares the next version of a top list."""
    return redis_key(_SHARD, "next", ranking, token)
