"""Top lists in Redis: how they are replaced as a whole and added to one by one, and stay exact.

A list's version holds the counts up to the transactions that one database snapshot sees. Of each
later transaction, a writer adds what it inserted; of an earlier one, the script adds nothing. While
a publisher takes that snapshot and until the new version stands, a hold keeps writers from adding
to the old one: they keep what they have, and come again. docs/decisions/0006 shows why this is
enough. All keys are on one shard.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple, cast

import msgspec
from redis.asyncio import Redis

from app.rankings.wire import Window
from app.top import keys

Metric = Literal["views", "likes", "comments", "shares", "watch_seconds"]
Subject = Literal["item", "category", "creator"]
Applied = Literal["applied", "held", "changed", "mixed"]

# Whoever was committed when the snapshot was taken is in the counts already: a transaction below
# xmin, or below xmax and not among those that were running.
_ADD = """
if redis.call('EXISTS', KEYS[1]) == 1 then return 'held' end
local known, additions = cmsgpack.unpack(ARGV[1]), cmsgpack.unpack(ARGV[2])
local current, count = redis.call('HGETALL', KEYS[2]), 0
for i = 1, #current, 2 do
    if known[current[i]] ~= current[i + 1] then return 'changed' end
end
for _ in pairs(known) do count = count + 1 end
if #current ~= 2 * count then return 'changed' end

local snapshots = {}
local function is_counted(place, transaction)
    local seen = snapshots[place]
    if seen == nil then
        local text = redis.call('HGET', KEYS[2 * place + 1], 'snapshot')
        if text then
            local xmin, xmax, running = string.match(text, '^(%d+):(%d+):(.*)$')
            seen = {tonumber(xmin), tonumber(xmax), {}}
            for id in string.gmatch(running, '%d+') do seen[3][tonumber(id)] = true end
        else
            seen = {math.huge}
        end
        snapshots[place] = seen
    end
    return transaction < seen[1] or (transaction < seen[2] and not seen[3][transaction])
end
local wanted = {}
for _, addition in ipairs(additions) do
    local transactions, places, amounts = addition[1], addition[2], addition[3]
    for _, place in ipairs(places) do
        local counted = 0
        for _, transaction in ipairs(transactions) do
            if is_counted(place, transaction) then counted = counted + 1 end
        end
        if counted == 0 then
            table.insert(wanted, {KEYS[2 * place + 2], amounts})
        elseif counted < #transactions then
            return 'mixed'
        end
    end
end
for _, addition in ipairs(wanted) do
    local list, amounts = addition[1], addition[2]
    for i = 1, #amounts, 2 do
        redis.call('ZADD', list, 'XX', 'INCR', amounts[i + 1], amounts[i])
    end
end
return 'applied'
"""

# Only who still has the hold may switch: without it, a writer may have added since the snapshot.
_SWITCH = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
local head, list, prepared = KEYS[3], KEYS[4], KEYS[5]
if redis.call('EXISTS', prepared) == 1 then
    redis.call('RENAME', prepared, list)
    redis.call('EXPIRE', list, ARGV[5])
else
    redis.call('UNLINK', list)
end
redis.call('HSET', head, 'version', ARGV[1], 'snapshot', ARGV[3], 'head', ARGV[4])
redis.call('EXPIRE', head, ARGV[5])
redis.call('HSET', KEYS[2], ARGV[2], ARGV[1])
redis.call('DEL', KEYS[1])
return 1
"""

