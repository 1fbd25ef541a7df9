"""The limits of events for what is recorded without the stream, such as likes."""

from __future__ import annotations

import redis.asyncio
from redis.exceptions import RedisError

from app.ingest.limits import TAKE, Limit, Standing, too_much
from app.ingest.metrics import UNLIMITED


async def allow(
    redis_client: redis.asyncio.Redis, limits: tuple[Limit, ...], *, cost: int = 1
) -> list[Standing]:
    """Take so many events out of each bucket, and return how they stand.

    Raises `RateLimitedError` where one of them is empty. While Redis is down there is no limit.
    """
    if not limits:
        return []
    buckets = [limit.bucket for limit in limits]
    quotas = [str(limit.per_minute) for limit in limits]
    try:
        allowed, *ahead = await redis_client.eval(TAKE, len(buckets), *buckets, str(cost), *quotas)
    except (RedisError, OSError):
        UNLIMITED.labels(limit="rate").inc()
        return []
    standings = list(map(Standing, limits, ahead))
    if not allowed:
        raise too_much(standings, cost)
    return standings
