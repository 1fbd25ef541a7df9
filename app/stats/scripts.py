"""The steps of a refresh that Redis does as one: look and claim, keep, let go.

A commit takes the claim away (`invalidation.py`). So whoever finds a claim knows that its query
began after every commit so far, and what a claim's holder finds is kept only where there was none
meanwhile: by no order of steps does an older value come to stand after a newer one.
"""

from __future__ import annotations

from redis.asyncio.client import Pipeline

from app.stats.keys import ItemKeys

EVERY_MS = 1_000
"""An item whose refreshes only follow commits is queried once in this time, on the average..."""
BURST = 4
"""...but so many times at once: who reads, acts and reads again sees what was done."""

# KEYS: served, last, claim, behind, due. ARGV: a token, or nothing to claim nothing; how long a
# claim lasts; how long a last value is kept, and may be shown during a refresh, all in ms.
_LOOK = f"""
local served = redis.call('get', KEYS[1])
if served then return {{'served', served}} end
local last = redis.call('get', KEYS[2])
if ARGV[1] == '' then return {{'last known', last}} end
local shown = last and redis.call('exists', KEYS[4]) == 0
    and tonumber(ARGV[3]) - redis.call('pttl', KEYS[2]) < tonumber(ARGV[4])
if redis.call('exists', KEYS[3]) == 1 then
    return {{shown and 'refreshing' or 'awaited', last}}
end
if shown then
    local clock = redis.call('time')
    local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
    local due = math.max(now, tonumber(redis.call('get', KEYS[5]) or 0))
    if due - now >= {EVERY_MS * BURST} then return {{'refreshing', last}} end
    redis.call('set', KEYS[5], due + {EVERY_MS}, 'px', due + {EVERY_MS} - now)
end
redis.call('set', KEYS[3], ARGV[1], 'px', ARGV[2])
return {{'claimed', last}}
"""
# KEYS: served, last, claim, behind. ARGV: the token, the value, how long it is served, and kept
# as the last known one; nothing: it is of an unknown item, and there is none.
_KEEP = """
if redis.call('get', KEYS[3]) ~= ARGV[1] then return 0 end
redis.call('set', KEYS[1], ARGV[2], 'px', ARGV[3])
if ARGV[4] == '' then redis.call('unlink', KEYS[2])
else redis.call('set', KEYS[2], ARGV[2], 'px', ARGV[4]) end
return redis.call('unlink', KEYS[3], KEYS[4])
"""
# KEYS: claim. ARGV: the token.
_LET_GO = "return redis.call('get', KEYS[1]) == ARGV[1] and redis.call('unlink', KEYS[1]) or 0"


def look(  # noqa: PLR0913  # how long what lasts
    pipe: Pipeline, keys: ItemKeys, *, token: str, claim_ms: int, last_ms: int, shown_ms: int
) -> None:
    """Ask for what is served, else for the last known value and what to do about it.

    Answers `served`, `claimed` (the caller is to refresh it), `refreshing` (another one does; the
    value will do), `awaited` (another one does; wait) or, without a token, `last known`.
    """
    pipe.eval(_LOOK, 5, *keys, token, str(claim_ms), str(last_ms), str(shown_ms))


def keep(  # noqa: PLR0913  # a value, and how long it is what
    pipe: Pipeline, keys: ItemKeys, *, token: str, value: bytes, served_ms: int, last_ms: int | None
) -> None:
    """Serve a refreshed value, unless the claim with the token is gone."""
    kept = "" if last_ms is None else str(last_ms)
    pipe.eval(_KEEP, 4, *keys[:4], token, value, str(served_ms), kept)


def let_go(pipe: Pipeline, keys: ItemKeys, *, token: str) -> None:
    """Give up a claim."""
    pipe.eval(_LET_GO, 1, keys.claim, token)
