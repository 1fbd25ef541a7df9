"""Hearing what the database and Redis announce: one listener a process for all channels of each."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import (
    AbstractAsyncContextManager,
    aclosing,
    asynccontextmanager,
)
from functools import partial

import psycopg
import structlog
from psycopg import sql
from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.exceptions import ConnectionError as RedisConnectionError

from app.runtime.outage import DATABASE_ERRORS, REDIS_ERRORS, Outage
from app.runtime.pool import connection_options
from app.runtime.redis_cluster import ClusterRedis
from app.runtime.tasks import end
from app.settings import Settings

_PATIENCE_SECONDS = 60.0
"""How long Redis may announce nothing before it is listened to anew; only a bound."""

HEAR_SECONDS = 5.0
"""Within it, whoever listens to the database must have heard what it has announced itself."""
_PROBE = "groundswell_probe"

log = structlog.get_logger(__name__)

Source = Callable[[], AsyncGenerator[str, None]]
"""Connects, then yields the channel of each announcement; first an empty text: it listens now."""


class Notifications:
    """Wakes whoever has subscribed to a channel; it listens for as long as anybody has.

    What was announced while nobody could listen is lost: all are woken when it listens again, and
    who must not miss anything asks now and then, too.
    """

    def __init__(self, name: str, *sources: Source) -> None:
        self._name = name
        self._sources = sources
        self._wakes: list[tuple[str, asyncio.Event]] = []
        self._listening: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def subscribed(self, channel: str) -> AsyncIterator[asyncio.Event]:
        """Lend an event that is set at each announcement of `channel`; clear it before looking."""
        subscription = (channel, asyncio.Event())
        self._wakes.append(subscription)
        if self._listening is None:
            self._listening = asyncio.create_task(self._listen(), name="notifications")
        try:
            yield subscription[1]
        finally:
            self._wakes.remove(subscription)
            if not self._wakes and (listening := self._listening):
                self._listening = None
                await end(listening)

    async def _listen(self) -> None:
        tasks = [asyncio.create_task(self._listen_to(source)) for source in self._sources]
        try:
            await asyncio.gather(*tasks)
        finally:
            await end(*tasks)

    async def _listen_to(self, source: Source) -> None:
        outage = Outage(f"notifications of {self._name}")
        while True:
            try:
                async with aclosing(source()) as announced:
                    async for channel in announced:
                        outage.over()
                        for wanted, wake in self._wakes:
                            if channel in {"", wanted}:
                                wake.set()
            except (*DATABASE_ERRORS, *REDIS_ERRORS) as error:
                await asyncio.sleep(outage.failed(error))


def of_database(settings: Settings, *channels: str) -> Notifications:
    """Return the notifications (LISTEN) of a database, on a connection of their own.

    A pooler that lends servers by transaction takes LISTEN and never tells anything: the log says
    so then, and whoever listens is as late as it asks by itself.
    """

    async def source() -> AsyncGenerator[str, None]:
        connection = await psycopg.AsyncConnection.connect(
            settings.database_url, **connection_options(settings, "notifications")
        )
        async with connection:
            for channel in (*channels, _PROBE):
                await connection.execute(sql.SQL("listen {}").format(sql.Identifier(channel)))
            yield ""
            await connection.execute("select pg_notify(%s, '')", [_PROBE])
            has_heard = False
            async for notification in connection.notifies(timeout=HEAR_SECONDS):
                has_heard = True
                yield notification.channel
            if not has_heard:
                log.warning(
                    "the database announces nothing here: is it behind a pooler that lends "
                    "servers by transaction? What it would announce is seen some seconds later"
                )
            async for notification in connection.notifies():
                yield notification.channel

    return Notifications("database", source)


def of_redis(redis: Redis, *channels: str) -> Notifications:
    """Return the messages of Redis channels.

    On a connection of their own; in a cluster one for each channel, to the node of its slot.
    """
    if isinstance(redis, ClusterRedis):
        listening = [partial(redis.listening, channel) for channel in channels]
    else:
        listening = [partial(_listening, redis, channels)]
    return Notifications("redis", *(partial(_heard, each) for each in listening))


async def _heard(
    listening: Callable[[], AbstractAsyncContextManager[PubSub]],
) -> AsyncGenerator[str, None]:
    async with listening() as messages:
        yield ""
        while True:
            message = await messages.get_message(timeout=_PATIENCE_SECONDS)
            if message is None:
                continue
            if message["type"] == "sunsubscribe":
                raise RedisConnectionError("the channel has moved to another node")
            if message["type"].endswith("message"):
                yield message["channel"].decode()


@asynccontextmanager
async def _listening(redis: Redis, channels: tuple[str, ...]) -> AsyncIterator[PubSub]:
    async with redis.pubsub() as messages:
        await messages.subscribe(*channels)
        yield messages
