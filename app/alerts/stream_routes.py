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
from app.errors import TooManyStreamsError
from app.http.parameters import MAX_NAME
from app.http.problems import documented
from app.services import Services

RETRY_AFTER = 5.0
"""Seconds after which a caller may try again when as many listen as may."""
MAX_ID = 2**63 - 1
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
        **documented(TooManyStreamsError),
    },
)
async def stream(
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
        int | None,
        HeaderParameter(
            name="Last-Event-ID", ge=0, le=MAX_ID, description="Id of the last event received."
        ),
    ] = None,
) -> ServerSentEvent:
    """Hold a stream of alerts."""
    feed = services.alert_feed
    if feed.is_full:
        raise TooManyStreamsError(
            "as many callers listen as GROUNDSWELL_MAX_STREAMS says", retry_after=RETRY_AFTER
        )
    return ServerSentEvent(
        _messages(feed, after=last_event_id, ranking=ranking, subscription_id=subscription)
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


router = Router("/", route_handlers=[stream], guards=[require("read")], tags=["Alerts"])
