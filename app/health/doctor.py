"""`groundswell doctor`: what is wrong with an installation, and how to mend it."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from redis.asyncio import Redis

from app.health.doctor_jobs import STILL, look_at_jobs, plan_of
from app.health.findings import Finding
from app.health.jobs import job_statuses
from app.health.rankings import ranking_statuses
from app.health.redis_state import Backlog, RedisState, read_backlog, read_redis_state
from app.migrate import engine, jobs
from app.runtime.sql import Connection, Query

CLOCKS_APART = 2.0
"""Seconds; an event is refused only when it is further ahead, but orders blur before."""
IDLE_SECONDS = 60.0
FULL = 0.8
"""Share of a limit above which there is little left."""
DISK_BYTES = 2 << 30


class _Server(msgspec.Struct, frozen=True, kw_only=True):
    """What the server says of itself."""

    now: datetime
    bytes: int
    is_standby: bool
    started_at: datetime
    most_connections: int
    connections: int
    oldest_idle_transaction: float | None
    extensions: str | None
    version: str


_SERVER_STATE = Query("server_state", _Server)


async def look_at_database(connection: Connection) -> list[Finding]:
    """Return what is to be said of a migrated database."""
    before = time.time()
    server = await _SERVER_STATE.first(connection)
    assert server is not None  # noqa: S101  # a select without from has one row
    ahead = server.now.timestamp() - (before + time.time()) / 2
    found = [*_of_server(server), _clock("clock of the database", ahead)]
    untried = await engine.warnings(connection)
    found += [
        Finding(what="versions", verdict="warn", says=text, mend="see docs/operations.md")
        for text in untried
    ]
    plan = None
    if why := await jobs.why_no_jobs(connection):
        found.append(
            Finding(
                what="pg_cron",
                verdict="fail",
                says=f"no jobs run: {why}",
                mend="install pg_cron, or name its database in DATABASE_URL; then migrate",
            )
        )
    else:
        plan = await plan_of(connection, running_since=server.started_at)
    found += look_at_jobs(await job_statuses(connection), datetime.now(UTC), plan)
    found += [
        Finding(
            what=f"ranking {ranking.name}",
            verdict="fail",
            says=f"it keeps its list from before: {ranking.error}",
            mend="mend its row in core.ranking, or set enabled = false",
        )
        for ranking in await ranking_statuses(connection)
        if ranking.error
    ]
    return found


def _of_server(server: _Server) -> Iterator[Finding]:
    extensions = server.extensions or "no TimescaleDB"
    yield Finding(
        what="database",
        verdict="fail" if server.is_standby else "ok",
        says=f"PostgreSQL {server.version}, {extensions}, {server.bytes / 1e6:,.0f} MB"
        + (", a standby" if server.is_standby else ""),
        mend="name the primary in DATABASE_URL" if server.is_standby else None,
    )
    crowded = server.connections > FULL * server.most_connections
    yield Finding(
        what="connections",
        verdict="warn" if crowded else "ok",
        says=f"{server.connections} of {server.most_connections}",
        mend="raise max_connections, or lower GROUNDSWELL_POOL_SIZE" if crowded else None,
    )
    idle = server.oldest_idle_transaction
    if idle is not None and idle > IDLE_SECONDS:
        yield Finding(
            what="open transactions",
            verdict="warn",
            says=f"one has been idle for {idle:,.0f} s: nothing is vacuumed behind it",
            mend="end it (pg_stat_activity, pg_terminate_backend), or set "
            "idle_in_transaction_session_timeout",
        )


def _clock(what: str, ahead: float) -> Finding:
    apart = abs(ahead) > CLOCKS_APART
    way = "ahead of" if ahead > 0 else "behind"
    return Finding(
        what=what,
        verdict="fail" if apart else "ok",
        says=f"{abs(ahead):.3f} s {way} this machine's",
        mend="let both follow a time server (chrony, systemd-timesyncd)" if apart else None,
    )


async def look_at_redis(redis: Redis) -> list[Finding]:
    """Return what is to be said of Redis; raises its errors."""
    state = await read_redis_state(redis)
    return [
        *_of_redis(state),
        _clock("clock of Redis", state.ahead),
        *_of_backlog(await read_backlog(redis)),
    ]


def _of_redis(state: RedisState) -> Iterator[Finding]:
    yield Finding(what="Redis", verdict="ok", says=f"{state.version}, {state.used / 1e6:,.0f} MB")
    yield Finding(
        what="persistence of Redis",
        verdict="ok" if state.is_appending and not state.append_failed else "fail",
        says="its append-only file cannot be written"
        if state.append_failed
        else "it appends what it is told to a file"
        if state.is_appending
        else "it keeps nothing: accepted events are lost when it stops",
        mend=None
        if state.is_appending and not state.append_failed
        else "look at its disk and log"
        if state.append_failed
        else "CONFIG SET appendonly yes, and the same in redis.conf",
    )
    if state.policy != "noeviction":
        # What waits to be written never runs out, so that only the others may be thrown away.
        spares_events = state.policy.startswith("volatile-")
        yield Finding(
            what="eviction of Redis",
            verdict="warn" if spares_events else "fail",
            says=f"maxmemory-policy is {state.policy}: it "
            + (
                "spares accepted events, which have no end, but may throw away lists, claims of "
                "ids and rate limits, and refuses events once nothing else is left"
                if spares_events
                else "may throw accepted events away"
            ),
            mend="CONFIG SET maxmemory-policy noeviction, and the same in redis.conf",
        )
    if state.save_failed:
        yield Finding(
            what="snapshots of Redis",
            verdict="warn",
            says="the newest background save failed",
            mend="look at its disk and log, or switch snapshots off: CONFIG SET save ''",
        )
    if state.most and state.used > FULL * state.most:
        yield Finding(
            what="memory of Redis",
            verdict="warn",
            says=f"{state.used / state.most:.0%} of maxmemory",
            mend="see that the worker runs, or raise maxmemory",
        )


def _of_backlog(backlog: Backlog) -> Iterator[Finding]:
    waiting = backlog.waiting["live"]
    behind = waiting.seconds > STILL.total_seconds()
    yield Finding(
        what="events that wait",
        verdict="fail" if behind else "ok",
        says=f"{waiting.entries:,} entries, the oldest for {waiting.seconds:.1f} s",
        mend="start `groundswell worker`, or look at its log" if behind else None,
    )
    dead = backlog.dead_letters
    yield Finding(
        what="dead letters",
        verdict="warn" if dead else "ok",
        says=f"{dead:,}",
        mend="`groundswell dead-letters list`, then replay or drop" if dead else None,
    )


def look_at_disk(folder: Path) -> Finding:
    """Return how much room is left where `folder` is."""
    usage = shutil.disk_usage(folder)
    little = usage.free < DISK_BYTES
    return Finding(
        what="disk of this machine",
        verdict="warn" if little else "ok",
        says=f"{usage.free / 1e9:,.1f} GB free",
        mend="make room: a full disk stops Redis and the database" if little else None,
    )
