"""The Redis client of one process."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import hiredis
import redis.asyncio
from redis.asyncio import ConnectionPool
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import (
    SentinelManagedConnection,
    SentinelManagedSSLConnection,
)
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError

from app.runtime.redis_address import Address, redis_address
from app.runtime.redis_cluster import ClusterRedis
from app.runtime.redis_sentinel import Sentinels, open_master
from app.settings import Settings

SENTINEL_SHARE = 4
"""Of the time that Redis may take, a sentinel may take one part in so many: another is asked."""


def open_redis(settings: Settings) -> redis.asyncio.Redis:
    """Make the client; nothing is connected yet, so Redis may be down.

    Values are bytes. No command is repeated by the client: a caller learns within
    `settings.redis_timeout` seconds that Redis is down, and whether to repeat is for it to say.
    A blocking command must block for less than that.
    """
    address = redis_address(settings.redis_url)
    timed = _timed(settings.redis_timeout, of_network=address.scheme != "unix")
    options: dict[str, Any] = {
        **address.options,
        **timed,
        "decode_responses": False,
        "client_name": "groundswell",
    }
    if address.kind == "sentinel":
        of_sentinel = _timed(settings.redis_timeout / SENTINEL_SHARE, of_network=True)
        sentinel = Sentinels(  # type: ignore[no-untyped-call]
            address.hosts,
            sentinel_kwargs={
                **address.tls_options,
                **of_sentinel,
                **address.sentinel_options,
                "ssl": address.scheme == "rediss",
            },
        )
        return open_master(
            sentinel, address.service, connection_class=_OF_MASTER[address.scheme], **options
        )

    def connect(node: Address | None = None) -> redis.asyncio.Redis:
        where = {} if node is None else {"host": node[0], "port": node[1]}
        pool = ConnectionPool(connection_class=_CLASSES[address.scheme], **{**options, **where})
        return redis.asyncio.Redis.from_pool(pool)

    return ClusterRedis(address.hosts, connect) if address.kind == "cluster" else connect()


def _timed(seconds: float, *, of_network: bool) -> dict[str, Any]:
    return {
        "socket_timeout": seconds,
        "socket_connect_timeout": seconds,
        **({"socket_keepalive": True} if of_network else {}),
        "retry": Retry(NoBackoff(), 0),
        "protocol": 2,
    }


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


class _PlainToMaster(_Guarded, SentinelManagedConnection): ...


class _EncryptedToMaster(_Guarded, SentinelManagedSSLConnection): ...


_CLASSES = {"redis": _Plain, "rediss": _Encrypted, "unix": _Local}
_OF_MASTER = {"redis": _PlainToMaster, "rediss": _EncryptedToMaster}
