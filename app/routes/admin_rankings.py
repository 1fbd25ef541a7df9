"""`POST /admin/rankings…`: try changed settings out, and compute all rankings now."""

from __future__ import annotations

import asyncio
from datetime import UTC, timedelta
from typing import Annotated

import msgspec
from litestar import MediaType, Response, Router, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import PathParameter, QueryParameter

from app.auth import require
from app.database import rankings
from app.database.pool import Pool
from app.errors import (
    AdminDisabledError,
    AlreadyRunningError,
    BadRequestError,
    ForbiddenError,
    TooLargeError,
    UnauthorizedError,
    UnavailableError,
    UnknownRankingError,
)
from app.ingest.body import read_body
from app.ingest.decode import NUL
from app.ingest.reasons import reason_of
from app.problems import documented
from app.routes.bodies import json_body
from app.routes.database import connected
from app.routes.listing import PlainRequest
from app.routes.names import check_names
from app.routes.parameters import parse_limit
from app.serving.lists import Lists
from app.serving.outage import DATABASE_ERRORS
from app.settings import Settings
from app.wire_rankings import Preview, PreviewItem, RankingChanges, Refreshed

MAX_PREVIEW = 1_000
MAX_BODY = 20_000
MAX_SECONDS = 1e10
RETRY_AFTER = 5.0
"""Seconds after which a run that is under way should have ended."""

_decode = msgspec.json.Decoder(RankingChanges).decode


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
        **documented(
            BadRequestError,
            UnauthorizedError,
            AdminDisabledError,
            ForbiddenError,
            UnknownRankingError,
            TooLargeError,
            UnavailableError,
        ),
    },
)
async def preview(
    request: PlainRequest,
    pool: NamedDependency[Pool],
    settings: NamedDependency[Settings],
    state: State,
    name: Annotated[
        str, PathParameter(min_length=1, max_length=200, description="Name of the ranking.")
    ],
    limit: Annotated[
        str,
        QueryParameter(
            name="limit",
            description="How many items the top is.",
            schema_extra={"type": "integer", "minimum": 1, "maximum": MAX_PREVIEW},
        ),
    ] = "50",
) -> Response[bytes]:
    """Hold a ranking under changed settings against what it is."""
    check_names(name=name)
    size = parse_limit(limit, most=MAX_PREVIEW)
    body = await read_body(
        request.stream(), encoding=request.headers.get("content-encoding", ""), limit=MAX_BODY
    )
    changes = msgspec.json.encode(columns(_decoded(body)))
    async with connected(pool, within=settings.admin_seconds) as connection:
        current = await rankings.ranking_overview(connection, name=name)
        if current is None:
            raise UnknownRankingError(f"no ranking is called {name!r}; see /analytics/rankings")
        lists: Lists = state.lists
        as_of = (current.confirmed_at or lists.now()).astimezone(UTC)
        found = await rankings.preview_ranking(
            connection, ranking=name, changes=changes, as_of=as_of
        )
    places = [_moved(item) for item in found]
    items = [item for item in places if item.rank is not None and item.rank <= size]
    entering = [item for item in items if _below(item.current_rank, size)]
    leaving = [
        item for item in places if not _below(item.current_rank, size) and _below(item.rank, size)
    ]
    answer = Preview(
        ranking=name,
        as_of=as_of,
        items=items,
        entering=entering,
        leaving=sorted(leaving, key=lambda item: item.current_rank or 0),
        moving=sum(1 for item in items if item.moved and not _below(item.current_rank, size)),
    )
    return _private(msgspec.json.encode(answer))


@post(
    "/admin/rankings/refresh",
    status_code=200,
    summary="Compute all rankings now",
    description="Scores what is new and takes a snapshot of every enabled ranking, whatever its "
    "schedule. Published a moment later. Never twice at once: 409 while the scoring job runs.",
    operation_id="refreshRankings",
    tags=["Admin"],
    responses={
        200: ResponseSpec(Refreshed, description="What came of it", generate_examples=False),
        **documented(
            UnauthorizedError,
            ForbiddenError,
            AdminDisabledError,
            AlreadyRunningError,
            UnavailableError,
        ),
    },
)
async def refresh(settings: NamedDependency[Settings]) -> Response[bytes]:
    """Compute all rankings now."""
    limit = asyncio.timeout(settings.admin_seconds)
    try:
        async with limit:
            done = await rankings.refresh_rankings(settings)
    except DATABASE_ERRORS as error:
        detail = "the database does not answer"
        if limit.expired():
            detail = f"it took longer than {settings.admin_seconds:g} seconds and was given up"
        raise UnavailableError(detail, retry_after=RETRY_AFTER) from error
    if done is None:
        raise AlreadyRunningError("rankings are being computed just now", retry_after=RETRY_AFTER)
    return _private(msgspec.json.encode(Refreshed(rankings=done)))


def columns(changes: RankingChanges) -> dict[str, object]:
    """Return the changes by columns of core.ranking."""
    given = {
        field: value
        for field in changes.__struct_fields__
        if (value := getattr(changes, field)) is not msgspec.UNSET
    }
    for field in ("half_life", "recent_half_life"):
        length = given.get(field)
        if length is None:
            continue
        seconds = length.total_seconds() if isinstance(length, timedelta) else length
        if abs(seconds) > MAX_SECONDS:
            name = RankingChanges.__struct_encode_fields__[
                RankingChanges.__struct_fields__.index(field)
            ]
            raise BadRequestError(f"{name}: use 1 minute to 10 years")
        given[field] = f"{seconds:f} seconds"
    return given


def _decoded(body: bytes) -> RankingChanges:
    if NUL.search(body):
        raise BadRequestError("the body contains U+0000, which cannot be stored")
    try:
        return _decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BadRequestError(reason_of(error)) from error


def _moved(item: PreviewItem) -> PreviewItem:
    if item.rank is None or item.current_rank is None:
        return item
    return msgspec.structs.replace(item, moved=item.current_rank - item.rank)


def _below(rank: int | None, size: int) -> bool:
    """Tell whether a rank is not among the top `size`."""
    return rank is None or rank > size


def _private(body: bytes) -> Response[bytes]:
    return Response(body, headers={"cache-control": "no-store"}, media_type=MediaType.JSON)


router = Router(
    "/",
    route_handlers=[preview, refresh],
    guards=[require("admin")],
    security=[{"adminKey": []}],
)
