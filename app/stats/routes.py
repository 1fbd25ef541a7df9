"""`GET /analytics/stats/{id}`: the counts of one item."""

from __future__ import annotations

from litestar import Response, Router, get
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec

from app.errors import UnknownItemError
from app.http.answers import AnyRequest, passing
from app.http.parameters import DEFAULT_TYPE, ContentId, ContentType
from app.http.problems import documented
from app.services import Services
from app.stats.wire import ItemStats


@get(
    "/analytics/stats/{content_id:str}",
    summary="Counts of one item",
    description="Views, likes, comments, shares and seconds watched: today and this month in the "
    "service's zone, and ever. Unlikes and uncomments are taken off. At most 30 seconds old, and "
    "never older than what one has waited for; `stale` is true when the database is down and this "
    "is the last known value.",
    operation_id="itemStats",
    tags=["Stats"],
    responses={
        200: ResponseSpec(ItemStats, description="The counts", generate_examples=False),
        **documented(UnknownItemError),
    },
)
async def stats(
    request: AnyRequest,
    services: NamedDependency[Services],
    content_id: ContentId,
    content_type: ContentType = DEFAULT_TYPE,
) -> Response[bytes]:
    """Return the counts of an item."""
    body = await services.stats.get(content_type=content_type, content_id=content_id)
    return passing(request, body)


router = Router("/", route_handlers=[stats])
