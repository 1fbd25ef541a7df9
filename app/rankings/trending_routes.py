"""`GET /analytics/trending`: the current ranking of a window."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import MediaType, Response, Router, get, head
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import QueryParameter

from app.access.guard import require
from app.errors import (
    BadRequestError,
    CursorExpiredError,
    ForbiddenError,
    UnauthorizedError,
    UnavailableError,
)
from app.http.parameters import PageLimit, parse_limit, parse_name, parse_window
from app.http.problems import documented
from app.rankings import listing
from app.rankings.hot_path import (
    DEFAULT_LIMIT,
    DEFAULT_WINDOW,
    PATH,
    WINDOWS,
    ranking_of,
)
from app.rankings.listing import Listing, PlainRequest
from app.rankings.pages import named_segment
from app.rankings.snapshots import Snapshots
from app.rankings.wire import Trending, Window
from app.services import services_of

WindowParameter = Annotated[
    str | None,
    QueryParameter(
        name="window",
        description="Only items with events in this window are ranked, by their score in it.",
        schema_extra={"enum": list(WINDOWS), "default": DEFAULT_WINDOW},
    ),
]
CategoryParameter = Annotated[
    str | None,
    QueryParameter(name="category", description="Only this category, ranked by itself."),
]
ContentTypeParameter = Annotated[
    str | None,
    QueryParameter(
        name="contentType",
        description="Only this type, ranked by itself; with `category`, only the items of this "
        "type in the category's list, with their ranks there.",
    ),
]
CursorParameter = Annotated[
    str | None,
    QueryParameter(
        name="cursor",
        description="`nextCursor` of the page before: goes on in the same snapshot, whatever has "
        "been ranked since. It can stand alone with `limit`.",
    ),
]


async def answer(
    request: PlainRequest,
    limit: str,
    *,
    window: str | None,
    category: str | None,
    content_type: str | None,
    cursor: str | None,
) -> Response[bytes]:
    """Answer as the hot path does, from the same bytes, or with what it cannot do."""
    wanted = _wanted(window, category, content_type)
    size = parse_limit(limit)
    if cursor is not None:
        begun = listing.continued(cursor)
        if not _goes_on(begun, wanted, window=window):
            raise listing.other_list()
        wanted = begun
    services = services_of(request)
    snapshots = services.snapshots
    if not snapshots.known:
        raise UnavailableError("no ranking could be loaded yet", retry_after=1)
    if wanted.run_id is None and not wanted.segment:
        return _whole(request, snapshots, wanted.ranking, size)
    lists = services.lists
    found = await listing.find(lists, wanted)
    if found is None:
        return _empty(wanted)
    return listing.answer(request, lists, found, wanted, limit=size)


def _wanted(window: str | None, category: str | None, content_type: str | None) -> Listing:
    """Return the listing that the parameters mean; with both filters, one is a part's."""
    checked = DEFAULT_WINDOW if window is None else parse_window(window)
    ranking = ranking_of(checked)
    if content_type is not None:
        parse_name("contentType", content_type)
    if category is not None:
        parse_name("category", category)
        return Listing(ranking=ranking, segment=f"category:{category}", content_type=content_type)
    if content_type is not None:
        return Listing(ranking=ranking, segment=f"content_type:{content_type}")
    return Listing(ranking=ranking)


def _goes_on(begun: Listing, wanted: Listing, *, window: str | None) -> bool:
    """Tell whether a cursor's listing is the one that the parameters beside it mean, if any."""
    if begun.ranking not in map(ranking_of, WINDOWS):
        return False
    if window is not None and begun.ranking != wanted.ranking:
        return False
    filters = (wanted.segment, wanted.content_type)
    return filters in (("", None), (begun.segment, begun.content_type))


def _whole(
    request: PlainRequest, snapshots: Snapshots, ranking: str, limit: int
) -> Response[bytes]:
    """Answer with the top of the newest whole list."""
    found = snapshots.answer(ranking, limit)
    if found is None:
        return _empty(Listing(ranking=ranking))
    headers = {name.decode(): value.decode() for name, value in found.headers}
    if found.matches(request.headers.get("if-none-match", "").encode()):
        return Response(b"", status_code=304, headers=headers, media_type=MediaType.JSON)
    return Response(found.body, headers=headers, media_type=MediaType.JSON)


def _empty(wanted: Listing) -> Response[bytes]:
    empty = Trending(
        ranking=wanted.ranking,
        window=_window_of(wanted.ranking),
        segment=named_segment(wanted.segment),
        run_id=None,
        as_of=None,
        stale=False,
        items=[],
        next_cursor=None,
    )
    # Not to be kept for a moment: the first run can come at any time.
    return Response(
        msgspec.json.encode(empty),
        headers={"cache-control": "no-cache"},
        media_type=MediaType.JSON,
    )


def _window_of(ranking: str) -> Window:
    return next(window for window in WINDOWS if ranking_of(window) == ranking)


@get(
    PATH,
    summary="What is trending now",
    description="The best items of the newest snapshot, computed by the database every minute. "
    "`ETag` changes with the snapshot: send it back as `If-None-Match` to get a 304. `nextCursor` "
    "leads to the next page of the same snapshot, until it is no longer kept: at least ten "
    "minutes.",
    operation_id="trending",
    tags=["Rankings"],
    responses={
        200: ResponseSpec(Trending, description="The ranking", generate_examples=False),
        304: ResponseSpec(None, description="Nothing has changed since that ETag"),
        **documented(
            BadRequestError,
            UnauthorizedError,
            ForbiddenError,
            CursorExpiredError,
            UnavailableError,
        ),
    },
)
async def trending(
    request: PlainRequest,
    window: WindowParameter = None,
    limit: PageLimit = str(DEFAULT_LIMIT),
    category: CategoryParameter = None,
    content_type: ContentTypeParameter = None,
    cursor: CursorParameter = None,
) -> Response[bytes]:
    """Return the current ranking of a window."""
    return await answer(
        request,
        limit,
        window=window,
        category=category,
        content_type=content_type,
        cursor=cursor,
    )


@head(PATH, include_in_schema=False)
async def trending_head(
    request: PlainRequest,
    window: WindowParameter = None,
    limit: PageLimit = str(DEFAULT_LIMIT),
    category: CategoryParameter = None,
    content_type: ContentTypeParameter = None,
    cursor: CursorParameter = None,
) -> Response[None]:
    """Return the headers of `trending`."""
    whole = await answer(
        request,
        limit,
        window=window,
        category=category,
        content_type=content_type,
        cursor=cursor,
    )
    if whole.status_code == 304:
        return Response(None, status_code=304, headers=whole.headers)
    length = {"content-type": str(MediaType.JSON.value), "content-length": str(len(whole.content))}
    return Response(None, headers={**length, **whole.headers})


router = Router("/", route_handlers=[trending, trending_head], guards=[require("read")])
