"""Epochs of the database: a promotion raises them, and who has an older one is deposed.

Redis keeps the newest that anybody has met: so those hear of it who still talk to a server that was
cut off from the one that took over. docs/decisions/0054 says what is compared where.
"""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from typing import Any, cast

import psycopg
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from redis.asyncio import Redis

from app.runtime.redis_keys import redis_key
from app.runtime.sql import Connection

EPOCH = redis_key(("trending",), "epoch")
"""The newest epoch. It lies beside the trending lists, to be looked at in the transactions that
switch them."""

# A script, as two that raise it at once must leave the higher.
_RAISE = """
local known, given = tonumber(redis.call('GET', KEYS[1]) or '0'), tonumber(ARGV[1])
if given > known then
    redis.call('SET', KEYS[1], ARGV[1])
    return ARGV[1]
end
return tostring(redis.call('GET', KEYS[1]) or '0')
"""

_NOT_MIGRATED = (errors.UndefinedFunction, errors.InvalidSchemaName, errors.InsufficientPrivilege)
_BY_HOST = ("host", "hostaddr", "port")


class DeposedError(psycopg.OperationalError):
    """The server is one that another has taken over from: what it is told or tells is lost."""


async def epoch_of(connection: Connection) -> int | None:
    """Return the epoch of the server; None where its schema knows none, as before the first."""
    try:
        cursor = await connection.execute("select api.epoch()")
    except _NOT_MIGRATED:
        return None
    row = await cursor.fetchone()
    return None if row is None else row[0]


async def newest_epoch(redis: Redis, epoch: int | None) -> int:
    """Return the newest epoch that anybody has met, `epoch` included; raises what Redis raises."""
    return int(await cast("Any", redis.eval(_RAISE, 1, EPOCH, epoch or 0)))


def cut(connection: Connection) -> None:
    """End a connection under whoever waits for its server, as if that had closed it."""
    with (
        suppress(OSError, psycopg.Error),
        socket.socket(fileno=os.dup(connection.fileno())) as duplicate,
    ):
        duplicate.shutdown(socket.SHUT_RDWR)


def rotated(url: str, times: int) -> str:
    """Return how to connect with the hosts of `url` in turn, another one first each time."""
    named: dict[str, Any] = dict(conninfo_to_dict(url))
    for name in _BY_HOST:
        parts = str(named.get(name) or "").split(",")
        if len(parts) > 1:
            first = times % len(parts)
            named[name] = ",".join(parts[first:] + parts[:first])
    return make_conninfo(**named)
