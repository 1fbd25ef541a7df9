"""Top lists in Redis, as they are published, known and read.

A list holds more than it shows, so that who comes up from behind is there already: at least
everybody who stands above its floor. Whoever is not in it stands below that. What is shown is
therefore exact as long as its last place is not below the floor; then the list is counted anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, cast

import msgspec
from redis.asyncio import Redis

from app.rankings.wire import Window
from app.top import keys
from app.top.members import item_of, name_of
from app.top.queries import Metric, Subject

Place = tuple[float, str]
"""Count and member: in the order of a sorted set."""
LOWEST: Place = (0.0, "")
"""Below everybody who has anything."""


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """What a published top list is."""

    ranking: str
    window: Window
    metric: Metric
    subject: Subject
    content_type: str | None
    size: int
    """How many are shown."""
    depth: int
    """How many members it takes to show as many: more than `size` where rules leave some out."""
    is_edited: bool
    """Whether editorial rules act on it."""
    since: int | None
    """What happened after this moment counts, in microseconds since 1970; None: everything."""
    until: datetime | None
    """When its calendar window ends; None for windows that move on."""
    excluded_at: datetime | None
    """The last exclusion that it knows of."""
    as_of: datetime
    """When it was last counted as a whole; since then it follows each event."""
    published_at: float
    """Unix time of that, by the publisher's clock."""
    floor: Place
    """Who is not in the list stands below this."""
    epoch: int = 0
    """Of the database that counted it: transactions of another one are other ones."""


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a top list, as the publisher stores it."""

    head: Head
    snapshot: str
    """A pg_snapshot: the transactions that are in the counts."""
    counts: Sequence[tuple[str, float]]
    """Members and their counts."""
    seconds: int
    """How long Redis keeps it."""


Key = int | str
"""An item, or the name of a creator or category."""


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """A version of a top list as a writer knows it; without a head it has expired."""

    version: str
    head: Head | None
    members: dict[Key, str] = {}
    """Who is in it, each with its member of the sorted set."""
    admitted: dict[Key, int] = {}
    """Those of them who were not when the list was counted, each with the round it came in."""
    rounds: int = 0
    """How many rounds of admission there were."""


class Page(NamedTuple):
    """A part of a published top list, best first."""

    head: Head
    total: int
    places: list[tuple[str, float]]


pack = msgspec.msgpack.Encoder().encode
_head_of = msgspec.msgpack.Decoder(Head).decode
_members_of = msgspec.msgpack.Decoder(list[str]).decode


def version_of(token: str, rounds: int) -> str:
    """Return the version of a list after so many rounds of admission."""
    return f"{token}:{rounds}"


async def read_page(redis: Redis, *, ranking: str, offset: int, limit: int) -> Page | None:
    """Return a part of a list, all of one moment, or None where it is not published."""
    key = keys.top_list(ranking)
    async with redis.pipeline(transaction=True) as pipe:
        pipe.hget(keys.top_head(ranking), "head")
        pipe.zcount(key, "(0", "inf")
        # What was taken back to nothing is no place.
        pipe.zrevrangebyscore(key, "inf", "(0", start=offset, num=limit, withscores=True)
        packed, total, places = await pipe.execute()
    if packed is None:
        return None
    head = _head_of(packed)
    shown = places[: max(0, head.size - offset)]
    return Page(head, min(total, head.size), [(member.decode(), count) for member, count in shown])


async def read_all(redis: Redis, *, ranking: str) -> Page | None:
    """Return every member of a list, more than it shows, all of one moment, or None."""
    async with redis.pipeline(transaction=True) as pipe:
        pipe.hget(keys.top_head(ranking), "head")
        pipe.zrevrangebyscore(keys.top_list(ranking), "inf", "(0", withscores=True)
        packed, places = await pipe.execute()
    if packed is None:
        return None
    return Page(
        _head_of(packed), len(places), [(member.decode(), count) for member, count in places]
    )


async def read_heads(redis: Redis, rankings: Iterable[str]) -> dict[str, Head]:
    """Return the heads of those of the lists that are published."""
    async with redis.pipeline(transaction=False) as pipe:
        for ranking in rankings:
            pipe.hget(keys.top_head(ranking), "head")
        heads = await pipe.execute()
    return {head.ranking: head for head in map(_head_of, filter(None, heads))}


async def is_worn(redis: Redis, head: Head) -> bool:
    """Tell whether a list must be counted anew: it may show who does not belong, or is too long."""
    key = keys.top_list(head.ranking)
    async with redis.pipeline(transaction=True) as pipe:
        pipe.zcard(key)
        pipe.zrevrange(key, head.depth - 1, head.depth - 1, withscores=True)
        length, last = await pipe.execute()
    place = (last[0][1], last[0][0].decode()) if last else LOWEST
    return length > 4 * head.depth + 100 or (head.floor != LOWEST and place < head.floor)


async def read_known(redis: Redis, before: Mapping[str, Known]) -> dict[str, Known]:
    """Return all published lists; of those `before`, only what is new is read."""
    versions = await cast("Any", redis.hgetall(keys.TOP_VERSIONS))
    known = dict[str, Known]()
    for name, version in sorted(versions.items()):
        ranking = name.decode()
        known[ranking] = await _read_one(redis, ranking, version.decode(), before.get(ranking))
    return known


async def _read_one(redis: Redis, ranking: str, version: str, held: Known | None) -> Known:
    if held is not None and held.version == version:
        return held
    token, _, rounds = version.partition(":")
    if held is None or held.version.partition(":")[0] != token:
        held = None
    first = held.rounds + 1 if held is not None else 1
    fields = [f"members:{number}" for number in range(first, int(rounds) + 1)]
    async with redis.pipeline(transaction=True) as pipe:
        pipe.hmget(keys.top_head(ranking), ["version", "head", *fields])
        if held is None:
            pipe.zrange(keys.top_list(ranking), 0, -1)
        (stored, packed, *admitted), *whole = await pipe.execute()
    if stored is None:
        return Known(version=version, head=None)
    if stored.decode() != version:
        # Changed meanwhile, which the next look finds.
        return Known(version="", head=None)
    head = _head_of(packed)
    key_of = item_of if head.subject == "item" else name_of
    members = dict(held.members) if held is not None else {}
    rounds_of = dict(held.admitted) if held is not None else {}
    for number, names in enumerate(admitted, start=first):
        came: dict[Key, str] = {key_of(member): member for member in _members_of(names)}
        members |= came
        rounds_of |= dict.fromkeys(came, number)
    for member in [each.decode() for found in whole for each in found]:
        members.setdefault(key_of(member), member)
    return Known(
        version=version, head=head, members=members, admitted=rounds_of, rounds=int(rounds)
    )
