"""`POST /admin/erasures`, `DELETE /items/{id}`: erase what is kept of a user, or of an item."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from typing import Annotated

import msgspec
from litestar import Response, Router, delete, post
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import QueryParameter

from app.access.guard import require
from app.audit.audited import audited
from app.erasure.erase import Subject, erase
from app.erasure.wire import Erased, ErasureIn
from app.errors import BadRequestError, UnknownItemError
from app.http.answers import AnyRequest, passing
from app.http.body import decoded
from app.http.openapi_bodies import json_body
from app.http.parameters import DEFAULT_TYPE, ContentId, ContentType
from app.http.problems import documented
from app.http.wire import id_text
from app.rankings.dropping import drop_excluded
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

    return await answer_erased(request, services, subject, purges=given.counts == "purge")


@delete(
    "/items/{content_id:str}",
    status_code=200,
    summary="Delete an item",
    description="Erases its name, texts and metadata and takes it out of all lists at once; what "
    "was counted stays in sums over all items, or goes too with `purge`. Its id is unknown then: "
    "an event of it would begin another item, so stop sending first. It cannot be taken back.",
    operation_id="deleteItem",
    guards=[require("admin")],
    security=[{"adminKey": []}],
    tags=["Items"],
    responses={
        200: ResponseSpec(Erased, description="What was erased", generate_examples=False),
        **documented(UnknownItemError),
    },
)
async def delete_item(
    request: AnyRequest,
    services: NamedDependency[Services],
    content_id: ContentId,
    content_type: ContentType = DEFAULT_TYPE,
    purge: Annotated[
        bool, QueryParameter(name="purge", description="Whether its counts go, too.")
    ] = False,
) -> Response[bytes]:
    """Erase an item."""
    subject = Subject(content_type=content_type, content_id=content_id)
    return await answer_erased(request, services, subject, purges=purge)


async def answer_erased(
    request: AnyRequest,
    services: Services,
    subject: Subject,
    *,
    purges: bool,
    headers: dict[str, str] | None = None,
) -> Response[bytes]:
    """Erase `subject`, with a line in the audit trail, and say what that came to.

    An item leaves all lists, too. Raises `UnknownItemError`.
    """

    def connect() -> AbstractAsyncContextManager[PooledConnection]:
        return services.connected(within=services.settings.admin_seconds)

    parameters = subject.parameters("purge" if purges else "keep")
    async with audited(request, "erase", parameters) as action:
        erased = await erase(
            connect, services.redis, subject, purges=purges, as_of=datetime.now(UTC)
        )
        action.outcome = None if erased is None else msgspec.to_builtins(erased)
    if erased is None:
        raise UnknownItemError(f"no {subject.content_type} has the id {subject.content_id!r}")
    if subject.content_id is not None:
        await drop_excluded(services.settings, services.pool)
    return passing(request, erased, headers=headers)


router = Router(
    "/",
    route_handlers=[post_erasure],
    guards=[require("admin")],
    security=[{"adminKey": []}],
)
