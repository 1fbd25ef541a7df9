"""`GET /items`: the catalogue by hot score, age, views or likes."""

from __future__ import annotations

from datetime import UTC
from typing import Annotated, get_args

import msgspec
from litestar import MediaType, Response, get
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import QueryParameter

from app.access.guard import require
from app.errors import BadRequestError, UnavailableError
from app.http.parameters import PageCursor, PageLimit, parse_limit, parse_name
from app.http.problems import documented
from app.items import queries as items
from app.items.answer import item_of
from app.items.cursor import ItemCursor, Sort, decode_cursor, encode_cursor
from app.items.queries import ListedItem
from app.items.wire import ItemPage
from app.rankings.listing import other_list
from app.runtime.moments import microseconds
from app.services import Services

DEFAULT_LIMIT = 20
SORTS: tuple[Sort, ...] = get_args(Sort)


@get(
    "/items",
    summary="List the catalogue",
    description="All items of a category and a content type, if given, that are not excluded from "
    "rankings. `hot` is by hot rank, `views` and `likes` by lifetime counts, both as of the last "
    "scoring run; items without any follow, the newest first. `new` is by `publishedAt`, or by "
    "when Groundswell first heard of the item.",
    operation_id="listItems",
    guards=[require("read")],
    tags=["Items"],
    responses={
        200: ResponseSpec(ItemPage, description="A page", generate_examples=False),
        **documented(BadRequestError, UnavailableError),
    },
)
async def list_items(
    services: NamedDependency[Services],
    sort: Annotated[
        str | None,
        QueryParameter(
            name="sort",
            description="The order; default `hot`.",
            schema_extra={"type": "string", "enum": list(SORTS)},
        ),
    ] = None,
    category: Annotated[
        str | None, QueryParameter(name="category", description="Only this category.")
    ] = None,
    content_type: Annotated[
        str | None, QueryParameter(name="contentType", description="Only this content type.")
    ] = None,
    limit: PageLimit = str(DEFAULT_LIMIT),
    cursor: PageCursor = None,
) -> Response[bytes]:
    """Return one page of the catalogue."""
    size = parse_limit(limit)
    wanted = _wanted(sort, category, content_type, cursor)
    after = decode_cursor(cursor) if cursor is not None else None
    async with services.connected() as connection:
        # One more than is shown tells whether there is a next page.
        found = await items.list_items(
            connection,
            sort=wanted.sort,
            category=wanted.category,
            content_type=wanted.content_type,
            after_rest=after.is_rest if after else None,
            after_count=after.value if after else None,
            after_moment=after.moment if after else None,
            after_item=after.item_id if after else None,
            most=size + 1,
        )
    page = ItemPage(
        sort=wanted.sort,
        category=wanted.category,
        content_type=wanted.content_type,
        items=[item_of(entry) for entry in found[:size]],
        next_cursor=_after(found[size - 1], wanted) if len(found) > size else None,
    )
    return Response(msgspec.json.encode(page), media_type=MediaType.JSON)


class _Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which list."""

    sort: Sort
    category: str | None
    content_type: str | None


def _wanted(
    sort: str | None, category: str | None, content_type: str | None, cursor: str | None
) -> _Wanted:
    """Return the list that the parameters, or the cursor without them, mean."""
    if sort is not None and sort not in SORTS:
        raise BadRequestError(f"sort: {sort[:100]!r} is none of {', '.join(SORTS)}")
    for name, text in (("category", category), ("contentType", content_type)):
        if text is not None:
            parse_name(name, text)
    given = _Wanted(
        sort=next((known for known in SORTS if known == sort), "hot"),
        category=category,
        content_type=content_type,
    )
    if cursor is None:
        return given
    after = decode_cursor(cursor)
    meant = _Wanted(sort=after.sort, category=after.category, content_type=after.content_type)
    if (sort, category, content_type) != (None, None, None) and given != meant:
        raise other_list()
    return meant


def _after(last: ListedItem, wanted: _Wanted) -> str:
    value = last.sort_count or 0
    if last.sort_moment is not None:
        value = microseconds(last.sort_moment.astimezone(UTC))
    return encode_cursor(
        ItemCursor(
            sort=wanted.sort,
            category=wanted.category,
            content_type=wanted.content_type,
            is_rest=last.is_rest,
            value=value,
            item_id=last.item_id,
        )
    )
