"""`GET /alerts/stream`: alerts as server-sent events."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import HeaderParameter, QueryParameter
from litestar.response import ServerSentEvent, ServerSentEventMessage

from app.access.guard import require
from app.alerts.feed import AlertFeed, StreamEvent
from app.errors import (
    BadRequestError,
    ForbiddenError,
    TooManyStreamsError,
    UnauthorizedError,
    UnavailableError,
)
from app.http.parameters import parse_name
from app.http.problems import documented
from app.services import Services

RETRY_AFTER = 5.0
"""Seconds after which a caller may try again when as many listen as may."""
RECONNECT_MILLISECONDS = 2_000
"""What a browser is told to wait before it comes back."""


@get(
    "/alerts/stream",
    summary="Alerts as server-sent events",
    description="An endless answer of the type `text/event-stream`: each event is named `alert`, "
    "its data is what a webhook gets, its id goes up. Who comes back with the last id as "
    "`Last-Event-ID`, as browsers do, is first sent what was raised meanwhile. Without it, the "
    "stream begins now. A comment comes at least every 15 seconds.",
    operation_id="alertStream",
    responses={
        200: ResponseSpec(
            str,
            description="The stream",
            generate_examples=False,
            media_type="text/event-stream",
        ),
        **documented(
            BadRequestError,
            UnauthorizedError,
            ForbiddenError,
            TooManyStreamsError,
            UnavailableError,
        ),
    },
)
async def stream(
    services: NamedDependency[Services],
    ranking: Annotated[
        str | None, QueryParameter(name="ranking", description="Only alerts about this ranking.")
    ] = None,
    subscription: Annotated[
        str | None,
        QueryParameter(
            name="subscription",
            description="Only alerts of this subscription.",
            schema_extra={"type": "integer"},
        ),
    ] = None,
    last_event_id: Annotated[
        str | None,
        HeaderParameter(name="Last-Event-ID", description="Id of the last event received."),
    ] = None,
) -> ServerSentEvent:
    """Hold a stream of alerts."""
    if ranking is not None:
        parse_name("ranking", ranking)
    subscription_id = None if subscription is None else _number("subscription", subscription)
    after = _number("Last-Event-ID", last_event_id) if last_event_id else None
    feed = services.alert_feed
    if feed.is_full:
        raise TooManyStreamsError(
            "as many callers listen as GROUNDSWELL_MAX_STREAMS says", retry_after=RETRY_AFTER
        )
    return ServerSentEvent(
        _messages(feed, after=after, ranking=ranking, subscription_id=subscription_id)
    )


async def _messages(
    feed: AlertFeed, *, after: int | None, ranking: str | None, subscription_id: int | None
) -> AsyncIterator[ServerSentEventMessage]:
    # Proxies and browsers see that the stream is open before there is anything to say.
    yield ServerSentEventMessage(comment="alerts", retry=RECONNECT_MILLISECONDS, data=None)
    async for event in feed.follow(after=after, ranking=ranking, subscription_id=subscription_id):
        yield _message(event)


def _message(event: StreamEvent | None) -> ServerSentEventMessage:
    if event is None:
        return ServerSentEventMessage(comment="", data=None)
    if event.data is None:
        # Moves on where to resume, without an event.
        return ServerSentEventMessage(comment="", id=event.alert_id, data=None)
    return ServerSentEventMessage(data=event.data, id=event.alert_id, event="alert")


def _number(name: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise BadRequestError(f"{name}: {text[:100]!r} is none that this service has given out")
    return int(text)


router = Router("/", route_handlers=[stream], guards=[require("read")], tags=["Alerts"])