_RELEASE = """
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
"""


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """What a published top list is."""

    ranking: str
    run_id: int
    as_of: datetime
    confirmed_at: datetime
    """The run that found the members, and up to when their order was known to hold."""
    window: Window
    metric: Metric
    subject: Subject
    content_type: str | None
    since: int | None
    """What happened after this moment counts, in microseconds since 1970; None: everything."""
    until: datetime | None
    """When its calendar window ends; None for windows that move on."""
    published_at: float
    """Unix time at which the counts were last read from the database."""


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a top list, as the publisher stores it."""

    head: Head
    snapshot: str
    """A pg_snapshot: the transactions that are in the counts."""
    counts: Sequence[tuple[str, float]]
    """Members and their counts."""
    seconds: int
    """How long Redis keeps it."""


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """A version of a top list as a writer knows it; without a head it has expired."""

    version: str
    head: Head | None
    members: frozenset[str]


class Addition(NamedTuple):
    """What transactions add together to some lists alike: members and amounts in turn."""

    transactions: list[int]
    places: list[int]
    """Of the lists among those known, from 1."""
    amounts: list[str | float]


class Page(NamedTuple):
    """A part of a published top list, best first."""

    head: Head
    total: int
    places: list[tuple[str, float]]


_pack = msgspec.msgpack.Encoder().encode
_head_of = msgspec.msgpack.Decoder(Head).decode


async def read_page(redis: Redis, *, ranking: str, offset: int, limit: int) -> Page | None:
    """Return a part of a list, all of one moment, or None where it is not published."""
    async with redis.pipeline(transaction=True) as pipe:
        pipe.hget(keys.top_head(ranking), "head")
        pipe.zcard(keys.top_list(ranking))
        pipe.zrevrange(keys.top_list(ranking), offset, offset + limit - 1, withscores=True)
        head, total, places = await pipe.execute()
    if head is None:
        return None
    return Page(_head_of(head), total, [(member.decode(), count) for member, count in places])


async def read_heads(redis: Redis, rankings: Iterable[str]) -> dict[str, Head]:
    """Return the heads of those of the lists that are published."""
    async with redis.pipeline(transaction=False) as pipe:
        for ranking in rankings:
            pipe.hget(keys.top_head(ranking), "head")
        heads = await pipe.execute()
    return {head.ranking: head for head in map(_head_of, filter(None, heads))}


async def read_known(redis: Redis, before: Mapping[str, Known]) -> dict[str, Known]:
    """Return all published lists; those of an unchanged version are the ones of `before`."""
    versions = await cast("Any", redis.hgetall(keys.TOP_VERSIONS))
    known = dict[str, Known]()
    for name, version in sorted(versions.items()):
        ranking = name.decode()
        held = before.get(ranking)
        if held is None or held.version != version.decode():
            held = await _read_one(redis, ranking, version.decode())
        known[ranking] = held
    return known


async def _read_one(redis: Redis, ranking: str, version: str) -> Known:
    async with redis.pipeline(transaction=True) as pipe:
        pipe.hmget(keys.top_head(ranking), ["version", "head"])
        pipe.zrange(keys.top_list(ranking), 0, -1)
        (stored, head), members = await pipe.execute()
    if stored is None:
        return Known(version=version, head=None, members=frozenset())
    return Known(
        version=stored.decode(),
        head=_head_of(head),
        members=frozenset(member.decode() for member in members),
    )


async def add(redis: Redis, known: Mapping[str, Known], additions: Sequence[Addition]) -> Applied:
    """Add to the lists, all of it or nothing.

    Nothing is added where a publisher is at work (`held`), or where the lists are not those
    `known` any more (`changed`), or where a list has counted some transactions of an addition but
    not all (`mixed`). Of those that a list has counted, nothing is added to that list. Must be
    called for each transaction until it is `applied`, and then no more.
    """
    lists = [key for ranking in known for key in (keys.top_head(ranking), keys.top_list(ranking))]
    versions = {ranking: one.version for ranking, one in known.items()}
    answer = await cast(
        "Any",
        redis.eval(
            _ADD,
            2 + len(lists),
            keys.TOP_HOLD,
            keys.TOP_VERSIONS,
            *lists,
            _pack(versions),
            _pack(additions),
        ),
    )
    return cast("Applied", answer.decode())


async def hold(redis: Redis, *, token: str, seconds: float) -> bool:
    """Keep writers from adding, for so long at most; False where another publisher does already."""
    return bool(await redis.set(keys.TOP_HOLD, token, nx=True, px=round(1_000 * seconds)))


async def is_held(redis: Redis) -> bool:
    """Tell whether a publisher keeps writers from adding: then nothing need be worked out yet."""
    return bool(await redis.exists(keys.TOP_HOLD))


async def release(redis: Redis, *, token: str) -> None:
    """End the hold, if it is still this one."""
    await cast("Any", redis.eval(_RELEASE, 1, keys.TOP_HOLD, token))


async def switch(redis: Redis, *, token: str, version: Version) -> bool:
    """Replace a list, in one step that also ends the hold; False where that is over.

    Its snapshot must have been taken under that hold.
    """
    ranking = version.head.ranking
    prepared = keys.top_next(ranking, token)
    if version.counts:
        async with redis.pipeline(transaction=True) as pipe:
            pipe.zadd(prepared, dict(version.counts))
            pipe.expire(prepared, 60)
            await pipe.execute()
    names = (
        *(keys.TOP_HOLD, keys.TOP_VERSIONS),
        *(keys.top_head(ranking), keys.top_list(ranking), prepared),
    )
    values = (token, ranking, version.snapshot, _pack(version.head), version.seconds)
    return bool(await cast("Any", redis.eval(_SWITCH, len(names), *names, *values)))


async def withdraw(redis: Redis, wanted: set[str]) -> None:
    """Forget all lists but those wanted."""
    names = await cast("Any", redis.hkeys(keys.TOP_VERSIONS))
    for ranking in {name.decode() for name in names} - wanted:
        async with redis.pipeline(transaction=True) as pipe:
            pipe.hdel(keys.TOP_VERSIONS, ranking)
            pipe.unlink(keys.top_head(ranking), keys.top_list(ranking))
            await pipe.execute()
