"""`GET /items`: the catalogue by age, hot score, views or likes."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import QueryParameter

from app.access.guard import require, user_if_any
from app.errors import NotSignedInError
from app.http.answers import AnyRequest, passing
from app.http.cursor import other_list, page_of
from app.http.parameters import OptionalCategory, OptionalContentType, PageCursor, PageLimit
from app.http.problems import documented
from app.http.tables import TABLES, Answer, FormatParameter, format_of, tabled, varied
from app.items import queries as items
from app.items.answer import item_of
from app.items.cursor import CODEC, ItemCursor, Sort
from app.items.queries import ListedItem
from app.items.wire import ItemPage
from app.runtime.moments import microseconds, moment_of
from app.services import Services

DEFAULT_SORT: Sort = "new"
"""As a catalogue was listed before anything ranked it."""


@get(
    "/items",
    summary="List the catalogue",
    description="All items of a category and a content type, if given, that are not excluded from "
    "rankings. `new`, the default, is by `publishedAt`, or by when Groundswell first heard of the "
    "item. `hot` is by hot rank, `views` and `likes` by lifetime counts, both as of the last "
    "scoring run; items without any follow, the newest first. Each with how many users like it now "
    "(`likesCount`) and, for who is signed in, whether the caller does (`hasLiked`).",
    operation_id="listItems",
    guards=[require("read")],
    tags=["Items"],
    responses={
        200: ResponseSpec(ItemPage, description="A page", generate_examples=False),
        **documented(NotSignedInError),
    },
    opt={TABLES: True},
)
async def list_items(
    request: AnyRequest,
    services: NamedDependency[Services],
    sort: Annotated[
        Sort | None, QueryParameter(name="sort", description="The order; `new` where absent.")
    ] = None,
    category: OptionalCategory = None,
    content_type: OptionalContentType = None,
    limit: PageLimit = 20,
    cursor: PageCursor = None,
    format_: FormatParameter = None,
) -> Answer:
    """Return one page of the catalogue."""
    user = user_if_any(request)
    after = None if cursor is None else CODEC.decode(cursor)
    wanted = _wanted(sort, category, content_type, after)
    moment = None if after is None else after.microseconds
    async with services.connected() as connection:
        # One more than is shown tells whether there is a next page.
        found = await items.list_items(
            connection,
            sort=wanted.sort,
            category=wanted.category,
            content_type=wanted.content_type,
            after_rest=None if after is None else moment is not None,
            after_count=None if after is None else after.count,
            after_moment=None if moment is None else moment_of(moment),
            after_item=None if after is None else after.item_id,
            most=limit + 1,
            user_id=user,
        )
    shown, next_cursor = page_of(found, limit, lambda last: _after(last, wanted))
    page = ItemPage(
        sort=wanted.sort,
        category=wanted.category,
        content_type=wanted.content_type,
        items=[item_of(entry) for entry in shown],
        next_cursor=next_cursor,
    )
    return tabled(request, format_of(request, format_), varied(passing(request, page)))


class _Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which list."""

    sort: Sort
    category: str | None
    content_type: str | None


def _wanted(
    sort: Sort | None, category: str | None, content_type: str | None, after: ItemCursor | None
) -> _Wanted:
    """Return the list that the parameters, or the cursor without them, mean."""
    given = _Wanted(sort=sort or DEFAULT_SORT, category=category, content_type=content_type)
    if after is None:
        return given
    meant = _Wanted(sort=after.sort, category=after.category, content_type=after.content_type)
    if (sort, category, content_type) != (None, None, None) and given != meant:
        raise other_list()
    return meant


def _after(last: ListedItem, wanted: _Wanted) -> str:
    moment = last.sort_moment
    return CODEC.encode(
        ItemCursor(
            sort=wanted.sort,
            category=wanted.category,
            content_type=wanted.content_type,
            count=(last.sort_count or 0) if moment is None else None,
            microseconds=None if moment is None else microseconds(moment),
            item_id=last.item_id,
        )
    )
