"""`/analytics/stats`: the counts of one item, and of several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, TypeGuard

from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import QueryParameter

from app.access.guard import user_if_any
from app.errors import NotSignedInError, TooLargeError, UnavailableError, UnknownItemError
from app.http.answers import AnyRequest, passing
from app.http.body import body_of
from app.http.openapi_bodies import json_body
from app.http.parameters import DEFAULT_TYPE, ContentId, ContentType
from app.http.problems import documented
from app.http.tables import TABLES, Answer, Format, FormatParameter, format_of, table, varied
from app.likes.queries import liked_of
from app.services import Services
from app.stats.batch import encoded, items_in_body, items_in_query, lines_of
from app.stats.cache import UNKNOWN, Found
from app.stats.fields import fields_of, picked
from app.stats.keys import Item
from app.stats.wire import ItemRef, ItemStats, StatsOfItems
from app.stats.zoned import check_tz

_WHAT = (
    "Views, likes, comments, shares and seconds watched: today, this week and this month, ever, "
    "and in the last hour, 24 hours, 7 and 30 days; hot score and ranks; `hasLiked` where the "
    "caller is signed in. Unlikes and uncomments are taken off. At most 30 seconds old, and never "
    "older than what one has waited for; `stale` is true when the database is down and this is the "
    "last known value."
)

Zone = Annotated[
    str | None,
    QueryParameter(
        name="tz",
        min_length=1,
        max_length=100,
        description="IANA time zone of today, this week and this month, such as `Asia/Kolkata`; "
        "the service's where absent.",
    ),
]
Fields = Annotated[
    str | None,
    QueryParameter(
        name="fields",
        max_length=4_000,
        description="Only these fields, with commas between them, and those that say what they "
        "are of.",
    ),
]


@get(
    "/analytics/stats/{content_id:str}",
    summary="Counts of one item",
    description=_WHAT,
    operation_id="itemStats",
    tags=["Stats"],
    responses={
        200: ResponseSpec(ItemStats, description="The counts", generate_examples=False),
        **documented(UnknownItemError, NotSignedInError),
    },
)
async def stats(  # as many as the path and the query have
    request: AnyRequest,
    services: NamedDependency[Services],
    content_id: ContentId,
    content_type: ContentType = DEFAULT_TYPE,
    zone: Zone = None,
    fields: Fields = None,
) -> Response[bytes]:
    """Return the counts of an item."""
    item = (content_type, content_id)
    found = (await _found(request, services, [item], zone=zone, fields=fields))[item]
    if isinstance(found, UnavailableError):
        raise found
    if found == UNKNOWN:
        raise UnknownItemError(f"no {content_type} {content_id!r} has ever been named")
    return passing(request, found)


@get(
    "/analytics/stats",
    summary="Counts of several items",
    description=f"Of up to 500, each with its outcome. {_WHAT}",
    operation_id="statsOfItems",
    tags=["Stats"],
    responses={
        200: ResponseSpec(StatsOfItems, description="The counts", generate_examples=False),
        **documented(NotSignedInError),
    },
    opt={TABLES: True},
)
async def stats_of_ids(  # as many as the query has
    request: AnyRequest,
    services: NamedDependency[Services],
    ids: Annotated[
        str | None,
        QueryParameter(
            name="ids", description="1 to 500 ids with commas between them; others go by POST."
        ),
    ] = None,
    content_type: ContentType = DEFAULT_TYPE,
    zone: Zone = None,
    fields: Fields = None,
    format_: FormatParameter = None,
) -> Answer:
    """Return the counts of items of one type."""
    items = items_in_query(ids, content_type)
    found = await _found(request, services, items, zone=zone, fields=fields)
    return _shown(request, encoded(items, found), format_of(request, format_))


@post(
    "/analytics/stats",
    status_code=200,
    request_max_body_size=None,
    summary="Counts of several items of any types",
    description=f"Of one or an array of up to 500, each with its outcome. {_WHAT}",
    operation_id="statsOfItemsOfTypes",
    operation_class=json_body(ItemRef, several=True),
    tags=["Stats"],
    responses={
        200: ResponseSpec(StatsOfItems, description="The counts", generate_examples=False),
        **documented(NotSignedInError, TooLargeError),
    },
    opt={TABLES: True},
)
async def stats_of_items(
    request: AnyRequest,
    services: NamedDependency[Services],
    zone: Zone = None,
    fields: Fields = None,
    format_: FormatParameter = None,
) -> Answer:
    """Return the counts of the items in the body."""
    items = items_in_body(await body_of(request, limit=services.settings.max_body_bytes))
    found = await _found(request, services, items, zone=zone, fields=fields)
    return _shown(request, encoded(items, found), format_of(request, format_))


def _shown(request: AnyRequest, body: bytes, kind: Format) -> Answer:
    """Return the stats of several items as JSON, or as lines."""
    if kind == "json":
        return varied(passing(request, body))
    return table(request, kind, lines_of(body))


async def _found(
    request: AnyRequest,
    services: Services,
    items: Sequence[Item],
    *,
    zone: str | None,
    fields: str | None,
) -> dict[Item, Found]:
    """Return what is known of items as the caller wants it."""
    wanted = fields_of(fields)
    if zone is not None:
        check_tz(zone)
    user = user_if_any(request)
    found = await services.stats.many(items)
    if zone is not None:
        found = await services.zoned_stats.many(found, zone)
    if user is not None:
        found = await _with_likes(services, found, user)
    if wanted is None:
        return found
    return {item: picked(each, wanted) if _is_known(each) else each for item, each in found.items()}


async def _with_likes(services: Services, found: dict[Item, Found], user: str) -> dict[Item, Found]:
    """Say of each item whether the user likes it, from the database: it is the caller's own."""
    liked: set[Item] | None = None
    try:
        async with services.connected() as connection:
            liked = await liked_of(connection, user_id=user, items=list(found))
    except UnavailableError:
        # The counts are known all the same.
        liked = None
    shown = dict[Item, Found]()
    for item, each in found.items():
        word = b"null" if liked is None else b"true" if item in liked else b"false"
        shown[item] = b'%b,"hasLiked":%b}' % (each[:-1], word) if _is_known(each) else each
    return shown


def _is_known(found: Found) -> TypeGuard[bytes]:
    return isinstance(found, bytes) and found != UNKNOWN


router = Router("/", route_handlers=[stats, stats_of_ids, stats_of_items])
