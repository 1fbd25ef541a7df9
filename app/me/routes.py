"""`/me`: what a signed-in user viewed, and its own erasure."""

from __future__ import annotations

from litestar import Response, Router, delete, get
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec

from app.access.guard import caller_of, require, user_of
from app.erasure.erase import Subject
from app.erasure.routes import answer_erased
from app.erasure.wire import Erased
from app.errors import NotSignedInError, RateLimitedError, UsersDisabledError
from app.http.answers import AnyRequest, passing
from app.http.cursor import page_of
from app.http.parameters import PageCursor, PageLimit
from app.http.problems import documented
from app.ingest.allowance import allow
from app.ingest.limits import limit_headers
from app.me.cursor import ABOVE_ALL, CODEC, HistoryCursor
from app.me.queries import VisitRow, user_history
from app.me.wire import History, Visit
from app.runtime.moments import microseconds
from app.services import Services

_REFUSALS = (NotSignedInError, UsersDisabledError)


@get(
    "/me/history",
    summary="What the caller viewed and watched",
    description="Newest first, each time by itself, repeats that were not counted too; as far back "
    "as raw events are kept. An event stands in it as soon as it is in the database. Pages neither "
    "repeat nor skip what was there when the first was read.",
    operation_id="history",
    guards=[require("read")],
    responses={
        200: ResponseSpec(History, description="One page", generate_examples=False),
        **documented(*_REFUSALS),
    },
)
async def get_history(
    request: AnyRequest,
    services: NamedDependency[Services],
    limit: PageLimit = 20,
    cursor: PageCursor = None,
) -> Response[bytes]:
    """Return one page of what the caller viewed and watched."""
    place = ABOVE_ALL if cursor is None else CODEC.decode(cursor)
    user_id = user_of(request)
    async with services.connected() as connection:
        rows = await user_history(
            connection,
            user_id=user_id,
            before=place.occurred_at,
            before_event=place.event_id,
            most=limit + 1,
        )
    shown, next_cursor = page_of(rows, limit, _after)
    items = [_visit(row) for row in shown]
    return passing(request, History(items=items, next_cursor=next_cursor))


@delete(
    "/me",
    status_code=200,
    summary="Erase the caller",
    description="Takes the caller's id, sessions and metadata from all events, waiting ones and "
    "dead letters too, and leaves its likes as nobody's. No count changes. It cannot be taken "
    "back; safe to repeat. What is sent under the id later is kept again.",
    operation_id="eraseMe",
    guards=[require("write")],
    responses={
        200: ResponseSpec(Erased, description="What was erased", generate_examples=False),
        **documented(*_REFUSALS, RateLimitedError),
    },
)
async def delete_me(request: AnyRequest, services: NamedDependency[Services]) -> Response[bytes]:
    """Erase what is kept of the caller, but for what was counted."""
    user_id = user_of(request)
    sender = await services.senders.sender_of(request, await caller_of(request))
    headers = limit_headers(await allow(services.redis, sender.limits))
    return await answer_erased(
        request, services, Subject(user_id=user_id), purges=False, headers=headers
    )


def _visit(row: VisitRow) -> Visit:
    return Visit(
        id=row.event_id,
        type=row.event_type,
        content_id=row.content_id,
        content_type=row.content_type,
        title=row.title,
        category=row.category,
        creator=row.creator,
        count=row.count,
        seconds=row.seconds,
        occurred_at=row.occurred_at,
    )


def _after(last: VisitRow) -> str:
    return CODEC.encode(
        HistoryCursor(microseconds=microseconds(last.occurred_at), event_id=last.event_id)
    )


router = Router(
    "/",
    route_handlers=[get_history, delete_me],
    tags=["Users"],
    security=[{"userToken": []}],
)
