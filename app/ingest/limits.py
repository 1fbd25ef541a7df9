"""Rate limits: GCRA (generic cell rate algorithm) in Redis, in the same step as the append.

A bucket holds one number: the moment at which it will be full again. A request takes as much as it
has events, and is refused where the bucket does not hold that much; one with more events than the
bucket can ever hold needs a full one, and is paid off afterwards. Checking and appending is one
script, so a limit costs no round trip, and while Redis is down there is none.
"""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

from app.errors import RateLimitedError
from app.ingest.metrics import LIMITED

MINUTE = 60_000_000
LIMIT_HEADERS = (
    "ratelimit-policy",
    "ratelimit",
    "ratelimit-limit",
    "ratelimit-remaining",
    "ratelimit-reset",
)

# KEYS: as many others as `before` says, then the buckets. ARGV: the number of events, a limit for
# each bucket, and the rest. The answer: whether they were let through, then for each bucket the
# microseconds until it is full. The one microsecond allows for rounding.
_TAKE = f"""
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local cost, buckets, minute = tonumber(ARGV[1]), #KEYS - before, {MINUTE}
local answer, ahead = {{1}}, {{}}
for n = 1, buckets do
    local limit = tonumber(ARGV[n + 1])
    ahead[n] = math.max(tonumber(redis.call('GET', KEYS[n + before]) or '0') - now, 0)
    if ahead[n] + math.min(cost, limit) * minute / limit > minute + 1 then answer[1] = 0 end
end
for n = 1, buckets do
    if answer[1] == 1 then
        ahead[n] = ahead[n] + cost * minute / tonumber(ARGV[n + 1])
        redis.call(
            'SET', KEYS[n + before], string.format('%.0f', now + ahead[n]),
            'PX', math.ceil(ahead[n] / 1000) + 1
        )
    end
    answer[n + 1] = math.ceil(ahead[n])
end
"""
TAKE = f"""
local before = 0
{_TAKE}
return answer
"""
"""Take events out of buckets."""
# The key before the buckets is the stream, the rest of ARGV the fields of the entry.
APPEND_LIMITED = f"""
local before = 1
{_TAKE}
if answer[1] == 1 then
    redis.call('XADD', KEYS[1], '*', unpack(ARGV, buckets + 2))
end
return answer
"""
"""Do so, and append the entry if it is let through."""


class Limit(NamedTuple):
    """How much may come out of one bucket."""

    name: Literal["key", "client", "user"]
    bucket: str
    """Its Redis key."""
    per_minute: int
    """Events a minute, and at most at once."""


class Standing(NamedTuple):
    """How a bucket stands after a request, whether that was let through or not."""

    limit: Limit
    ahead: int
    """Microseconds until it is full again."""

    @property
    def remaining(self) -> int:
        """How many events may come at once now."""
        return max(0, math.floor((MINUTE - self.ahead) * self.limit.per_minute / MINUTE))

    def seconds_until(self, events: int) -> float:
        """Return after how many seconds that many events fit."""
        wanted = min(events, self.limit.per_minute) * MINUTE / self.limit.per_minute
        return max(0.0, self.ahead + wanted - MINUTE) / 1_000_000


def limit_headers(standings: list[Standing]) -> dict[str, str]:
    """Return the `RateLimit` fields of an answer: the IETF draft's, and the older three."""
    if not standings:
        return {}
    least = min(standings, key=lambda each: each.remaining)
    policy = ", ".join(f'"{each.limit.name}";q={each.limit.per_minute};w=60' for each in standings)
    now = ", ".join(
        f'"{each.limit.name}";r={each.remaining};t={_seconds(each)}' for each in standings
    )
    older = str(least.limit.per_minute), str(least.remaining), str(_seconds(least))
    return dict(zip(LIMIT_HEADERS, (policy, now, *older), strict=True))


def too_much(standings: list[Standing], events: int) -> RateLimitedError:
    """Return the error for a sender of more events than its buckets hold."""
    worst = max(standings, key=lambda each: each.seconds_until(events))
    LIMITED.labels(limit=worst.limit.name).inc()
    error = RateLimitedError(
        f"{worst.limit.per_minute} events a minute are allowed to this {worst.limit.name}",
        retry_after=worst.seconds_until(events),
    )
    error.headers = limit_headers(standings)
    return error


def _seconds(standing: Standing) -> int:
    return math.ceil(standing.ahead / 1_000_000)
