"""`/health/live` and `/health/ready`: is the process up, and can it do its work."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

from litestar import Response, Router, get
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from redis.asyncio import Redis

from app.health.wire import Dependency, Liveness, Readiness
from app.http.answers import AnyRequest, passing
from app.http.parameters import ANY_PARAMETER
from app.runtime.outage import DATABASE_ERRORS, REDIS_ERRORS
from app.runtime.pool import Pool, borrowed
from app.services import Services

CHECK_SECONDS = 1.0
"""How long a dependency may take to answer before it is called down."""


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
    "are then accepted by the other one. 503 `unready` when both are down, or the database has "
    "no schema yet: send no traffic here.",
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
    following = not services.following.done()
    unmigrated = migrated is _UNMIGRATED
    down = [name for name, part in (("database", migrated), ("redis", redis)) if not part.up]
    can_serve = following and not unmigrated and len(down) < 2
    snapshots = services.snapshots
    body = Readiness(
        status="unready" if not can_serve else "degraded" if down else "ready",
        degraded=down,
        database=migrated,
        redis=redis,
        snapshot_ages={name: round(snapshots.age(name), 1) for name in snapshots.current},
    )
    return passing(request, body, status=200 if can_serve else 503, store=False)


_UNMIGRATED = Dependency(up=False, detail="the schema is missing: run `groundswell migrate`")


async def _database(pool: Pool) -> Dependency:
    try:
        async with borrowed(pool, within=CHECK_SECONDS) as connection:
            cursor = await connection.execute(
                "select to_regclass('api.latest_run') is not null as migrated"
            )
            row = await cursor.fetchone()
    except DATABASE_ERRORS as error:
        return _down(error)
    return Dependency(up=True) if row and row[0] else _UNMIGRATED


async def _redis(redis: Redis) -> Dependency:
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            await _answered(redis.ping())
    except REDIS_ERRORS as error:
        return _down(error)
    return Dependency(up=True)


async def _answered(reply: Awaitable[bool] | bool) -> None:
    if not isinstance(reply, bool):
        await reply


def _down(error: Exception) -> Dependency:
    """Name the kind of fault only: messages of drivers can carry addresses."""
    return Dependency(up=False, detail=type(error).__name__)


# A balancer may add parameters of its own to what it asks for.
router = Router("/", route_handlers=[live, ready], opt={ANY_PARAMETER: True})
