"""`GET /analytics/trending`: the current ranking of a window."""

from __future__ import annotations

from typing import Annotated, get_args

from litestar import MediaType, Response, Router, get
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import QueryParameter

from app.access.guard import require
from app.errors import UnavailableError
from app.http.answers import AnyRequest, cache_headers
from app.http.cursor import other_list
from app.http.parameters import MAX_NAME, PageLimit
from app.http.problems import documented
from app.http.tables import TABLES, Answer, Format, tabled
from app.rankings import listing
from app.rankings.errors import CursorExpiredError
from app.rankings.hot_path import (
    DEFAULT_LIMIT,
    DEFAULT_WINDOW,
    PATH,
    WINDOWS,
    TrendingWindow,
    ranking_of,
)
from app.rankings.listing import Listing
from app.rankings.snapshots import Snapshots
from app.rankings.wire import Trending
from app.services import services_of

WindowParameter = Annotated[
    TrendingWindow | None,
    QueryParameter(
        name="window",
        description="Only items with events in this window are ranked, by their score in it; "
        f"`{DEFAULT_WINDOW}` without it.",
    ),
]
Category = Annotated[
    str | None,
    QueryParameter(
        name="category",
        min_length=1,
        max_length=MAX_NAME,
        description="Only this category, ranked by itself.",
    ),
]
ContentType = Annotated[
    str | None,
    QueryParameter(
        name="contentType",
        min_length=1,
        max_length=MAX_NAME,
        description="Only this type, ranked by itself; with `category`, only the items of this "
        "type in the category's list, with their ranks there.",
    ),
]
Cursor = Annotated[
    str | None,
    QueryParameter(
        name="cursor",
        description="`nextCursor` of the page before: goes on in the same snapshot, whatever has "
        "been ranked since. It can stand alone with `limit`.",
    ),
]


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
        **documented(CursorExpiredError),
    },
    opt={TABLES: True},
)
async def trending(
    request: AnyRequest,
    window: WindowParameter = None,
    limit: PageLimit = DEFAULT_LIMIT,
    category: Category = None,
    content_type: ContentType = None,
    cursor: Cursor = None,
    format_: Annotated[
        Format | None,
        QueryParameter(
            name="format", description="`csv` and `ndjson` give one line each instead of JSON."
        ),
    ] = None,
) -> Answer:
    """Answer as the hot path does, from the same bytes, or with what it cannot do."""
    answer = await _page(request, window, limit, category, content_type, cursor)
    # Not by `Accept`, which the hot path does not look at.
    return tabled(request, format_ or "json", answer)


async def _page(
    request: AnyRequest,
    window: TrendingWindow | None,
    limit: int,
    category: str | None,
    content_type: str | None,
    cursor: str | None,
) -> Response[bytes]:
    wanted = _wanted(window or DEFAULT_WINDOW, category, content_type)
    if cursor is not None:
        begun = listing.continued(cursor)
        if not _goes_on(begun, wanted, window=window):
            raise other_list()
        wanted = begun
    services = services_of(request)
    if not services.snapshots.known:
        raise UnavailableError("no ranking could be loaded yet", retry_after=1)
    if wanted.run_id is None and not wanted.segment:
        return _whole(request, services.snapshots, wanted, limit)
    found = await listing.find(services.lists, wanted)
    if found is None:
        return listing.empty(request, wanted, _window_of(wanted.ranking))
    return listing.answer(request, services.lists, found, wanted, limit=limit)


def _wanted(window: TrendingWindow, category: str | None, content_type: str | None) -> Listing:
    """Return the listing that the parameters mean; with both filters, one is a part's."""
    ranking = ranking_of(window)
    if category is not None:
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
    request: AnyRequest, snapshots: Snapshots, wanted: Listing, limit: int
) -> Response[bytes]:
    """Answer with the top of the newest whole list."""
    found = snapshots.answer(wanted.ranking, limit)
    if found is None:
        return listing.empty(request, wanted, _window_of(wanted.ranking))
    headers = {"etag": found.etag.decode(), **cache_headers(request, snapshots.max_age)}
    if found.matches(request.headers.get("if-none-match", "").encode()):
        return Response(b"", status_code=304, headers=headers, media_type=MediaType.JSON)
    return Response(found.body, headers=headers, media_type=MediaType.JSON)


def _window_of(ranking: str) -> TrendingWindow:
    windows: tuple[TrendingWindow, ...] = get_args(TrendingWindow)
    return next(window for window in windows if ranking_of(window) == ranking)


router = Router("/", route_handlers=[trending], guards=[require("read")])
