"""`/admin/items/{id}/exclusion`: leave an item out of all rankings, and take that back."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
from litestar import Response, Router, delete, get, put
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec

from app.access.guard import caller_of, require
from app.errors import TooLargeError, UnknownItemError
from app.http.answers import AnyRequest, passing
from app.http.body import decoded
from app.http.openapi_bodies import json_body
from app.http.parameters import DEFAULT_TYPE, ContentId, ContentType
from app.http.problems import documented
from app.items import exclusions
from app.items.wire import Exclusion, ExclusionIn, ItemExclusions
from app.rankings.dropping import drop_excluded
from app.runtime.pool import PooledConnection
from app.services import Services

MAX_BODY = 10_000
DECODER = msgspec.json.Decoder(ExclusionIn)

_RESPONSES = {
    200: ResponseSpec(
        ItemExclusions, description="How the item stands now", generate_examples=False
    ),
    **documented(UnknownItemError),
}


@put(
    "/admin/items/{content_id:str}/exclusion",
    request_max_body_size=None,
    summary="Exclude an item from rankings",
    description="Every ranking leaves it out, categories and creators too; a list that holds it "
    "is computed anew at once, or within a minute where the scoring job is at work. Its events go "
    "on being counted. Another reason than before opens a new line of the record.",
    operation_id="excludeItem",
    operation_class=json_body(ExclusionIn),
    responses={**_RESPONSES, **documented(TooLargeError)},
)
async def exclude(
    request: AnyRequest,
    services: NamedDependency[Services],
    content_id: ContentId,
) -> Response[bytes]:
    """Leave an item out of all rankings."""
    given = await decoded(request, DECODER, limit=MAX_BODY)
    who = (await caller_of(request)).name
    async with services.connected() as connection:
        item_id = await exclusions.exclude_item(
            connection,
            content_type=given.content_type,
            content_id=content_id,
            reason=given.reason,
            excluded_by=who,
            as_of=datetime.now(UTC),
        )
        answer = await _standing(connection, item_id, given.content_type, content_id)
    await drop_excluded(services.settings, services.pool)
    return passing(request, answer)


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
    request: AnyRequest,
    services: NamedDependency[Services],
    content_id: ContentId,
    content_type: ContentType = DEFAULT_TYPE,
) -> Response[bytes]:
    """Let rankings hold an item again."""
    who = (await caller_of(request)).name
    async with services.connected() as connection:
        item_id = await exclusions.include_item(
            connection,
            content_type=content_type,
            content_id=content_id,
            lifted_by=who,
            as_of=datetime.now(UTC),
        )
        answer = await _standing(connection, item_id, content_type, content_id)
    return passing(request, answer)


@get(
    "/admin/items/{content_id:str}/exclusion",
    summary="Whether and why an item is excluded",
    description="Every exclusion there was, with who did it and who lifted it.",
    operation_id="itemExclusions",
    responses=_RESPONSES,
)
async def read(
    request: AnyRequest,
    services: NamedDependency[Services],
    content_id: ContentId,
    content_type: ContentType = DEFAULT_TYPE,
) -> Response[bytes]:
    """Return the record of an item's exclusions."""
    async with services.connected() as connection:
        item_id = await exclusions.item_named(
            connection, content_type=content_type, content_id=content_id
        )
        answer = await _standing(connection, item_id, content_type, content_id)
    return passing(request, answer)


async def _standing(
    connection: PooledConnection, item_id: int | None, content_type: str, content_id: str
) -> ItemExclusions:
    if item_id is None:
        raise UnknownItemError(f"no {content_type} has the id {content_id!r}")
    found = await exclusions.item_exclusions(connection, item_id=item_id)
    return ItemExclusions(
        content_id=content_id,
        content_type=content_type,
        excluded=any(each.lifted_at is None for each in found),
        exclusions=[
            Exclusion(
                reason=each.reason,
                excluded_by=each.excluded_by,
                excluded_at=each.excluded_at,
                lifted_by=each.lifted_by,
                lifted_at=each.lifted_at,
            )
            for each in found
        ],
    )


router = Router(
    "/",
    route_handlers=[exclude, include, read],
    guards=[require("admin")],
    security=[{"adminKey": []}],
    tags=["Admin"],
)
