"""The JSON shapes of the audit trail."""

from __future__ import annotations

from datetime import datetime

from app.http.wire import Wire


class AuditEntry(Wire, frozen=True):
    """Something that was done through /admin."""

    audit_id: int
    """Its number; it goes up."""
    action: str
    """Such as `rankings.refresh` or `stats.recompute`."""
    who: str
    """The name of the API key, or `admin key` for that of the settings."""
    parameters: dict[str, object]
    """What was asked for."""
    began_at: datetime
    """When it began."""
    ended_at: datetime | None
    """Null while under way, or where it was cut off."""
    outcome: dict[str, object] | None
    """What came of it; null if nothing did."""
    error: str | None
    """Why it failed; null when all went well."""


class AuditPage(Wire, frozen=True):
    """A part of the audit trail, newest first."""

    entries: list[AuditEntry]
    """What was done, newest first."""
    next_cursor: str | None
    """Leads to older entries; null on the last page."""
