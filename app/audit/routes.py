"""`GET /admin/audit`: what was done through /admin, by whom, and what came of it."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import MediaType, Response, Router, get
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import QueryParameter

from app.access.guard import require
from app.audit.queries import audit_entries
from app.audit.wire import AuditPage
from app.errors import (
    AdminDisabledError,
    BadRequestError,
    ForbiddenError,
    UnauthorizedError,
    UnavailableError,
)
from app.http.parameters import parse_limit
from app.http.problems import documented
from app.services import Services

MAX_ENTRIES = 1_000
MAX_CURSOR = 9_223_372_036_854_775_807


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
        **documented(
            BadRequestError,
            UnauthorizedError,
            AdminDisabledError,
            ForbiddenError,
            UnavailableError,
        ),
    },
)
async def audit(
    services: NamedDependency[Services],
    limit: Annotated[
        str,
        QueryParameter(
            name="limit",
            description="How many entries.",
            schema_extra={"type": "integer", "minimum": 1, "maximum": MAX_ENTRIES},
        ),
    ] = "50",
    cursor: Annotated[
        str, QueryParameter(name="cursor", description="`nextCursor` of the page before.")
    ] = "",
) -> Response[bytes]:
    """Answer with a page of the audit trail."""
    size = parse_limit(limit, most=MAX_ENTRIES)
    before = _parse_cursor(cursor)
    async with services.connected() as connection:
        entries = await audit_entries(connection, before=before, limit=size + 1)
    page = AuditPage(
        entries=entries[:size],
        next_cursor=str(entries[size - 1].audit_id) if len(entries) > size else None,
    )
    return Response(
        msgspec.json.encode(page),
        headers={"cache-control": "no-store"},
        media_type=MediaType.JSON,
    )


def _parse_cursor(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and int(text[:20]) <= MAX_CURSOR and len(text) < 20):
        raise BadRequestError(f"cursor: {text[:100]!r} is none of ours")
    return int(text)


router = Router(
    "/",
    route_handlers=[audit],
    guards=[require("admin")],
    security=[{"adminKey": []}],
)
