"""What Redis says of itself, and what waits in it."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any, NamedTuple

import msgspec
from redis.asyncio import Redis

from app.ingest import keys
from app.ingest.shards import known_shards
from app.ingest.waiting import QUESTIONS, Waiting, ask_waiting, read_waiting
from app.runtime.outage import REDIS_ERRORS
from app.runtime.redis_cluster import ClusterRedis


class Queue(NamedTuple):
    """One stream that is written."""

    lane: str
    """`live` or `backfill`."""
    shard: int


class Backlog(msgspec.Struct, frozen=True, kw_only=True):
    """What waits for the writer, and for a person."""

    waiting: dict[Queue, Waiting]
    dead_letters: int | None
    """None where their server does not answer."""
    down: list[str]
    """The streams whose server does not answer, and that server; of a cluster others may."""

    def of_lane(self, lane: str) -> Waiting:
        """Return what waits in a lane, whose streams are several."""
        found = [each for queue, each in self.waiting.items() if queue.lane == lane]
        return Waiting(
            entries=sum(each.entries for each in found),
            size=sum(each.size for each in found),
            seconds=max((each.seconds for each in found), default=0.0),
        )


LANES = ("live", "backfill")


async def read_backlog(redis: Redis, *, shards: int) -> Backlog:
    """Ask in two round trips; raises the errors of Redis where no stream's server answers.

    `shards` is how many the settings say; there may be more from before.
    """
    with suppress(*REDIS_ERRORS):
        shards = max(shards, await known_shards(redis))
    streams = {Queue("live", shard): keys.event_stream(shard) for shard in range(shards)}
    streams[Queue("backfill", 0)] = keys.BACKFILL_STREAM
    async with redis.pipeline(transaction=False) as pipe:
        for stream in streams.values():
            ask_waiting(pipe, stream)
        pipe.xlen(keys.DEAD_STREAM)
        *found, dead = await pipe.execute(raise_on_error=False)
    waiting, failures = dict[Queue, Waiting](), dict[Queue, Exception]()
    for queue, at in zip(streams, range(0, len(found), QUESTIONS), strict=True):
        answers = found[at : at + QUESTIONS]
        error = next((each for each in answers if isinstance(each, Exception)), None)
        if error is None:
            waiting[queue] = read_waiting(answers)
        else:
            failures[queue] = error
    if not waiting:
        raise next(iter(failures.values()))
    return Backlog(
        waiting=waiting,
        dead_letters=None if isinstance(dead, Exception) else dead,
        down=[await _said_of(redis, queue, streams[queue]) for queue in failures],
    )


async def _said_of(redis: Redis, queue: Queue, stream: str) -> str:
    owner = await redis.owner_of(stream) if isinstance(redis, ClusterRedis) else None
    at = f" on {owner[0]}:{owner[1]}" if owner else ""
    return f"shard {queue.shard} of the {queue.lane} stream{at}"


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
    replicas: int
    """How many follow it."""


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
        replicas=info.get("connected_slaves", 0),
    )
