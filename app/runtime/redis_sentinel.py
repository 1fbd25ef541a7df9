"""The client of a service that sentinels watch: of whichever server they call its master."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from redis.asyncio import Redis
from redis.asyncio.sentinel import Sentinel, SentinelConnectionPool


class Sentinels(Sentinel):
    """The sentinels, of whom one question at a time is asked, for all who ask meanwhile.

    redis-py puts who has answered first in its list: two at once lose a sentinel from it.
    """

    _asking: asyncio.Task[tuple[str, int]] | None = None

    async def discover_master(self, service_name: str) -> tuple[str, int]:
        """Return host and port of the master; raises errors of Redis where none is known."""
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(super().discover_master(service_name))
            self._asking.add_done_callback(lambda task: task.cancelled() or task.exception())
        return await asyncio.shield(self._asking)


class SentinelRedis(Redis):
    """The client of the master; the clients of the sentinels are closed with it."""

    watched_by: Sentinels

    async def aclose(self, close_connection_pool: bool | None = None) -> None:
        """Close the connections to the master and to the sentinels."""
        await super().aclose(close_connection_pool)
        for each in self.watched_by.sentinels:
            await each.aclose()


def open_master(sentinel: Sentinels, service: str, **options: Any) -> SentinelRedis:  # noqa: ANN401
    """Make the client of a service's master."""
    client = cast(
        "SentinelRedis",
        sentinel.master_for(
            service,
            redis_class=SentinelRedis,
            connection_pool_class=SentinelConnectionPool,
            **options,
        ),
    )
    client.watched_by = sentinel
    return client
