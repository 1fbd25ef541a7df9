"""`/admin/items/{id}/exclusion`: leave an item out of all rankings, and take that back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import msgspec
from litestar import MediaType, Response, Router, delete, get, put
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import PathParameter, QueryParameter

from app.access.guard import caller_of, require
from app.errors import (
    AdminDisabledError,
    BadRequestError,
    ForbiddenError,
    TooLargeError,
    UnauthorizedError,
    UnavailableError,
    UnknownItemError,
)
from app.http.body import read_body
from app.http.openapi_bodies import json_body
from app.http.parameters import parse_name
from app.http.problems import documented
from app.http.reasons import reason_of
from app.ingest.decode import NUL
from app.items import exclusions
from app.items.wire import Exclusion, ExclusionIn, ItemExclusions
from app.rankings.listing import PlainRequest
from app.runtime.pool import PooledConnection
from app.services import Services

MAX_BODY = 10_000
ADMIN_KEY = "admin key"
"""Stands for the holder of the admin key of the settings, who has no name."""

_decode = msgspec.json.Decoder(ExclusionIn).decode

ContentId = Annotated[str, PathParameter(description="Id of the item: 1 to 200 characters.")]
ContentType = Annotated[
    str, QueryParameter(name="contentType", description="Type of the item: 1 to 200 characters.")
]
_RESPONSES = {
    200: ResponseSpec(
        ItemExclusions, description="How the item stands now", generate_examples=False
    ),
    **documented(
        BadRequestError,
        UnauthorizedError,
        ForbiddenError,
        AdminDisabledError,
        UnknownItemError,
        UnavailableError,
    ),
}


@put(
    "/admin/items/{content_id:str}/exclusion",
    request_max_body_size=None,
    summary="Exclude an item from rankings",
    description="Every ranking leaves it out from its next run on, categories and creators too; "
    "a list that holds it is computed anew within a minute, whatever its schedule. Its events go "
    "on being counted. Another reason than before opens a new line of the record.",
    operation_id="excludeItem",
    operation_class=json_body(ExclusionIn),
    responses={**_RESPONSES, **documented(TooLargeError)},
)
async def exclude(
    request: PlainRequest,
    services: NamedDependency[Services],
    content_id: ContentId,
) -> Response[bytes]:
    """Leave an item out of all rankings."""
    parse_name("id", content_id)
    body = await read_body(
        request.stream(), encoding=request.headers.get("content-encoding", ""), limit=MAX_BODY
    )
    given = _decoded(body)
    who = await _who(request)
    async with services.connected() as connection:
        item_id = await exclusions.exclude_item(
            connection,
            content_type=given.content_type,
            content_id=content_id,
            reason=given.reason,
            excluded_by=who,
            as_of=datetime.now(UTC),
        )
        return await _answer(connection, item_id, given.content_type, content_id)


@delete(
    "/admin/items/{content_id:str}/exclusion",
    status_code=200,
    summary="Lift an item's exclusion",
    description="Rankings hold it again from their next run on, with all that was counted "
    "meanwhile. Nothing changes for an item that is not excluded.",
    operation_id="includeItem",
    responses=_RESPONSES,
)
async def include(
    request: PlainRequest,
    services: NamedDependency[Services],
    content_id: ContentId,
    content_type: ContentType = "video",
) -> Response[bytes]:
    """Let rankings hold an item again."""
    parse_name("id", content_id)
    parse_name("contentType", content_type)
    who = await _who(request)
    async with services.connected() as connection:
        item_id = await exclusions.include_item(
            connection,
            content_type=content_type,
            content_id=content_id,
            lifted_by=who,
            as_of=datetime.now(UTC),
        )
        return await _answer(connection, item_id, content_type, content_id)


@get(
    "/admin/items/{content_id:str}/exclusion",
    summary="Whether and why an item is excluded",
    description="Every exclusion there was, with who did it and who lifted it.",
    operation_id="itemExclusions",
    responses=_RESPONSES,
)
async def read(
    services: NamedDependency[Services],
    content_id: ContentId,
    content_type: ContentType = "video",
) -> Response[bytes]:
    """Return the record of an item's exclusions."""
    parse_name("id", content_id)
    parse_name("contentType", content_type)
    async with services.connected() as connection:
        item_id = await exclusions.item_named(
            connection, content_type=content_type, content_id=content_id
        )
        return await _answer(connection, item_id, content_type, content_id)


async def _answer(
    connection: PooledConnection, item_id: int | None, content_type: str, content_id: str
) -> Response[bytes]:
    if item_id is None:
        raise UnknownItemError(f"no {content_type} has the id {content_id!r}")
    found = await exclusions.item_exclusions(connection, item_id=item_id)
    answer = ItemExclusions(
        content_id=content_id,
        content_type=content_type,
        excluded=any(each.lifted_at is None for each in found),
        exclusions=[
            Exclusion(
                reason=each.reason,
                excluded_by=each.excluded_by,
                excluded_at=each.excluded_at.astimezone(UTC),
                lifted_by=each.lifted_by,
                lifted_at=each.lifted_at and each.lifted_at.astimezone(UTC),
            )
            for each in found
        ],
    )
    return Response(
        msgspec.json.encode(answer),
        headers={"cache-control": "no-store"},
        media_type=MediaType.JSON,
    )


async def _who(request: PlainRequest) -> str:
    caller = await caller_of(request)
    return caller.key.name if caller.key is not None else ADMIN_KEY


def _decoded(body: bytes) -> ExclusionIn:
    if NUL.search(body):
        raise BadRequestError("the body contains U+0000, which cannot be stored")
    try:
        return _decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BadRequestError(reason_of(error)) from error


router = Router(
    "/",
    route_handlers=[exclude, include, read],
    guards=[require("admin")],
    security=[{"adminKey": []}],
    tags=["Admin"],
)
