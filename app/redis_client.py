"""The Redis client of one process."""

from __future__ import annotations

import redis.asyncio
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from app.settings import Settings


def open_redis(settings: Settings) -> redis.asyncio.Redis:
    """Make the client; nothing is connected yet, so Redis may be down.

    Values are bytes. No command is repeated by the client: a caller learns within
    `settings.redis_timeout` seconds that Redis is down, and whether to repeat is for it to say.
    A blocking command must block for less than that.
    """
    return redis.asyncio.Redis.from_url(
        settings.redis_url,
        socket_timeout=settings.redis_timeout,
        socket_connect_timeout=settings.redis_timeout,
        socket_keepalive=True,
        retry=Retry(NoBackoff(), 0),
        protocol=2,
        decode_responses=False,
        client_name="groundswell",
    )
