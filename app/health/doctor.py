"""`groundswell doctor`: what is wrong with an installation, and how to mend it."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
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
from app.runtime.outage import REDIS_ERRORS
from app.runtime.pool import open_pool
from app.runtime.redis_nodes import nodes_of
from app.runtime.replicas import open_replicas
from app.runtime.sql import Connection, Query
from app.settings import Settings

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


async def look_at_replicas(settings: Settings) -> list[Finding]:
    """Return what is to be said of the standbys that reads may go to."""
    async with open_pool(settings) as pool, open_replicas(settings, pool) as replicas:
        with suppress(TimeoutError):
            async with asyncio.timeout(settings.read_lag_seconds + 1):
                await replicas.settled()
        return [
            Finding(
                what=f"replica {replica.name}",
                verdict="warn" if replica.why_not else "ok",
                says=f"no read goes there: {replica.why_not}"
                if replica.why_not
                else f"{replica.lag or 0:.3f} s behind",
                mend="the primary answers meanwhile; look at the standby, or mend READ_DATABASE_URL"
                if replica.why_not
                else None,
            )
            for replica in replicas.all
        ]


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


async def look_at_redis(redis: Redis, settings: Settings) -> list[Finding]:
    """Return what is to be said of Redis; raises its errors where no server of it answers."""
    found: list[Finding] = []
    for name, node in (await nodes_of(redis)).items():
        what = f"Redis {name}".strip()
        try:
            state = await read_redis_state(node)
        except REDIS_ERRORS as error:
            if not name:
                raise
            found.append(
                Finding(
                    what=what,
                    verdict="fail",
                    says=f"it does not answer: {error}",
                    mend="start it, or let a replica take over: what lives there is missing",
                )
            )
        else:
            found += [
                *_of_redis(state, what),
                *_of_replicas(state, what, settings, is_in_cluster=bool(name)),
                _clock(f"clock of {what}", state.ahead),
            ]
    backlog = await read_backlog(redis, shards=settings.stream_shards)
    return [*found, *_of_backlog(backlog)]


def _of_replicas(
    state: RedisState, what: str, settings: Settings, *, is_in_cluster: bool
) -> Iterator[Finding]:
    if settings.durable == "replicated" and not state.replicas:
        yield Finding(
            what=f"replicas of {what}",
            verdict="fail",
            says="there is none: every event goes to the database, after "
            f"{settings.replica_seconds:g} s",
            mend="add a replica, or set GROUNDSWELL_DURABLE=stored",
        )
    elif is_in_cluster and not state.replicas:
        yield Finding(
            what=f"replicas of {what}",
            verdict="warn",
            says="there is none: nobody takes over when it dies",
            mend="add a replica: redis-cli --cluster add-node … --cluster-slave",
        )


def _of_redis(state: RedisState, what: str) -> Iterator[Finding]:
    yield Finding(what=what, verdict="ok", says=f"{state.version}, {state.used / 1e6:,.0f} MB")
    yield Finding(
        what=f"persistence of {what}",
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
            what=f"eviction of {what}",
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
            what=f"snapshots of {what}",
            verdict="warn",
            says="the newest background save failed",
            mend="look at its disk and log, or switch snapshots off: CONFIG SET save ''",
        )
    if state.most and state.used > FULL * state.most:
        yield Finding(
            what=f"memory of {what}",
            verdict="warn",
            says=f"{state.used / state.most:.0%} of maxmemory",
            mend="see that the worker runs, or raise maxmemory",
        )


def _of_backlog(backlog: Backlog) -> Iterator[Finding]:
    for down in backlog.down:
        yield Finding(
            what="stream",
            verdict="fail",
            says=f"{down} does not answer",
            mend="start that server: what waits there is not written, other shards take new events",
        )
    waiting = backlog.of_lane("live")
    behind = waiting.seconds > STILL.total_seconds()
    yield Finding(
        what="events that wait",
        verdict="fail" if behind else "ok",
        says=f"{waiting.entries:,} entries, the oldest for {waiting.seconds:.1f} s",
        mend="start `groundswell worker`, or look at its log" if behind else None,
    )
    dead = backlog.dead_letters
    if dead is None:
        return
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
