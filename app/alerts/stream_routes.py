"""`GET /alerts/stream`: alerts as server-sent events."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from functools import partial
from typing import Annotated, Any

from litestar import Request, Router, get
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import HeaderParameter, QueryParameter
from litestar.response import ServerSentEvent, ServerSentEventMessage

from app.access.guard import may_still, require
from app.alerts.errors import TooManyStreamsError
from app.alerts.feed import StreamEvent
from app.errors import BadRequestError
from app.http.edge import at_end
from app.http.parameters import MAX_NAME
from app.http.problems import documented
from app.services import Services

MAX_ID = 2**63 - 1
RECONNECT_MILLISECONDS = 2_000
"""What a browser is told to wait before it comes back."""


@get(
    "/alerts/stream",
    summary="Alerts as server-sent events",
    description="An endless answer of the type `text/event-stream`: each event is named `alert`, "
    "its data is what a webhook gets, its id goes up. Who comes back with the last id as "
    "`Last-Event-ID`, as browsers do, is first sent what was raised meanwhile. Without it, the "
    "stream begins now. A comment comes at least every 15 seconds. A stream ends once its key is "
    "revoked.",
    operation_id="alertStream",
    responses={
        200: ResponseSpec(
            str,
            description="The stream",
            generate_examples=False,
            media_type="text/event-stream",
        ),
        **documented(TooManyStreamsError),
    },
)
async def stream(
    request: Request[Any, Any, State],
    services: NamedDependency[Services],
    ranking: Annotated[
        str | None,
        QueryParameter(
            name="ranking",
            min_length=1,
            max_length=MAX_NAME,
            description="Only alerts about this ranking.",
        ),
    ] = None,
    subscription: Annotated[
        int | None,
        QueryParameter(
            name="subscription", ge=1, le=MAX_ID, description="Only alerts of this subscription."
        ),
    ] = None,
    last_event_id: Annotated[
        str | None,
        HeaderParameter(
            name="Last-Event-ID",
            max_length=MAX_NAME,
            description="Id of the last event received; empty is as without it.",
        ),
    ] = None,
) -> ServerSentEvent:
    """Hold a stream of alerts."""
    feed, after = services.alert_feed, _place(last_event_id)
    seat = feed.seat(services.clients.name_of(request.scope))
    events = feed.follow(after=after, ranking=ranking, subscription_id=subscription)
    # Not in the generator: of a HEAD, or for who hangs up before the first message, it never runs.
    at_end(request, seat.release)
    return ServerSentEvent(_messages(events, partial(may_still, request, "read")))


def _place(last_event_id: str | None) -> int | None:
    """Return after which alert to begin; None where nothing was heard, as some clients say it."""
    if not last_event_id:
        return None
    if last_event_id.isascii() and last_event_id.isdecimal() and int(last_event_id) <= MAX_ID:
        return int(last_event_id)
    raise BadRequestError(f"Last-Event-ID: {last_event_id!r} is no whole number from 0 to {MAX_ID}")


async def _messages(
    events: AsyncGenerator[StreamEvent | None],
    is_allowed: Callable[[], Awaitable[bool]],
) -> AsyncGenerator[ServerSentEventMessage]:
    """Yield what a caller is sent, for as long as its key is valid."""
    # Proxies and browsers see that the stream is open before there is anything to say.
    yield ServerSentEventMessage(comment="alerts", retry=RECONNECT_MILLISECONDS, data=None)
    async with aclosing(events):
        async for event in events:
            if not await is_allowed():
                return
            yield _message(event)


def _message(event: StreamEvent | None) -> ServerSentEventMessage:
    if event is None:
        return ServerSentEventMessage(comment="", data=None)
    if event.data is None:
        # Moves on where to resume, without an event.
        return ServerSentEventMessage(comment="", id=event.alert_id, data=None)
    return ServerSentEventMessage(data=event.data, id=event.alert_id, event="alert")


router = Router("/", route_handlers=[stream], guards=[require("read")], tags=["Alerts"])
