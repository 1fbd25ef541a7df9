"""`/admin/rankings…`: look at settings, try changes out, make them, and compute rankings now."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Annotated, Literal

import msgspec
import structlog
from litestar import Response, Router, get, patch, post
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import HeaderParameter, QueryParameter
from psycopg import errors
from redis.asyncio import Redis

from app.access.guard import require
from app.audit.audited import audited
from app.errors import (
    AlreadyRunningError,
    BadRequestError,
    LockLostError,
    TooLargeError,
    UnavailableError,
    UnknownRankingError,
)
from app.http.answers import AnyRequest, passing
from app.http.body import decoded
from app.http.openapi_bodies import json_body
from app.http.parameters import RankingName
from app.http.problems import documented
from app.http.wire import Name
from app.rankings import queries as rankings
from app.rankings.changes import change_ranking, columns, ranking_settings, settings_tag
from app.rankings.errors import ChangedMeanwhileError
from app.rankings.previewing import preview_of
from app.rankings.wire import (
    Preview,
    RankingChanges,
    RankingSettings,
    Refreshed,
    RefreshedRanking,
)
from app.runtime.outage import DATABASE_ERRORS
from app.runtime.pool import message_of
from app.runtime.redis_lock import hold
from app.services import Services
from app.settings import Settings

MAX_PREVIEW = 1_000
MAX_BODY = 20_000

LOCK = "rankings"
"""Name of the lock in Redis that a refresh holds."""

_DECODER = msgspec.json.Decoder(RankingChanges)

log = structlog.get_logger(__name__)


@post(
    "/admin/rankings/{name:str}/preview",
    status_code=200,
    request_max_body_size=None,
    summary="Try changed settings out",
    description="The new top `limit`, and who enters, leaves and moves, if the ranking had these "
    "settings now. Nothing is stored. New half-lives mean a recount of all kept events, and take "
    "as long; all else is quick.",
    operation_id="previewRanking",
    operation_class=json_body(RankingChanges),
    tags=["Admin"],
    responses={
        200: ResponseSpec(Preview, description="What would be", generate_examples=False),
        **documented(UnknownRankingError, TooLargeError),
    },
)
async def preview(
    request: AnyRequest,
    services: NamedDependency[Services],
    name: RankingName,
    limit: Annotated[
        int,
        QueryParameter(
            name="limit", ge=1, le=MAX_PREVIEW, description="How many items the top is."
        ),
    ] = 50,
) -> Response[bytes]:
    """Hold a ranking under changed settings against what it is."""
    given = await decoded(request, _DECODER, limit=MAX_BODY)
    async with services.connected(within=services.settings.admin_seconds) as connection:
        found = await preview_of(
            connection, name=name, changes=given, limit=limit, now=services.lists.now()
        )
    return passing(request, found)


@get(
    "/admin/rankings/{name:str}",
    summary="What can be tuned of a ranking",
    description="The settings of its own, null where it follows a default, and what is in force. "
    "Their ETag makes a change of them safe: see PATCH.",
    operation_id="rankingSettings",
    tags=["Admin"],
    responses={
        200: ResponseSpec(RankingSettings, description="Its settings", generate_examples=False),
        **documented(UnknownRankingError),
    },
)
async def get_settings(
    request: AnyRequest, services: NamedDependency[Services], name: RankingName
) -> Response[bytes]:
    """Return the settings of a ranking."""
    async with services.connected() as connection:
        return _told(request, await ranking_settings(connection, name=name))


@patch(
    "/admin/rankings/{name:str}",
    request_max_body_size=None,
    summary="Change settings of a ranking",
    description="What the body names changes, and null follows the default again; the next run, "
    "within a minute, follows. `options` are merged (RFC 7396), so that two who change different "
    "ones keep both; those of another formula go. With the ETag of the settings as `If-Match`, "
    "nothing changes where they are otherwise meanwhile: 412. It is held to the same rules as a "
    "preview, and kept in the audit trail with what held before.",
    operation_id="changeRanking",
    operation_class=json_body(RankingChanges),
    tags=["Admin"],
    responses={
        200: ResponseSpec(
            RankingSettings, description="What holds from now on", generate_examples=False
        ),
        **documented(UnknownRankingError, ChangedMeanwhileError, TooLargeError),
    },
)
async def change(
    request: AnyRequest,
    services: NamedDependency[Services],
    name: RankingName,
    if_match: Annotated[
        str,
        HeaderParameter(
            name="If-Match", max_length=2_000, description="ETag of the settings as they were seen."
        ),
    ] = "",
) -> Response[bytes]:
    """Change what the body names."""
    given = await decoded(request, _DECODER, limit=MAX_BODY)
    parameters = {"ranking": name, "changes": columns(given)}
    async with services.connected() as connection:
        await ranking_settings(connection, name=name)  # of an unknown one the trail need not tell
    async with audited(request, "rankings.change", parameters) as action:
        async with services.connected() as connection:
            changed = await change_ranking(connection, name=name, changes=given, if_match=if_match)
        action.outcome = changed.difference()
    return _told(request, changed.after)


def _told(request: AnyRequest, settings: RankingSettings) -> Response[bytes]:
    return passing(request, settings, headers={"etag": settings_tag(settings)})


@post(
    "/admin/rankings/refresh",
    status_code=200,
    summary="Compute rankings now",
    description="Scores what is new and takes a snapshot of every enabled ranking, or of those "
    "asked for, whatever their schedules. Published a moment later. Never twice at once, on any "
    "number of processes: 409 while another refresh or the scoring job runs.",
    operation_id="refreshRankings",
    tags=["Admin"],
    responses={
        200: ResponseSpec(Refreshed, description="What came of it", generate_examples=False),
        **documented(UnknownRankingError, AlreadyRunningError),
    },
)
async def refresh(
    request: AnyRequest,
    services: NamedDependency[Services],
    ranking: Annotated[
        list[Name] | None,
        QueryParameter(
            name="ranking", description="Only the ranking of this name; may be repeated."
        ),
    ] = None,
    group: Annotated[
        Literal["daily"] | None,
        QueryParameter(
            name="group", description="Only the rankings that are made anew once a day."
        ),
    ] = None,
) -> Response[bytes]:
    """Compute rankings now."""
    names = ranking or []
    parameters = {"rankings": names, "group": group}
    async with _alone(services.redis), audited(request, "rankings.refresh", parameters) as action:
        done = await _refreshed(services.settings, names=names, daily=bool(group))
        action.outcome = {"entries": {one.ranking: one.entries for one in done}}
    return passing(request, Refreshed(rankings=done))


@asynccontextmanager
async def _alone(redis: Redis) -> AsyncIterator[None]:
    """Hold the lock of refreshes.

    Where Redis is down, or goes meanwhile, the database's own lock is enough but on the embedded
    engine, whose clients share one session: there, refreshes then come one after the other.
    """
    try:
        async with AsyncExitStack() as stack:
            try:
                await stack.enter_async_context(hold(redis, LOCK, cancel=False))
            except UnavailableError as error:
                log.warning("refreshing without the lock in Redis", error=error.detail)
            except AlreadyRunningError as error:
                raise _running(error.retry_after) from error
            yield
    except LockLostError as error:
        log.warning("the lock of refreshes was lost", error=error.detail)


def _running(retry_after: float | None = None) -> AlreadyRunningError:
    return AlreadyRunningError("rankings are being computed just now", retry_after=retry_after)


async def _refreshed(
    settings: Settings, *, names: list[str], daily: bool
) -> list[RefreshedRanking]:
    limit = asyncio.timeout(settings.admin_seconds)
    try:
        async with limit:
            done = await rankings.refresh_rankings(settings, names=names, daily=daily)
    except errors.NoDataFound as error:
        raise UnknownRankingError(message_of(error)) from error
    except errors.CheckViolation as error:
        raise BadRequestError(message_of(error)) from error
    except DATABASE_ERRORS as error:
        detail = "the database does not answer"
        if limit.expired():
            detail = f"it took longer than {settings.admin_seconds:g} seconds and was given up"
        raise UnavailableError(detail) from error
    if done is None:
        raise _running()
    return done


router = Router(
    "/",
    route_handlers=[preview, get_settings, change, refresh],
    guards=[require("admin")],
    security=[{"adminKey": []}],
)
