"""The Redis keys of stats; hash tags keep what is used together on one shard."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from app.runtime.redis_keys import escaped, redis_key

Item: TypeAlias = tuple[str, str]
"""Content type and content id."""


class ItemKeys(NamedTuple):
    """The keys of one item."""

    served: str
    """What is answered, for as long as it needs no refresh; also that nobody knows the item."""
    last: str
    """The last known value, kept longer."""
    claim: str
    """Held by the one caller who refreshes; a commit takes it away, and what it finds is not kept.
    """
    behind: str
    """Exists while the last known value lacks what somebody has waited for."""
    due: str
    """When the next refresh is due, in milliseconds since 1970, where there were many."""


def item_keys(content_type: str, content_id: str) -> ItemKeys:
    """Return the keys of an item."""
    shard = redis_key(("stats", content_type, content_id), "")
    return ItemKeys(*(shard + name for name in ItemKeys._fields))


def zone_key(content_type: str, content_id: str, zone: str) -> str:
    """Return the key of what is answered for an item in another zone than the service's."""
    return redis_key(("stats", content_type, content_id), "zone", zone)


def served_key(content_type: str, content_id: str) -> str:
    """Return the key of what is answered for an item."""
    return served_keys([(content_type, content_id)])[0]


def served_keys(items: Sequence[Item]) -> list[str]:
    """Return the keys of what is answered for items."""
    return [f"{_begin(kind)}{escaped(content_id)}}}:served" for kind, content_id in items]


@lru_cache(maxsize=1_000)
def _begin(content_type: str) -> str:
    """Return what the keys of a type's items begin with: several hundred are made at once."""
    return redis_key(("stats", content_type, ""), "").partition("}")[0]
