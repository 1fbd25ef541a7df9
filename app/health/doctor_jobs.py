"""The scheduled jobs, as the doctor judges them: by when each last ended well."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec

from app.health.findings import Finding, Verdict
from app.health.jobs import JobStatus
from app.migrate import jobs
from app.runtime.sql import Connection, Query

STILL = timedelta(minutes=3)
"""So long the job of every minute may have had no success, as /health and lists count it."""
ALLOWED = {
    "run_rankings": STILL,
    "refresh_aggregates": STILL,
    "count_neighbours": timedelta(hours=1),
    "label_actors": timedelta(minutes=10),
    "maintain_storage": timedelta(hours=3),
    # A day of 25 hours, and an hour in which it runs.
    "reconcile": timedelta(hours=26),
}
"""So long each job may have had no success: some of its runs, at the least."""
DAY = timedelta(days=1)
"""The same of others."""


class _Scheduled(msgspec.Struct, frozen=True, kw_only=True):
    since: datetime | None


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What pg_cron has to do here."""

    begun: datetime
    """When it could begin: the server has run, and jobs are scheduled, since then."""
    active: dict[str, bool]
    """The jobs that it has, and whether they are not paused."""


_JOBS_SCHEDULED = Query("jobs_scheduled", _Scheduled)


async def plan_of(connection: Connection, *, running_since: datetime) -> Plan:
    """Return what a server that runs since then has to do; only where it has jobs."""
    scheduled = await _JOBS_SCHEDULED.first(connection)
    since = running_since
    if scheduled is not None and scheduled.since is not None:
        since = max(since, scheduled.since)
    prefix = jobs.JOB_PREFIX
    found = {job.name.removeprefix(prefix): job.active for job in await jobs.registered(connection)}
    return Plan(begun=since, active=found)


def look_at_jobs(
    statuses: list[JobStatus], now: datetime, plan: Plan | None = None
) -> Iterator[Finding]:
    """Judge each job by when it last ended well; without a plan, by that alone."""
    by_name = {status.job: status for status in statuses}
    if "run_rankings" not in by_name:
        yield _never_run(now, plan)
    for status in statuses:
        if plan is None:
            yield _of_job(status, now, None)
        elif plan.active.get(status.job):
            yield _of_job(status, now, plan.begun)
        elif status.job in plan.active:
            yield Finding(
                what=f"job {status.job}",
                verdict="warn",
                says="it is paused",
                mend="where nobody meant it: set active = true in cron.job for "
                f"{jobs.JOB_PREFIX}{status.job}",
            )
        elif status.error is not None and now - status.started_at < DAY:
            # A part of a job, such as the refresh of one aggregate, has lines of its own.
            yield Finding(
                what=f"job {status.job}",
                verdict="warn",
                says=f"its newest run failed: {status.error}",
                mend="see core.job_run",
            )
        # Of what is scheduled no more the ledger keeps the runs for a week.


def _never_run(now: datetime, plan: Plan | None) -> Finding:
    is_new = (
        plan is not None and plan.active.get("run_rankings", False) and now - plan.begun <= STILL
    )
    return Finding(
        what="job run_rankings",
        verdict="warn" if is_new else "fail",
        says="it has not run yet: jobs begin with the next minute" if is_new
        else "it has never run",
        mend="ask again in a minute" if is_new
        else "`groundswell migrate` schedules it; look into cron.job and cron.job_run_details",
    )  # fmt: skip


def _of_job(status: JobStatus, now: datetime, begun: datetime | None) -> Finding:
    since = status.succeeded_at
    allowed = ALLOWED.get(status.job, DAY)
    # A server that was off for a night is not behind with what it does every hour.
    moments = [moment for moment in (since, begun) if moment is not None]
    late = not moments or now - max(moments) > allowed
    ended = "no run has ended well" + ("" if since is None else f" since {since:%F %H:%M} UTC")
    verdict: Verdict = "ok"
    says = ended if since is None else f"last ended well {_length(now - since)} ago"
    if status.error is not None:
        verdict, says = "fail" if late else "warn", f"its newest run failed: {status.error}"
    elif late:
        verdict, says = "fail", ended
    elif since is None:
        verdict = "warn"
    return Finding(
        what=f"job {status.job}",
        verdict=verdict,
        says=says,
        mend=None
        if verdict == "ok"
        else "see core.job_run, and cron.job_run_details for what never began",
    )


def _length(time: timedelta) -> str:
    """Return `40 s`, `12 min`, `3 h`; a job of every night has not ended 80,000 s ago."""
    seconds = max(0.0, time.total_seconds())
    for unit, size in (("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
