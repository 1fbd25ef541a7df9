"""The scheduled jobs, as their ledger tells."""

from __future__ import annotations

from datetime import datetime

import msgspec

from app.runtime.sql import Connection, Query


class JobStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How the newest ended run of a job went."""

    job: str
    started_at: datetime
    finished_at: datetime | None
    """None if it was cut off."""
    error: str | None
    """None when all went well."""
    succeeded_at: datetime | None
    """When a run last ended without an error."""


_JOB_STATUS = Query("job_status", JobStatus)


async def job_statuses(connection: Connection) -> list[JobStatus]:
    """Return every job that ever ran, by name."""
    return await _JOB_STATUS.all(connection)
