"""`/health/live` and `/health/ready`: is the process up, and can it do its work."""

from __future__ import annotations

import asyncio

from litestar import Response, Router, get
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from redis.asyncio import Redis
from redis.exceptions import BusyLoadingError, OutOfMemoryError, ReadOnlyError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from app.errors import UnavailableError
from app.health.wire import Dependency, Liveness, Readiness, ReplicaState
from app.http.answers import AnyRequest, passing
from app.http.parameters import ANY_PARAMETER
from app.runtime.outage import REDIS_ERRORS
from app.runtime.pool import Pool, connected
from app.runtime.redis_cluster import ClusterRedis
from app.runtime.redis_nodes import silent_nodes
from app.runtime.refusals import redis_refusal
from app.services import Services

CHECK_SECONDS = 1.0
"""How long a dependency may take to answer before it is called down."""
PROBE = "gs:{health}:probe"
"""The Redis key that is written to see whether it can be."""
PROBE_SECONDS = 10


@get(
    "/health/live",
    summary="Is the process up",
    description="Always 200: restart the process when this gives no answer.",
    operation_id="live",
    tags=["Health"],
    responses={200: ResponseSpec(Liveness, description="It is up", generate_examples=False)},
)
async def live(request: AnyRequest) -> Response[bytes]:
    """Answer, which is all there is to know."""
    return passing(request, Liveness(), store=False)


@get(
    "/health/ready",
    summary="Can it serve and accept",
    description="200 `ready`, or 200 `degraded` while either Redis or the database is down: events "
    "are then accepted by the other one. 503 `unready` when both are down, the database has no "
    "schema yet, or the process is about to stop: send no traffic here. Redis is asked to store "
    "something, and the database over a connection that requests use.",
    operation_id="ready",
    tags=["Health"],
    responses={
        200: ResponseSpec(Readiness, description="It can serve", generate_examples=False),
        503: ResponseSpec(Readiness, description="It cannot serve now", generate_examples=False),
    },
)
async def ready(request: AnyRequest, services: NamedDependency[Services]) -> Response[bytes]:
    """Ask Redis and the database at once, each for a second at most."""
    migrated, redis = await asyncio.gather(_database(services.pool), _redis(services.redis))
    works = not services.following.done() and not services.stopping.is_asked
    unmigrated = migrated is _UNMIGRATED
    parts = {"database": migrated, "redis": redis}
    can_serve = works and not unmigrated and any(part.up for part in parts.values())
    # What is up in part, as some servers of a cluster, is missed, too.
    down = [name for name, part in parts.items() if part.detail or not part.up]
    snapshots = services.snapshots
    body = Readiness(
        status="unready" if not can_serve else "degraded" if down else "ready",
        degraded=down,
        database=migrated,
        redis=redis,
        replicas=_replicas(services.pool),
        snapshot_ages={name: round(snapshots.age(name), 1) for name in snapshots.current},
    )
    return passing(request, body, status=200 if can_serve else 503, store=False)


def _replicas(pool: Pool) -> list[ReplicaState]:
    """Say how they were when they were last asked, half a second ago or so."""
    return [
        ReplicaState(
            name=replica.name,
            used=replica.why_not is None,
            lag_seconds=None if replica.lag is None else round(replica.lag, 3),
            detail=replica.why_not,
        )
        for replica in (pool.replicas.all if pool.replicas else ())
    ]


_UNMIGRATED = Dependency(up=False, detail="the schema is missing: run `groundswell migrate`")


async def _database(pool: Pool) -> Dependency:
    try:
        async with connected(pool, within=CHECK_SECONDS) as connection:
            cursor = await connection.execute(
                "select to_regclass('api.latest_run') is not null as migrated"
            )
            row = await cursor.fetchone()
    except UnavailableError as error:
        return Dependency(up=False, detail=error.detail)
    return Dependency(up=True) if row and row[0] else _UNMIGRATED


async def _redis(redis: Redis) -> Dependency:
    silent: dict[str, Exception | None] = {}
    try:
        if isinstance(redis, ClusterRedis):
            silent = await silent_nodes(redis, within=CHECK_SECONDS)
        if not any(silent.values()):
            async with asyncio.timeout(CHECK_SECONDS):
                # A full one answers, and refuses what is to be stored; so does a replica.
                await redis.set(PROBE, 1, ex=PROBE_SECONDS)
    except REDIS_ERRORS as error:
        return Dependency(up=False, detail=_fault(error))
    down = [f"{node}: {_fault(error)}" for node, error in silent.items() if error]
    return Dependency(up=not down or len(down) < len(silent), detail="; ".join(down) or None)


def _fault(error: Exception) -> str:
    """Say in our own words what is wrong: messages of clients can carry addresses."""
    if refusal := redis_refusal(error):
        return refusal
    for kind, fault in _FAULTS:
        if isinstance(error, kind):
            return fault
    return f"it refuses to store anything ({type(error).__name__})"


_FAULTS: tuple[tuple[type[Exception], str], ...] = (
    (OutOfMemoryError, "its memory is full: it takes no events"),
    (ReadOnlyError, "it is a replica, which stores nothing"),
    (BusyLoadingError, "it is loading its data"),
    (RedisTimeoutError, f"it gave no answer within {CHECK_SECONDS:g} seconds"),
    (TimeoutError, f"it gave no answer within {CHECK_SECONDS:g} seconds"),
    (RedisConnectionError, "no connection to it can be made"),
    (OSError, "no connection to it can be made"),
)
"""The narrower first."""


# A balancer may add parameters of its own to what it asks for.
router = Router("/", route_handlers=[live, ready], opt={ANY_PARAMETER: True})
