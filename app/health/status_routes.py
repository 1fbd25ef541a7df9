"""`GET /admin/status`: how everything fares."""

from __future__ import annotations

from litestar import Response, Router, get
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec

from app.access.guard import require
from app.health.overview import ASK_SECONDS, find_overview
from app.health.wire import Overview
from app.http.answers import AnyRequest, passing
from app.services import Services


@get(
    "/admin/status",
    summary="How everything fares",
    description="What comes in, what waits to be written, how scheduled jobs and rankings went, in "
    "one answer. 200 also while Redis or the database is down: its part is null then.",
    operation_id="status",
    tags=["Admin"],
    responses={
        200: ResponseSpec(Overview, description="How it stands", generate_examples=False),
    },
)
async def status(request: AnyRequest, services: NamedDependency[Services]) -> Response[bytes]:
    """Return how everything fares."""
    found = await find_overview(
        lambda: services.connected(within=ASK_SECONDS),
        services.redis,
        shards=services.settings.stream_shards,
    )
    return passing(request, found)


router = Router(
    "/",
    route_handlers=[status],
    guards=[require("admin")],
    security=[{"adminKey": []}],
)
