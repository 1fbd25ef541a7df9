"""The slots of a Redis Cluster: which keys a command names, and that they lie together."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from redis.crc import REDIS_CLUSTER_HASH_SLOTS as SLOTS
from redis.crc import key_slot

__all__ = ["SLOTS", "CrossSlotError", "Key", "by_slot", "keys_of", "slot_of", "slot_of_key"]

Key = str | bytes

_KEYLESS = {"PING", "TIME", "INFO", "PUBLISH", "WAIT", "SCRIPT LOAD", "FLUSHALL", "UNWATCH"}
_OF_NODES = {"SCAN", "KEYS", "DBSIZE"}
_COUNTED = {"EVAL", "EVALSHA"}
_LISTED = {"MGET", "UNLINK", "DEL", "EXISTS", "WATCH"}


class CrossSlotError(TypeError):
    """A fault of ours: what was to be done as one has keys on several slots."""


def slot_of_key(key: Key) -> int:
    """Return the slot of a key; its hash tag decides where it has one."""
    return key_slot(key.encode() if isinstance(key, str) else key)


def keys_of(*args: Any) -> list[Key]:  # noqa: ANN401  # a command, as redis-py has it
    """Return the keys of a command."""
    name = args[0]
    if name in _KEYLESS:
        return []
    if name in _OF_NODES:
        raise CrossSlotError(f"{name} is for each node by itself: see `redis_nodes.scanned`")
    if name in _COUNTED:
        return list(args[3 : 3 + int(args[2])])
    if name in _LISTED:
        return list(args[1:])
    if name == "BLPOP":
        return list(args[1:-1])
    if name == "XREADGROUP":
        after = args[args.index(b"STREAMS") + 1 :]
        return list(after[: len(after) // 2])
    return [args[1]]


def slot_of(*args: Any) -> int | None:  # noqa: ANN401
    """Return the slot of a command's keys, None where it has none.

    Raises `CrossSlotError` where they are on several.
    """
    slots = {slot_of_key(key) for key in keys_of(*args)}
    if len(slots) > 1:
        raise CrossSlotError(f"the keys of {args[0]} are on {len(slots)} slots")
    return slots.pop() if slots else None


def by_slot(keys: Iterable[Key]) -> list[list[Key]]:
    """Return keys in groups, each on one slot."""
    groups = dict[int, list[Key]]()
    for key in keys:
        groups.setdefault(slot_of_key(key), []).append(key)
    return list(groups.values())
