"""`/items` and `/items/{id}`: the catalogue that rankings take titles from."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
from litestar import MediaType, Request, Response, Router, get, put
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import PathParameter, QueryParameter

from app.access.guard import require
from app.errors import (
    BadRequestError,
    ForbiddenError,
    TooLargeError,
    UnauthorizedError,
    UnavailableError,
    UnknownItemError,
)
from app.http.body import read_body
from app.http.names import check_names
from app.http.openapi_bodies import json_body
from app.http.problems import documented
from app.http.reasons import reason_of
from app.ingest.decode import NUL
from app.items import queries as items
from app.items.answer import item_of
from app.items.list_routes import list_items
from app.items.wire import ItemIn, Items, ItemsWritten
from app.services import Services

_decode_item = msgspec.json.Decoder(ItemIn).decode
_decode_items = msgspec.json.Decoder(list[ItemIn]).decode


@put(
    "/items",
    request_max_body_size=None,
    summary="Write catalogue entries",
    description="One entry or an array of them. What is absent stays as it was, null "
    "clears it; `attributes` are merged key by key (RFC 7396). All are written, or none.",
    operation_id="putItems",
    operation_class=json_body(ItemIn, several=True),
    guards=[require("write")],
    tags=["Items"],
    responses={
        200: ResponseSpec(ItemsWritten, description="Written", generate_examples=False),
        **documented(
            BadRequestError, UnauthorizedError, ForbiddenError, TooLargeError, UnavailableError
        ),
    },
)
async def put_items(
    request: Request[Any, Any, State],
    services: NamedDependency[Services],
) -> Response[bytes]:
    """Create or complete the entries in the body."""
    body = await read_body(
        request.stream(),
        encoding=request.headers.get("content-encoding", ""),
        limit=services.settings.max_body_bytes,
    )
    given = _decode(body)
    most = services.settings.max_events
    if len(given) > most:
        raise TooLargeError(f"{len(given)} items; at most {most} are allowed")
    async with services.connected() as connection:
        written = await items.put_items(connection, items=msgspec.json.encode(given))
    known = services.known_items
    if known is not None:
        await known.written((item.content_type, item.content_id) for item in given)
    return Response(msgspec.json.encode(ItemsWritten(written=written)), media_type=MediaType.JSON)


@get(
    "/items/{content_id:str}",
    summary="Read catalogue entries",
    description="The entries of one content id: one for each content type it is known under, with "
    "lifetime counts and hot score as of the last scoring run, a minute ago at most; and whether "
    "and why rankings leave it out.",
    operation_id="item",
    guards=[require("read")],
    tags=["Items"],
    responses={
        200: ResponseSpec(Items, description="The entries", generate_examples=False),
        **documented(BadRequestError, UnknownItemError, UnavailableError),
    },
)
async def get_item(
    services: NamedDependency[Services],
    content_id: Annotated[
        str, PathParameter(min_length=1, max_length=200, description="Id of the item.")
    ],
    content_type: Annotated[
        str | None,
        QueryParameter(
            name="contentType", min_length=1, max_length=200, description="Only this type's entry."
        ),
    ] = None,
) -> Response[bytes]:
    """Return the entries of a content id, sorted by content type."""
    check_names(id=content_id, contentType=content_type)
    async with services.connected() as connection:
        found = await items.items_by_external_id(
            connection, external_id=content_id, content_type=content_type
        )
    if not found:
        raise UnknownItemError(f"no item has the id {content_id!r}")
    answer = Items(items=[item_of(entry) for entry in found])
    return Response(msgspec.json.encode(answer), media_type=MediaType.JSON)


def _decode(body: bytes) -> list[ItemIn]:
    if NUL.search(body):
        raise BadRequestError("the body contains U+0000, which cannot be stored")
    try:
        given = _decode_items(body) if body.lstrip()[:1] == b"[" else [_decode_item(body)]
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BadRequestError(reason_of(error)) from error
    return [_in_utc(item) for item in given]


def _in_utc(item: ItemIn) -> ItemIn:
    """Return `item` with its time in UTC: PostgreSQL refuses offsets of 16 hours and more."""
    if not isinstance(item.published_at, datetime):
        return item
    try:
        published_at = item.published_at.astimezone(UTC)
    except OverflowError as error:
        raise BadRequestError("publishedAt: outside the years 1 to 9999") from error
    return msgspec.structs.replace(item, published_at=published_at)


router = Router("/", route_handlers=[put_items, list_items, get_item])
