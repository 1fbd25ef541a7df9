"""`GET /admin/audit`: what was done through /admin, by whom, and what came of it."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from litestar import Response, Router, get
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import QueryParameter
from msgspec import Meta

from app.access.guard import require
from app.audit.queries import audit_entries
from app.audit.wire import AuditPage
from app.http.answers import AnyRequest, passing
from app.http.cursor import Codec, page_of
from app.http.parameters import PageCursor
from app.services import Services

MAX_ENTRIES = 1_000


class AuditCursor(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """Where a page of the trail begins."""

    list_: Literal["audit1"] = "audit1"
    before: Annotated[int, Meta(ge=1, le=2**63 - 1)]
    """Only entries older than this one."""


CODEC = Codec(AuditCursor)


@get(
    "/admin/audit",
    status_code=200,
    summary="Show what admins did",
    description="What was done through /admin, newest first: by whom, when, with which parameters, "
    "and what came of it. Exclusions of items keep a trail of their own.",
    operation_id="getAudit",
    tags=["Admin"],
    responses={
        200: ResponseSpec(AuditPage, description="A page of it", generate_examples=False),
    },
)
async def audit(
    request: AnyRequest,
    services: NamedDependency[Services],
    limit: Annotated[
        int, QueryParameter(name="limit", ge=1, le=MAX_ENTRIES, description="How many to return.")
    ] = 50,
    cursor: PageCursor = None,
) -> Response[bytes]:
    """Answer with a page of the audit trail."""
    before = None if cursor is None else CODEC.decode(cursor).before
    async with services.connected() as connection:
        entries = await audit_entries(connection, before=before, limit=limit + 1)
    shown, next_cursor = page_of(
        entries, limit, lambda last: CODEC.encode(AuditCursor(before=last.audit_id))
    )
    return passing(request, AuditPage(entries=shown, next_cursor=next_cursor))


router = Router(
    "/",
    route_handlers=[audit],
    guards=[require("admin")],
    security=[{"adminKey": []}],
)
