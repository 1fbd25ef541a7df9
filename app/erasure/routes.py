"""`POST /admin/erasures`: erase what is kept of a user, or of an item."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime

import msgspec
from litestar import Response, Router, post
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec

from app.access.guard import require
from app.audit.audited import audited
from app.erasure.erase import Subject, erase
from app.erasure.wire import Erased, ErasureIn
from app.errors import BadRequestError, UnknownItemError
from app.http.answers import AnyRequest, passing
from app.http.body import decoded
from app.http.openapi_bodies import json_body
from app.http.problems import documented
from app.http.wire import id_text
from app.runtime.pool import PooledConnection
from app.services import Services

MAX_BODY = 10_000
DECODER = msgspec.json.Decoder(ErasureIn)


@post(
    "/admin/erasures",
    status_code=200,
    request_max_body_size=None,
    summary="Erase a user or an item",
    description="Of a user: its id, sessions and metadata in events, waiting ones and dead letters "
    "too, and whose its likes are; with `counts: purge` the events and likes themselves. Of an "
    "item: name, texts and metadata, and it is excluded; with `purge` its events, likes and "
    "aggregates. Stop sending first. The audit trail has a hash instead of the id.",
    operation_id="erase",
    operation_class=json_body(ErasureIn),
    tags=["Admin"],
    responses={
        200: ResponseSpec(Erased, description="What was erased", generate_examples=False),
        **documented(BadRequestError, UnknownItemError),
    },
)
async def post_erasure(request: AnyRequest, services: NamedDependency[Services]) -> Response[bytes]:
    """Erase what the body says."""
    given = await decoded(request, DECODER, limit=MAX_BODY)
    if (given.user_id is None) == (given.content_id is None):
        raise BadRequestError("name a userId or a contentId, and not both")
    subject = Subject(
        user_id=None if given.user_id is None else id_text(given.user_id),
        content_type=given.content_type,
        content_id=None if given.content_id is None else id_text(given.content_id),
    )

    def connect() -> AbstractAsyncContextManager[PooledConnection]:
        return services.connected(within=services.settings.admin_seconds)

    async with audited(request, "erase", subject.parameters(given.counts)) as action:
        erased = await erase(
            connect,
            services.redis,
            subject,
            purges=given.counts == "purge",
            as_of=datetime.now(UTC),
        )
        action.outcome = None if erased is None else msgspec.to_builtins(erased)
    if erased is None:
        raise UnknownItemError(f"no item has the id {subject.content_id!r}")
    return passing(request, erased)


router = Router(
    "/", route_handlers=[post_erasure], guards=[require("admin")], security=[{"adminKey": []}]
)
