"""The trail of what was done through /admin."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import msgspec

from app.audit.wire import AuditEntry
from app.runtime.sql import Command, Connection, Query


class Action:
    """Something that is being done; set `outcome` to what came of it, as a JSON object."""

    def __init__(self) -> None:
        self.outcome: dict[str, object] | None = None


class BegunAudit(msgspec.Struct, frozen=True, kw_only=True):
    """The row of something that is being done."""

    audit_id: int


_BEGIN_AUDIT = Query("begin_audit", BegunAudit)
_END_AUDIT = Command("end_audit")
_AUDIT_ENTRIES = Query("audit_entries", AuditEntry)


async def begin_audit(connection: Connection, *, who: str, action: str, parameters: bytes) -> int:
    """Note what somebody is about to do, with a JSON object of what was asked for."""
    begun = await _BEGIN_AUDIT.first(
        connection, who=who, action=action, parameters=parameters.decode()
    )
    assert begun is not None  # noqa: S101  # it inserts one row
    return begun.audit_id


async def end_audit(
    connection: Connection, *, audit_id: int, outcome: bytes | None, error: str | None
) -> None:
    """Note what came of it, once: JSON, or why it failed."""
    await _END_AUDIT.run(
        connection,
        audit_id=audit_id,
        outcome=None if outcome is None else outcome.decode(),
        error=error,
    )


async def audit_entries(
    connection: Connection, *, before: int | None, limit: int
) -> list[AuditEntry]:
    """Return what was done, newest first, older than the entry `before`."""
    return await _AUDIT_ENTRIES.all(connection, before=before, limit=limit)


@asynccontextmanager
async def recorded(
    connection: Connection, action: str, parameters: Mapping[str, object], *, who: str
) -> AsyncIterator[Action]:
    """Write what a command does into the audit trail: that it begins, and how it ends."""
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
        await end_audit(connection, audit_id=audit_id, outcome=outcome, error=error)
