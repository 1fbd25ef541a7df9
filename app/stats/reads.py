"""Reads of Redis that begin together are one command: what a command costs, a key does not."""

from __future__ import annotations

import asyncio
from itertools import islice
from typing import TypeAlias, cast

from redis.asyncio import Redis

Values: TypeAlias = list[bytes | None]


class SharedReads:
    """Gets values for whoever asks within one turn of the event loop, all at once."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._waiting: list[tuple[list[str], asyncio.Future[Values]]] = []
        self._running = set[asyncio.Task[None]]()

    async def get(self, keys: list[str]) -> Values:
        """Return the values of keys, as they are after the call; raises what Redis raises."""
        loop = asyncio.get_running_loop()
        if not self._waiting:
            loop.call_soon(self._begin)
        values: asyncio.Future[Values] = loop.create_future()
        self._waiting.append((keys, values))
        return await values

    def _begin(self) -> None:
        task = asyncio.create_task(self._read(self._waiting))
        self._waiting = []
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _read(self, waiting: list[tuple[list[str], asyncio.Future[Values]]]) -> None:
        try:
            found = await self._redis.mget([key for keys, _ in waiting for key in keys])
        except BaseException as error:  # noqa: BLE001  # whatever it is, they must not wait for ever
            for _, values in waiting:
                if not values.done():
                    values.set_exception(error)
            return
        left = iter(cast("Values", found))
        for keys, values in waiting:
            part = list(islice(left, len(keys)))
            if not values.done():
                values.set_result(part)
