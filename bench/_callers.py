"""Callers that post events as fast as they are written, and repeat what was not acknowledged."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import redis.asyncio
from redis.exceptions import RedisError

from app.ingest import keys
from app.ingest.uuid7 import Uuid7Source

CALLERS = 16
EVENTS_A_REQUEST = 100
MOST_WAITING = 150
"""Requests in the stream from which on callers hold back."""
_RETRY_SECONDS = 0.05
_Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]
_GONE = (OSError, asyncio.IncompleteReadError, TimeoutError)


class Callers:
    """All callers; `acknowledged` counts the events, each of which has an id of its own."""

    def __init__(self, port: int, client: redis.asyncio.Redis, *, shards: int = 1) -> None:
        self.acknowledged = 0
        self._port = port
        self._redis = client
        self._streams = [keys.event_stream(shard) for shard in range(shards)]
        self._chance = random.Random(7)
        self._new_id = Uuid7Source()
        self._open = asyncio.Event()
        self._backlog_is_short = asyncio.Event()
        self._busy = 0

    async def run(self) -> None:
        """Post until cancelled, while resumed."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch())
            for _ in range(CALLERS):
                group.create_task(self._call())

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Post while the block runs and they are resumed."""
        posting = asyncio.create_task(self.run())
        try:
            yield
        finally:
            posting.cancel()
            await asyncio.wait({posting})
            if not posting.cancelled():
                posting.result()

    async def post_for(self, seconds: float) -> None:
        """Post for so long, and return when all is acknowledged."""
        self.resume()
        await asyncio.sleep(seconds)
        await self.pause()

    def resume(self) -> None:
        """Let the callers go on."""
        self._open.set()

    async def pause(self) -> None:
        """Let no new request begin, and return when all those begun are acknowledged."""
        self._open.clear()
        while self._busy:  # noqa: ASYNC110 - at the end of a round, outside what is measured
            await asyncio.sleep(0.01)

    async def _watch(self) -> None:
        while True:
            try:
                waiting = sum([int(await self._redis.xlen(each)) for each in self._streams])
            except (RedisError, OSError):
                waiting = 0  # What Redis cannot take, the database takes.
            if waiting < MOST_WAITING:
                self._backlog_is_short.set()
            else:
                self._backlog_is_short.clear()
            await asyncio.sleep(0.005)

    async def _call(self) -> None:
        connection: _Connection | None = None
        while True:
            await self._open.wait()
            await self._backlog_is_short.wait()
            self._busy += 1
            try:
                connection = await self._post(self._request(), connection)
            finally:
                self._busy -= 1
            self.acknowledged += EVENTS_A_REQUEST

    async def _post(self, request: bytes, connection: _Connection | None) -> _Connection | None:
        """Post until it is acknowledged, and return the connection by which it was."""
        status = 0
        while status != 202:
            try:
                async with asyncio.timeout(10):
                    connection = connection or await asyncio.open_connection(
                        "127.0.0.1", self._port
                    )
                    status = await _exchange(*connection, request)
            except _GONE:
                if connection:
                    connection[1].close()
                connection = None
            if status != 202:
                assert status in {0, 429, 503}, status
                await asyncio.sleep(_RETRY_SECONDS)
        return connection

    def _request(self) -> bytes:
        millisecond = time.time_ns() // 1_000_000
        events = ",".join(
            f'{{"type":"view","id":"{UUID(bytes=self._new_id(millisecond))}",'
            f'"contentId":"bench-{int(5_000 * self._chance.random() ** 3)}"}}'
            for _ in range(EVENTS_A_REQUEST)
        )
        return (
            "POST /analytics/events HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            "User-Agent: groundswell-client/1\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(events) + 2}\r\n\r\n[{events}]"
        ).encode()


async def _exchange(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes
) -> int:
    writer.write(request)
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    await reader.readexactly(int(head.split(b"content-length: ")[1].split(b"\r")[0]))
    return int(head.split(b" ", 2)[1])
