"""`GET /analytics/now`: what is happening."""

from __future__ import annotations

from datetime import UTC, datetime

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec

from app.http.answers import AnyRequest, kept
from app.http.tables import Answer
from app.series.present import find_present
from app.series.wire import Present
from app.services import Services

MAX_AGE = 2
"""Seconds for which an answer may be given to others: a page that many look at asks often."""


@get(
    "/analytics/now",
    summary="What is happening",
    description="Events a second in the last minute, viewers of the last five minutes, and the ten "
    "items whose views have risen most against the five minutes before.",
    operation_id="now",
    tags=["Stats"],
    responses={
        200: ResponseSpec(Present, description="The present", generate_examples=False),
        304: ResponseSpec(None, description="Nothing has changed since that ETag"),
    },
)
async def present(request: AnyRequest, services: NamedDependency[Services]) -> Answer:
    """Return what is happening."""
    found = await services.read(lambda each: find_present(each, as_of=datetime.now(UTC)))
    return kept(request, found, max_age=MAX_AGE)


router = Router("/", route_handlers=[present])
