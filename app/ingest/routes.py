"""`POST /analytics/events` and `POST /analytics/{view,like,comment,share}/{id}`: record events."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from litestar import MediaType, Response, Router, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import QueryParameter

from app.access.guard import caller_of, demand, require
from app.errors import (
    BadRequestError,
    NothingAcceptedError,
    OverloadedError,
    RateLimitedError,
    TooLargeError,
    UnknownItemError,
)
from app.http.answers import AnyRequest
from app.http.body import body_of
from app.http.openapi_bodies import json_body
from app.http.parameters import MAX_NAME, ContentId
from app.http.problems import MEDIA_TYPE as PROBLEM
from app.http.problems import documented
from app.ingest.cloud_events import CloudEvent
from app.ingest.decode import Decoded, decode_action, decode_body
from app.ingest.sender import Sender
from app.ingest.wire import Accepted, ActionIn, EventIn, EventType, Refused
from app.services import Services

OptionalType = Annotated[
    str | None,
    QueryParameter(
        name="contentType",
        min_length=1,
        max_length=MAX_NAME,
        description="Type of the item; goes before the one in the body. `video` where neither is.",
    ),
]
Wait = Annotated[
    bool, QueryParameter(name="wait", description="Answer 200 once the events are in the database.")
]
Durable = Annotated[
    Literal["stored", "replicated"] | None,
    QueryParameter(
        name="durable",
        description="When to answer: once Redis has the events (`stored`), or once its replicas "
        "have them, too (`replicated`); where one does not confirm in time, once the database "
        "has them, and a 503 where that is down. Without it, as `GROUNDSWELL_DURABLE` says.",
    ),
]
Validate = Annotated[
    bool, QueryParameter(name="validate", description="Say what would be accepted; store nothing.")
]

Backfill = Annotated[
    bool,
    QueryParameter(
        name="backfill",
        description="The events are old ones: any age is taken, and live events go first. "
        "Needs a key with the scope `backfill`, where keys are required.",
    ),
]


ACTIONS: tuple[EventType, ...] = ("view", "like", "comment", "share")

_RESPONSES: dict[int, ResponseSpec] = {
    202: ResponseSpec(
        Accepted,
        description="At least one event is accepted and durable, or none was sent. "
        "`rejected` names the others by their index.",
        generate_examples=False,
    ),
    422: ResponseSpec(
        Refused,
        description="Every event was rejected (`/problems/nothing-accepted`)",
        media_type=PROBLEM,
        generate_examples=False,
    ),
    **documented(UnknownItemError, TooLargeError, OverloadedError, RateLimitedError),
}


@post(
    "/analytics/events",
    status_code=202,
    request_max_body_size=None,
    summary="Record events",
    description="One event, an array of them, NDJSON (`application/x-ndjson`), or CloudEvents, "
    "gzip too; JSON may come as `text/plain`, as `navigator.sendBeacon` sends it. Every event has "
    "its own outcome: a bad one never sinks the others. An event `id` counts once, however often "
    "it is sent and with whatever time; one that was used for another type, item or user is "
    "rejected.",
    operation_id="recordEvents",
    guards=[require("write", public=True)],
    operation_class=json_body(
        EventIn,
        several=True,
        media_types=("application/json", "application/x-ndjson"),
        others={
            "application/cloudevents+json": CloudEvent,
            "application/cloudevents-batch+json": list[CloudEvent],
        },
    ),
    tags=["Events"],
    responses={
        200: ResponseSpec(
            Accepted,
            description="With `wait`: the accepted events are in the database. "
            "With `validate`: nothing was stored.",
            generate_examples=False,
        ),
        **_RESPONSES,
    },
)
async def post_events(
    request: AnyRequest,
    services: NamedDependency[Services],
    wait: Wait = False,
    validate: Validate = False,
    backfill: Backfill = False,
    durable: Durable = None,
) -> Response[bytes]:
    """Record the events in the body."""
    recorder, senders = services.recorder, services.senders
    if backfill:
        await demand(request, "backfill")
    sender = await senders.sender_of(request, await caller_of(request), backfills=backfill)
    # Not kept here: an event need not outlive its packing.
    if validate:
        recorded = await recorder.validate(await _events(request, services, sender), sender)
        return _answer(request, recorded.accepted, status=200, headers=recorded.headers)
    record = recorder.record_and_wait if wait else recorder.record
    recorded = await record(
        await _events(request, services, sender),
        sender,
        is_replicated=(durable or services.settings.durable) == "replicated",
    )
    status = 200 if wait and recorded.is_written else 202
    return _answer(request, recorded.accepted, status=status, headers=recorded.headers)


def _action(event_type: EventType) -> HTTPRouteHandler:
    """Make the route that records one kind of action on one item."""

    @post(
        f"/analytics/{event_type}/{{content_id:str}}",
        status_code=202,
        request_max_body_size=None,
        summary=f"Record a {event_type}",
        description=f"Record one {event_type} of an item, which need not be known yet. The body "
        "may be empty; an `id` in it counts once, however often it is sent.",
        operation_id=f"record{event_type.capitalize()}",
        operation_class=json_body(ActionIn, required=False),
        guards=[require("write", public=True)],
        tags=["Events"],
        responses={
            200: ResponseSpec(
                Accepted,
                description="With `wait`: the event is in the database.",
                generate_examples=False,
            ),
            **_RESPONSES,
        },
        name=f"record_{event_type}",
    )
    async def action(
        request: AnyRequest,
        services: NamedDependency[Services],
        content_id: ContentId,
        content_type: OptionalType = None,
        wait: Wait = False,
        durable: Durable = None,
    ) -> Response[bytes]:
        recorder, senders, settings = services.recorder, services.senders, services.settings
        body = await body_of(request, limit=settings.max_event_bytes)
        event = decode_action(body, event_type=event_type, content_id=content_id)
        if content_type is not None and isinstance(event, EventIn):
            event = msgspec.structs.replace(event, content_type=content_type)
        sender = await senders.sender_of(request, await caller_of(request))
        record = recorder.record_and_wait if wait else recorder.record
        is_replicated = (durable or settings.durable) == "replicated"
        recorded = await record([event], sender, is_replicated=is_replicated)
        status = 200 if wait and recorded.is_written else 202
        return _answer(request, recorded.accepted, status=status, headers=recorded.headers)

    return action


async def _events(request: AnyRequest, services: Services, sender: Sender) -> list[Decoded]:
    settings = services.settings
    body = await body_of(request, limit=settings.max_body_bytes)
    try:
        async with services.recorder.slices.work() as pause:
            return await decode_body(
                body,
                media_type=request.headers.get("content-type", ""),
                max_events=settings.max_events,
                max_event_bytes=settings.max_event_bytes,
                pause=pause,
            )
    except (BadRequestError, TooLargeError):
        await services.recorder.charge(sender)
        raise


def _answer(
    request: AnyRequest, accepted: Accepted, *, status: int, headers: dict[str, str] | None = None
) -> Response[bytes]:
    if accepted.accepted or not accepted.rejected:
        body = msgspec.json.encode(accepted)
        return Response(body, status_code=status, media_type=MediaType.JSON, headers=headers)
    problem = Refused(
        type=f"/problems/{NothingAcceptedError.slug}",
        title=NothingAcceptedError.title,
        status=NothingAcceptedError.status,
        detail=accepted.rejected[0].reason,
        accepted=0,
        rejected=accepted.rejected,
        instance=request.url.path,
    )
    return Response(
        msgspec.json.encode(problem),
        status_code=problem.status,
        media_type=PROBLEM,
        headers=headers,
    )


router = Router(
    "/",
    route_handlers=[
        post_events,
        *(_action(action) for action in ACTIONS),
    ],
    security=[{}, {"apiKey": []}, {"apiKeyHeader": []}, {"publicKey": []}],
)
