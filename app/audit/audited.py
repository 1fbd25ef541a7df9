"""Keeping who did what through /admin, and what came of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import msgspec
import structlog

from app.access.guard import caller_of
from app.audit.queries import Action, begin_audit, end_audit
from app.errors import UnavailableError
from app.http.answers import AnyRequest
from app.services import services_of

log = structlog.get_logger(__name__)


@asynccontextmanager
async def audited(
    request: AnyRequest, action: str, parameters: Mapping[str, object]
) -> AsyncIterator[Action]:
    """Write the block into the audit trail: that it begins, and its outcome or its error.

    Raises `UnavailableError`, before the block, while the database is down. An end that cannot be
    written is logged; its row stays open.
    """
    services = services_of(request)
    who = (await caller_of(request)).name
    async with services.connected() as connection:
        audit_id = await begin_audit(
            connection, who=who, action=action, parameters=msgspec.json.encode(parameters)
        )
    doing = Action()
    error: str | None = "cut off"
    try:
        yield doing
        error = None
    except Exception as failure:
        error = str(failure) or type(failure).__name__
        raise
    finally:
        outcome = None if doing.outcome is None else msgspec.json.encode(doing.outcome)
        try:
            async with services.connected() as connection:
                await end_audit(connection, audit_id=audit_id, outcome=outcome, error=error)
        except UnavailableError as failure:
            log.warning("audit not ended", audit_id=audit_id, error=failure.detail)
