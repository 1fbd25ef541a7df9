"""`GET /analytics/stats/{id}`: the counts of one item."""

from __future__ import annotations

from typing import Annotated

from litestar import MediaType, Response, Router, get
from litestar.datastructures import State
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import PathParameter, QueryParameter

from app.errors import BadRequestError, UnavailableError, UnknownItemError
from app.problems import documented
from app.serving.stats import StatsCache
from app.wire import ItemStats

ContentId = Annotated[
    str, PathParameter(min_length=1, max_length=200, description="Id of the item.")
]
ContentType = Annotated[
    str,
    QueryParameter(
        name="contentType", min_length=1, max_length=200, description="Type of the item."
    ),
]


@get(
    "/analytics/stats/{content_id:str}",
    summary="Counts of one item",
    description="Views, likes, comments, shares and seconds watched: today and this month in UTC, "
    "and ever. Unlikes and uncomments are taken off. At most 30 seconds old; `stale` is true when "
    "the database is down and this is the last known value.",
    operation_id="itemStats",
    tags=["Stats"],
    responses={
        200: ResponseSpec(ItemStats, description="The counts", generate_examples=False),
        **documented(BadRequestError, UnknownItemError, UnavailableError),
    },
)
async def stats(
    state: State, content_id: ContentId, content_type: ContentType = "video"
) -> Response[bytes]:
    """Return the counts of an item."""
    for name, text in (("id", content_id), ("contentType", content_type)):
        if "\x00" in text or not _is_unicode(text):
            raise BadRequestError(f"{name}: has a character that no name can have")
    cache: StatsCache = state.stats
    body = await cache.get(content_type=content_type, content_id=content_id)
    return Response(body, media_type=MediaType.JSON, headers={"cache-control": "no-cache"})


def _is_unicode(text: str) -> bool:
    """Tell whether it can be encoded: a path of broken UTF-8 arrives with lone surrogates."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


router = Router("/", route_handlers=[stats])
