"""What Redis says of itself, and what waits in it."""

from __future__ import annotations

import time
from typing import Any

import msgspec
from redis.asyncio import Redis

from app.ingest import keys
from app.ingest.waiting import QUESTIONS, Waiting, ask_waiting, read_waiting

LANES = {"live": keys.EVENT_STREAM, "backfill": keys.BACKFILL_STREAM}


class Backlog(msgspec.Struct, frozen=True, kw_only=True):
    """What waits for the writer, by lane, and for a person."""

    waiting: dict[str, Waiting]
    dead_letters: int


async def read_backlog(redis: Redis) -> Backlog:
    """Ask in one round trip; raises the errors of Redis."""
    async with redis.pipeline(transaction=False) as pipe:
        for stream in LANES.values():
            ask_waiting(pipe, stream)
        pipe.xlen(keys.DEAD_STREAM)
        *found, dead = await pipe.execute()
    waiting = {
        lane: read_waiting(found[at : at + QUESTIONS])
        for lane, at in zip(LANES, range(0, len(found), QUESTIONS), strict=True)
    }
    return Backlog(waiting=waiting, dead_letters=dead)


class RedisState(msgspec.Struct, frozen=True, kw_only=True):
    """What the doctor asks Redis."""

    version: str
    used: int
    """Bytes."""
    most: int
    """Bytes it may take; 0 where it has no limit."""
    policy: str
    """What it evicts when it is full."""
    is_appending: bool
    """Whether it keeps what it is told in an append-only file."""
    append_failed: bool
    save_failed: bool
    ahead: float
    """Seconds by which its clock is ahead of ours; negative behind."""


async def read_redis_state(redis: Redis) -> RedisState:
    """Ask Redis; raises its errors."""
    info: dict[str, Any] = await redis.info()
    before = time.time()
    seconds, microseconds = await redis.time()
    middle = (before + time.time()) / 2
    return RedisState(
        version=str(info["redis_version"]),
        used=info["used_memory"],
        most=info.get("maxmemory", 0),
        policy=info.get("maxmemory_policy", "noeviction"),
        is_appending=bool(info.get("aof_enabled")),
        append_failed=info.get("aof_last_write_status", "ok") != "ok",
        save_failed=info.get("rdb_last_bgsave_status", "ok") != "ok",
        ahead=seconds + microseconds / 1_000_000 - middle,
    )
