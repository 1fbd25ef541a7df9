"""What is asked of each server of Redis by itself: one, or all masters of a cluster."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from redis.asyncio import Redis

from app.runtime.outage import REDIS_ERRORS
from app.runtime.redis_cluster import ClusterRedis


async def nodes_of(redis: Redis) -> dict[str, Redis]:
    """Return the servers that keys are on, by `host:port`; one that is no cluster has no name."""
    if not isinstance(redis, ClusterRedis):
        return {"": redis}
    return {f"{host}:{port}": redis.node((host, port)) for host, port in await redis.masters()}


async def scanned(redis: Redis, pattern: str, *, page: int) -> AsyncIterator[list[bytes]]:
    """Yield the keys that match a pattern, some at a time, and some of them twice."""
    for node in (await nodes_of(redis)).values():
        cursor = 0
        while True:
            found: Any
            cursor, found = await node.scan(cursor, match=pattern, count=page)
            if found:
                yield found
            if not cursor:
                break


async def silent_nodes(redis: Redis, *, within: float) -> dict[str, Exception | None]:
    """Return for each server why it does not answer, None where it does.

    Raises errors of Redis where nobody even says which there are.
    """

    async def ask(node: Redis) -> Exception | None:
        try:
            async with asyncio.timeout(within):
                await node.execute_command("PING")  # type: ignore[no-untyped-call]
        except REDIS_ERRORS as error:
            return error
        return None

    nodes = await nodes_of(redis)
    return dict(zip(nodes, await asyncio.gather(*map(ask, nodes.values())), strict=True))
