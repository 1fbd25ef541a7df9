"""How top lists in Redis are replaced as a whole, added to, and entered, and stay exact.

A list's version holds the counts up to the transactions that one database snapshot sees. Of each
later transaction, a writer adds what it inserted; of an earlier one, the script adds nothing. Who
was admitted later has a snapshot of its own. While a snapshot is taken and until what was counted
in it stands, a hold keeps writers from adding: they keep what they have, and come again.
docs/decisions/0006 shows why this is enough. All keys are on one shard.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from secrets import token_hex
from typing import Any, Literal, NamedTuple, cast

from redis.asyncio import Redis

from app.runtime.epochs import DeposedError
from app.runtime.outage import REDIS_ERRORS
from app.top import keys
from app.top.lists import Known, Version, pack, version_of

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
local function is_counted(place, round, transaction)
    local name = place .. ':' .. round
    local seen = snapshots[name]
    if seen == nil then
        local text = redis.call('HGET', KEYS[2 * place + 1], 'snapshot:' .. round)
        if text then
            local xmin, xmax, running = string.match(text, '^(%d+):(%d+):(.*)$')
            seen = {tonumber(xmin), tonumber(xmax), {}}
            for id in string.gmatch(running, '%d+') do seen[3][tonumber(id)] = true end
        else
            seen = {math.huge}
        end
        snapshots[name] = seen
    end
    return transaction < seen[1] or (transaction < seen[2] and not seen[3][transaction])
end
local wanted = {}
for _, addition in ipairs(additions) do
    local transactions, place, round, amounts = unpack(addition)
    local counted = 0
    for _, transaction in ipairs(transactions) do
        if is_counted(place, round, transaction) then counted = counted + 1 end
    end
    if counted == 0 then
        table.insert(wanted, {KEYS[2 * place + 2], amounts})
    elseif counted < #transactions then
        return 'mixed'
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
# What was counted on a server that was deposed has no hold on anybody.
_SWITCH = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if tonumber(ARGV[7]) < tonumber(redis.call('GET', KEYS[6]) or '0') then return -1 end
redis.call('SET', KEYS[6], ARGV[7])
local head, list, prepared = KEYS[3], KEYS[4], KEYS[5]
if redis.call('EXISTS', prepared) == 1 then
    redis.call('RENAME', prepared, list)
    redis.call('EXPIRE', list, ARGV[6])
else
    redis.call('UNLINK', list)
end
redis.call('DEL', head)
redis.call('HSET', head, 'version', ARGV[3], 'snapshot:0', ARGV[4], 'head', ARGV[5])
redis.call('EXPIRE', head, ARGV[6])
redis.call('HSET', KEYS[2], ARGV[2], ARGV[3])
redis.call('DEL', KEYS[1])
return 1
"""

# As the switch, but the list goes on. It may have had nobody, and so no key.
_ADMIT = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
local entrants = cmsgpack.unpack(ARGV[7])
for i = 1, #entrants, 2 do redis.call('ZADD', KEYS[4], 'NX', entrants[i + 1], entrants[i]) end
redis.call('PEXPIRE', KEYS[4], math.max(1, redis.call('PTTL', KEYS[3])))
redis.call('HSET', KEYS[3], 'version', ARGV[3], 'snapshot:' .. ARGV[4], ARGV[5])
redis.call('HSET', KEYS[3], 'members:' .. ARGV[4], ARGV[6])
redis.call('HSET', KEYS[2], ARGV[2], ARGV[3])
return 1
"""

_RELEASE = """
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
"""


class Addition(NamedTuple):
    """What transactions add together to one list."""

    transactions: list[int]
    place: int
    """Of the list among those known, from 1."""
    round: int
    """In which the members came into it; 0: when it was counted."""
    amounts: list[str | float]
    """Members and amounts in turn."""


async def add(redis: Redis, known: Mapping[str, Known], additions: Sequence[Addition]) -> Applied:
    """Add to the lists, all of it or nothing.

    Nothing is added while somebody counts (`held`), or where the lists are not those `known` any
    more (`changed`), or where a list has counted some transactions of an addition but not all
    (`mixed`). Of those that a list has counted, nothing is added to that list. Must be called for
    each transaction until it is `applied`, and then no more.
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
            pack(versions),
            pack(additions),
        ),
    )
    return cast("Applied", answer.decode())


async def hold(redis: Redis, *, token: str, seconds: float) -> bool:
    """Keep writers from adding, for so long at most; False where another holds them already."""
    return bool(await redis.set(keys.TOP_HOLD, token, nx=True, px=round(1_000 * seconds)))


async def is_held(redis: Redis) -> bool:
    """Tell whether somebody keeps writers from adding: then nothing need be worked out yet."""
    return bool(await redis.exists(keys.TOP_HOLD))


@asynccontextmanager
async def holding(redis: Redis, *, seconds: float) -> AsyncIterator[str | None]:
    """Hold writers up and lend the token of the hold; None where another holds them already."""
    token = token_hex(8)
    if not await hold(redis, token=token, seconds=seconds):
        yield None
        return
    try:
        yield token
    finally:
        with suppress(*REDIS_ERRORS):
            await cast("Any", redis.eval(_RELEASE, 1, keys.TOP_HOLD, token))


async def switch(redis: Redis, *, token: str, version: Version) -> bool:
    """Replace a list, in one step that also ends the hold; False where that is over.

    Its snapshot must have been taken under that hold. Raises `DeposedError` where a list of a newer
    epoch was published.
    """
    ranking = version.head.ranking
    prepared = keys.top_next(ranking, token)
    if version.counts:
        async with redis.pipeline(transaction=True) as pipe:
            pipe.zadd(prepared, dict(version.counts))
            pipe.expire(prepared, 60)
            await pipe.execute()
    names = (*_keys_of(ranking), prepared, keys.TOP_EPOCH)
    values = (
        *(token, ranking, version_of(token, 0), version.snapshot),
        *(pack(version.head), version.seconds, version.head.epoch),
    )
    done = await cast("Any", redis.eval(_SWITCH, len(names), *names, *values))
    if done < 0:
        raise DeposedError(f"{ranking} was counted on a server that was deposed")
    return bool(done)


async def admit(  # noqa: PLR0913  # what is let into which list, under which hold
    redis: Redis,
    known: Known,
    *,
    token: str,
    ranking: str,
    snapshot: str,
    counts: Sequence[tuple[str, float]],
) -> bool:
    """Let members into a list, with their counts up to a snapshot taken under that hold.

    The hold goes on, and the list must be `known` as it stands. False where the hold is over.
    """
    number = known.rounds + 1
    version = version_of(known.version.split(":")[0], number)
    members = pack([member for member, _ in counts])
    entrants = pack([part for pair in counts for part in pair])
    names = _keys_of(ranking)
    values = (token, ranking, version, number, snapshot, members, entrants)
    return bool(await cast("Any", redis.eval(_ADMIT, len(names), *names, *values)))


def _keys_of(ranking: str) -> tuple[str, ...]:
    return (
        *(keys.TOP_HOLD, keys.TOP_VERSIONS),
        *(keys.top_head(ranking), keys.top_list(ranking)),
    )


async def withdraw(redis: Redis, wanted: set[str]) -> None:
    """Forget all lists but those wanted."""
    names = await cast("Any", redis.hkeys(keys.TOP_VERSIONS))
    for ranking in {name.decode() for name in names} - wanted:
        async with redis.pipeline(transaction=True) as pipe:
            pipe.hdel(keys.TOP_VERSIONS, ranking)
            pipe.unlink(keys.top_head(ranking), keys.top_list(ranking))
            await pipe.execute()
