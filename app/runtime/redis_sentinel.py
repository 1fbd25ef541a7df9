"""The client of a service that sentinels watch: of whichever server they call its master."""

from __future__ import annotations

from typing import Any, cast

from redis.asyncio import Redis
from redis.asyncio.sentinel import Sentinel, SentinelConnectionPool


class SentinelRedis(Redis):
    """The client of the master; the clients of the sentinels are closed with it."""

    watched_by: Sentinel

    async def aclose(self, close_connection_pool: bool | None = None) -> None:
        """Close the connections to the master and to the sentinels."""
        await super().aclose(close_connection_pool)
        for each in self.watched_by.sentinels:
            await each.aclose()


def open_master(sentinel: Sentinel, service: str, **options: Any) -> SentinelRedis:  # noqa: ANN401
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
