"""`GET /analytics/stats/{id}`: the counts of one item."""

from __future__ import annotations

from typing import Annotated

from litestar import MediaType, Response, Router, get
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import PathParameter, QueryParameter

from app.errors import BadRequestError, UnavailableError, UnknownItemError
from app.http.parameters import parse_name
from app.http.problems import documented
from app.services import Services
from app.stats.wire import ItemStats

ContentId = Annotated[str, PathParameter(description="Id of the item: 1 to 200 characters.")]
ContentType = Annotated[
    str, QueryParameter(name="contentType", description="Type of the item: 1 to 200 characters.")
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
    services: NamedDependency[Services], content_id: ContentId, content_type: ContentType = "video"
) -> Response[bytes]:
    """Return the counts of an item."""
    parse_name("contentId", content_id)
    parse_name("contentType", content_type)
    cache = services.stats
    body = await cache.get(content_type=content_type, content_id=content_id)
    return Response(body, media_type=MediaType.JSON, headers={"cache-control": "no-cache"})


router = Router("/", route_handlers=[stats])
