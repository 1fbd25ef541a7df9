"""The Redis client of one process."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

import hiredis
import redis.asyncio
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError

from app.settings import Settings


def open_redis(settings: Settings) -> redis.asyncio.Redis:
    """Make the client; nothing is connected yet, so Redis may be down.

    Values are bytes. No command is repeated by the client: a caller learns within
    `settings.redis_timeout` seconds that Redis is down, and whether to repeat is for it to say.
    A blocking command must block for less than that.
    """
    scheme = urlsplit(settings.redis_url).scheme
    of_network = {} if scheme == "unix" else {"socket_keepalive": True}
    return redis.asyncio.Redis.from_url(
        settings.redis_url,
        connection_class=_CLASSES.get(scheme, _Plain),
        socket_timeout=settings.redis_timeout,
        socket_connect_timeout=settings.redis_timeout,
        **of_network,
        retry=Retry(NoBackoff(), 0),
        protocol=2,
        decode_responses=False,
        client_name="groundswell",
    )


class _Guarded:
    """Makes a connection that was closed under a command an error like any other of Redis.

    uvloop raises a bare `RuntimeError` for it, which nobody who copes with a dead Redis expects.
    Commands are packed by hiredis, as the client itself does only where it is not asynchronous: a
    hundred keys take a tenth of the time.
    """

    def pack_command(self, *args: Any) -> list[bytes]:  # noqa: ANN401  # what it takes
        # Names such as `CONFIG GET` are two words to Redis.
        return [hiredis.pack_command((*args[0].split(), *args[1:]))]

    async def send_packed_command(
        self, command: bytes | str | Iterable[bytes], check_health: bool = True
    ) -> None:
        try:
            await super().send_packed_command(command, check_health)  # type: ignore[misc]
        except RuntimeError as error:
            raise RedisConnectionError(str(error)) from error


class _Plain(_Guarded, redis.asyncio.Connection): ...


class _Encrypted(_Guarded, redis.asyncio.SSLConnection): ...


class _Local(_Guarded, redis.asyncio.UnixDomainSocketConnection): ...


_CLASSES = {"redis": _Plain, "rediss": _Encrypted, "unix": _Local}
