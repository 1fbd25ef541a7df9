"""Hashes of clients that nobody can undo: salted anew each day, and the salt is then forgotten."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import blake2b

import redis.asyncio
from redis.exceptions import RedisError

from app.access import keys

_DAY = 86_400
_GRACE_SECONDS = 3_600
"""How long a day's salt outlives the day, for processes whose clock is behind."""
_RETRY_SECONDS = 1.0


class Viewers:
    """Hashes clients with the salt of the day (UTC), which all processes share through Redis."""

    def __init__(
        self, redis_client: redis.asyncio.Redis, *, clock: Callable[[], float] = time.time
    ) -> None:
        self._redis = redis_client
        self._clock = clock
        self._day = -1
        self._salt: bytes | None = None
        self._retry_at = 0.0

    async def hash_of(self, *parts: str) -> bytes | None:
        """Return 16 bytes that stand for `parts` today; None while no salt is to be had."""
        now = self._clock()
        day = int(now // _DAY)
        if day != self._day and now >= self._retry_at:
            await self._fetch(day, now)
        if self._salt is None:
            return None
        text = "\0".join(parts).encode(errors="replace")
        return blake2b(text, digest_size=16, key=self._salt).digest()

    async def _fetch(self, day: int, now: float) -> None:
        key = keys.salt(datetime.fromtimestamp(now, UTC).date().isoformat())
        lifetime = (day + 1) * _DAY - int(now) + _GRACE_SECONDS
        try:
            async with self._redis.pipeline(transaction=False) as pipeline:
                pipeline.set(key, secrets.token_bytes(32), nx=True, ex=lifetime)
                pipeline.get(key)
                _, salt = await pipeline.execute()
        except (RedisError, OSError):
            # Yesterday's salt will do for as long as Redis is down.
            self._retry_at = now + _RETRY_SECONDS
            return
        self._day, self._salt = day, salt
