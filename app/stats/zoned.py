"""Stats with today, this week and this month as in another zone than the service's.

What is computed for a zone is kept beside what is served, with its tag: it holds for as long as
that does, and whatever ends that ends it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from hashlib import blake2b
from typing import cast

import msgspec
from redis.asyncio import Redis

from app.errors import BadRequestError, UnavailableError
from app.runtime.addresses import check_zone
from app.runtime.outage import DATABASE_ERRORS, REDIS_ERRORS
from app.runtime.pool import Pool, failure_of
from app.runtime.replicas import read
from app.settings import Settings
from app.stats.cache import UNKNOWN, Found
from app.stats.keys import Item, zone_key
from app.stats.queries import zone_stats
from app.stats.wire import ItemStats

KEPT_SECONDS = 600
"""How long it is kept for the case that the database is down."""
AT_ONCE = 2
"""Most such queries of one process at a time: each reads up to a month of quarter hours."""
_TAG_BYTES = 16

_decode = msgspec.json.Decoder(ItemStats).decode


def check_tz(zone: str) -> None:
    """Raise `BadRequestError` for what is no time zone."""
    try:
        check_zone(zone)
    except ValueError:
        raise BadRequestError(
            f"tz: {zone[:100]!r} is no IANA time zone such as Europe/Vienna (case matters)"
        ) from None


class ZonedStats:
    """Turns what the cache has found into what it is in a zone."""

    def __init__(self, *, settings: Settings, pool: Pool, redis: Redis) -> None:
        self._settings = settings
        self._pool = pool
        self._redis = redis
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def many(self, found: Mapping[Item, Found], zone: str) -> dict[Item, Found]:
        """Return the same stats in a zone; `UnavailableError` where that cannot be known now."""
        shown = dict(found)
        wanted: dict[Item, ItemStats] = {}
        for item, each in found.items():
            if (
                isinstance(each, bytes)
                and each != UNKNOWN
                and (stats := _decode(each)).zone != zone
            ):
                wanted[item] = stats
        if not wanted:
            return shown
        tags = {item: _tag(cast("bytes", found[item])) for item in wanted}
        kept = await self._kept(list(wanted), zone)
        for item, value in kept.items():
            if value[:_TAG_BYTES] == tags[item]:
                shown[item] = value[_TAG_BYTES:]
                del wanted[item]
        if wanted:
            shown |= await self._counted(wanted, tags, kept, zone)
        return shown

    async def _counted(
        self,
        wanted: Mapping[Item, ItemStats],
        tags: Mapping[Item, bytes],
        kept: Mapping[Item, bytes],
        zone: str,
    ) -> dict[Item, Found]:
        try:
            async with self._turns:
                counted = await read(
                    self._pool,
                    lambda c: zone_stats(c, stats=list(wanted.values()), zone=zone),
                    within=self._settings.database_timeout,
                )
        except DATABASE_ERRORS as error:
            failure = failure_of(self._pool, error, within=self._settings.database_timeout)
            return {item: _last_known(kept.get(item), failure) for item in wanted}
        values = {item: msgspec.json.encode(stats) for item, stats in counted.items()}
        with suppress(*REDIS_ERRORS):
            async with self._redis.pipeline(transaction=False) as pipe:
                for item, value in values.items():
                    pipe.set(zone_key(*item, zone), tags[item] + value, ex=KEPT_SECONDS)
                await pipe.execute()
        return dict(values.items())

    async def _kept(self, items: list[Item], zone: str) -> dict[Item, bytes]:
        with suppress(*REDIS_ERRORS):
            keys = [zone_key(*item, zone) for item in items]
            values = cast("list[bytes | None]", await self._redis.mget(keys))
            return {item: value for item, value in zip(items, values, strict=True) if value}
        return {}


def _tag(stats: bytes) -> bytes:
    return blake2b(stats, digest_size=_TAG_BYTES).digest()


def _last_known(kept: bytes | None, failure: UnavailableError) -> Found:
    if kept is None:
        return failure
    return msgspec.json.encode(msgspec.structs.replace(_decode(kept[_TAG_BYTES:]), stale=True))
