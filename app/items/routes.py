"""`/items` and `/items/{id}`: the catalogue that rankings take titles from."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
from litestar import Response, Router, get, put
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec

from app.access.guard import require, user_if_any
from app.erasure.routes import delete_item
from app.errors import BadRequestError, NotSignedInError, TooLargeError, UnknownItemError
from app.http.answers import AnyRequest, passing
from app.http.body import body_of, decoded_bytes
from app.http.openapi_bodies import json_body
from app.http.parameters import ContentId, OptionalContentType
from app.http.problems import documented
from app.http.wire import TOO_DEEP, id_text, is_too_deep
from app.items import queries as items
from app.items.answer import item_of
from app.items.list_routes import list_items
from app.items.search_routes import search
from app.items.wire import ItemIn, Items, ItemsWritten
from app.services import Services

ONE = msgspec.json.Decoder(ItemIn)
SEVERAL = msgspec.json.Decoder(list[ItemIn])


@put(
    "/items",
    request_max_body_size=None,
    summary="Write catalogue entries",
    description="One entry or an array of them. What is absent stays as it was, null "
    "clears it; `attributes` are merged in depth (RFC 7396). All are written, or none.",
    operation_id="putItems",
    operation_class=json_body(ItemIn, several=True),
    guards=[require("write")],
    tags=["Items"],
    responses={
        200: ResponseSpec(ItemsWritten, description="Written", generate_examples=False),
        **documented(TooLargeError),
    },
)
async def put_items(request: AnyRequest, services: NamedDependency[Services]) -> Response[bytes]:
    """Create or complete the entries in the body."""
    given = _decoded(await body_of(request, limit=services.settings.max_body_bytes))
    most = services.settings.max_events
    if len(given) > most:
        raise TooLargeError(f"{len(given)} items; at most {most} are allowed")
    async with services.connected() as connection:
        written = await items.put_items(connection, items=msgspec.json.encode(given))
    known = services.known_items
    if known is not None:
        await known.written((item.content_type, id_text(item.content_id)) for item in given)
    # One that nobody knew is known now.
    await services.stats.end({(item.content_type, id_text(item.content_id)) for item in given})
    return passing(request, ItemsWritten(written=written))


@get(
    "/items/{content_id:str}",
    summary="Read catalogue entries",
    description="The entries of one content id: one for each content type it is known under, with "
    "lifetime counts, hot score as of the last scoring run, a minute ago at most, how many users "
    "like it now (`hasLiked` says whether the signed-in caller does), and whether and why rankings "
    "leave it out.",
    operation_id="item",
    guards=[require("read")],
    tags=["Items"],
    responses={
        200: ResponseSpec(Items, description="The entries", generate_examples=False),
        **documented(UnknownItemError, NotSignedInError),
    },
)
async def get_item(
    request: AnyRequest,
    services: NamedDependency[Services],
    content_id: ContentId,
    content_type: OptionalContentType = None,
) -> Response[bytes]:
    """Return the entries of a content id, sorted by content type."""
    user = user_if_any(request)
    async with services.connected() as connection:
        found = await items.items_by_external_id(
            connection, external_id=content_id, content_type=content_type, user_id=user
        )
    if not found:
        raise UnknownItemError(f"no item has the id {content_id!r}")
    return passing(request, Items(items=[item_of(entry) for entry in found]))


def _decoded(body: bytes) -> list[ItemIn]:
    if body.lstrip()[:1] == b"[":
        given = decoded_bytes(body, SEVERAL)
        return [_stored(item) for item in given]
    return [_stored(decoded_bytes(body, ONE))]


def _stored(item: ItemIn) -> ItemIn:
    """Return `item` with its id as text and its time in UTC, or raise `BadRequestError`.

    PostgreSQL refuses offsets of 16 hours and more, and merges what is nested by recursion.
    """
    if is_too_deep(item.attributes):
        raise BadRequestError(f"attributes: {TOO_DEEP}")
    published_at = item.published_at
    if isinstance(published_at, datetime):
        try:
            published_at = published_at.astimezone(UTC)
        except OverflowError as error:
            raise BadRequestError("publishedAt: outside the years 1 to 9999") from error
    return msgspec.structs.replace(
        item, content_id=id_text(item.content_id), published_at=published_at
    )


router = Router("/", route_handlers=[delete_item, put_items, list_items, search, get_item])
