"""Tells people what a migration did."""

from __future__ import annotations

from app.migrate.migrate import MigrationReport


def lines_of(report: MigrationReport) -> list[str]:
    """Return what a migration did, one fact a line."""
    lines = [f"applied {name}" for name in report.applied]
    if report.newer:
        lines.append(
            f"left as it is: the database is of a newer version, with which this one works "
            f"({', '.join(report.newer)})"
        )
    if report.replaced:
        lines.append(f"replaced {report.replaced} functions and views in place")
    if report.jobs:
        lines.append(f"scheduled {', '.join(report.jobs)}")
    lines.extend(f"mended: {what}" for what in report.mended)
    if report.jobs_skipped:
        lines.append(f"no jobs run here: {report.jobs_skipped}")
    lines.extend(f"look: {what}" for what in report.warnings)
    return lines or ["the database is up to date"]
