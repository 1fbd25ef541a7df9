"""Lists as sorted sets of ids, for who reads Redis itself: `ZREVRANGE key 0 9` gives the first ten.

A list has one set of all, whose members are `type:id`, as one id may be of two types, and one set
for each content type in it, whose members are the ids alone. Scores are places, below zero, so that
the order is the list's own, also of equal counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import Any, NamedTuple, TypeAlias, cast

import msgspec
from redis.asyncio import Redis
from redis.asyncio.client import Pipeline

from app.rankings import keys
from app.runtime.redis_keys import named

Place: TypeAlias = tuple[str, str]
"""Content type and content id."""


class IdKeys(NamedTuple):
    """Where the lists of one shard are."""

    directory: str
    """A hash: what the sets of each ranking hold."""
    of_all: Callable[[str], str]
    of_type: Callable[[str, str], str]


TRENDING = IdKeys(keys.TRENDING_IDS, keys.trending_ids, keys.trending_ids_of_type)


class Held(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """What the sets of a ranking hold."""

    digest: str = ""
    """Of the list."""
    content_types: list[str] = []


_NOTHING = Held()
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Held).decode


def held_of(packed: bytes | None) -> Held:
    """Return what a field of the directory says."""
    return _NOTHING if packed is None else _decode(packed)


def digest_of(places: Sequence[Place]) -> str:
    """Return what tells a list from others."""
    return blake2b(_encode(places), digest_size=9).hexdigest()


def queue(  # noqa: PLR0913  # a list, and what it takes the place of
    pipe: Pipeline,
    where: IdKeys,
    ranking: str,
    places: Sequence[Place],
    *,
    held: Held,
    seconds: int,
) -> None:
    """Queue what puts a list, best first, in the place of the one that is `held`."""
    by_key: dict[str, dict[str, float]] = {}
    for place, (content_type, content_id) in enumerate(places, start=1):
        by_key.setdefault(where.of_all(ranking), {})[named(content_type, content_id)] = -place
        of_type = by_key.setdefault(where.of_type(ranking, content_type), {})
        of_type[content_id] = -place
    pipe.unlink(*_keys(where, ranking, held))
    for key, scores in by_key.items():
        pipe.zadd(key, scores)
        pipe.expire(key, seconds)
    content_types = sorted({content_type for content_type, _ in places})
    fresh = Held(digest=digest_of(places), content_types=content_types)
    pipe.hset(where.directory, ranking, _encode(fresh))


async def put(
    redis: Redis, where: IdKeys, lists: Mapping[str, Sequence[Place]], seconds: Mapping[str, int]
) -> None:
    """Put lists where they are others than are held, and renew how long Redis keeps them all."""
    if not lists:
        return
    packed = await cast("Any", redis.hmget(where.directory, list(lists)))
    for (ranking, places), one in zip(lists.items(), packed, strict=True):
        held = held_of(one)
        async with redis.pipeline(transaction=True) as pipe:
            if held.digest != digest_of(places):
                queue(pipe, where, ranking, places, held=held, seconds=seconds[ranking])
            else:
                for key in _keys(where, ranking, held):
                    pipe.expire(key, seconds[ranking])
            await pipe.execute()


async def renew(redis: Redis, where: IdKeys, seconds: Mapping[str, int]) -> None:
    """Let Redis keep the lists of these rankings for so long from now on."""
    if not seconds:
        return
    packed = await cast("Any", redis.hmget(where.directory, list(seconds)))
    async with redis.pipeline(transaction=False) as pipe:
        for ranking, one in zip(seconds, packed, strict=True):
            for key in _keys(where, ranking, held_of(one)):
                pipe.expire(key, seconds[ranking])
        await pipe.execute()


async def withdraw(redis: Redis, where: IdKeys, wanted: Iterable[str]) -> None:
    """Forget all lists but those of the rankings that are wanted."""
    found = await cast("Any", redis.hgetall(where.directory))
    for name in {one.decode() for one in found} - set(wanted):
        async with redis.pipeline(transaction=True) as pipe:
            pipe.hdel(where.directory, name)
            pipe.unlink(*_keys(where, name, held_of(found[name.encode()])))
            await pipe.execute()


def _keys(where: IdKeys, ranking: str, held: Held) -> list[str]:
    return [
        where.of_all(ranking),
        *(where.of_type(ranking, content_type) for content_type in held.content_types),
    ]
