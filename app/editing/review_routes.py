"""`/admin/rankings/{name}/held`: what waits for review before it enters the top of a ranking."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import Response, Router, get, put
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import QueryParameter

from app.access.guard import caller_of, require
from app.audit.audited import audited
from app.editing import queries
from app.editing.wire import DecisionIn, Review, Reviews, State
from app.errors import TooLargeError, UnknownItemError, UnknownRankingError
from app.http.answers import AnyRequest, passing
from app.http.body import decoded
from app.http.openapi_bodies import json_body
from app.http.parameters import ContentId, RankingName
from app.http.problems import documented
from app.rankings.changes import ranking_settings
from app.rankings.dropping import compute_anew
from app.services import Services

MAX_BODY = 10_000
_DECODER = msgspec.json.Decoder(DecisionIn)


@get(
    "/admin/rankings/{name:str}/held",
    summary="What waits for review",
    description="Items that came within the top of a ranking with a rule of kind `hold`, the "
    "longest first. They stand below the best that were approved. `state` shows those that were "
    "decided instead.",
    operation_id="heldItems",
    responses={
        200: ResponseSpec(Reviews, description="The items", generate_examples=False),
        **documented(UnknownRankingError),
    },
)
async def held(
    request: AnyRequest,
    services: NamedDependency[Services],
    name: RankingName,
    outcome: Annotated[
        State, QueryParameter(name="state", description="What has come of them.")
    ] = "waiting",
    limit: Annotated[
        int,
        QueryParameter(
            name="limit", ge=1, le=queries.MOST_REVIEWS, description="How many to return."
        ),
    ] = 100,
) -> Response[bytes]:
    """Return the items that wait, or were decided."""
    async with services.connected() as connection:
        await ranking_settings(connection, name=name)
        found = await queries.editorial_reviews(
            connection, ranking=name, state=outcome, limit=limit
        )
        waiting = await queries.reviews_waiting(connection, ranking=name)
    return passing(request, Reviews(ranking=name, waiting=waiting, items=found))


@put(
    "/admin/rankings/{name:str}/held/{content_id:str}",
    request_max_body_size=None,
    summary="Approve or refuse an item",
    description="Approved, it stands where its score puts it, also when it comes back; refused, "
    "the ranking leaves it out. Decide again to take that back. An item can be decided before it "
    "ever comes.",
    operation_id="decideHeldItem",
    operation_class=json_body(DecisionIn),
    responses={
        200: ResponseSpec(Review, description="What was decided", generate_examples=False),
        **documented(UnknownRankingError, UnknownItemError, TooLargeError),
    },
)
async def decide(
    request: AnyRequest,
    services: NamedDependency[Services],
    name: RankingName,
    content_id: ContentId,
) -> Response[bytes]:
    """Approve or refuse an item."""
    given = await decoded(request, _DECODER, limit=MAX_BODY)
    who = (await caller_of(request)).name
    async with services.connected() as connection:
        await ranking_settings(connection, name=name)  # of an unknown one the trail need not tell
    told = {"ranking": name, "approved": given.approved}
    async with audited(request, "reviews.decide", told):
        async with services.connected() as connection:
            review = await queries.decide_review(
                connection,
                ranking=name,
                content_type=given.content_type,
                content_id=content_id,
                approved=given.approved,
                reason=given.reason,
                who=who,
            )
        if review is None:
            raise UnknownItemError(f"no {given.content_type} has the id {content_id!r}")
    await compute_anew(services.settings, name)
    return passing(request, review)


router = Router(
    "/",
    route_handlers=[held, decide],
    guards=[require("admin")],
    security=[{"adminKey": []}],
    tags=["Admin"],
)
