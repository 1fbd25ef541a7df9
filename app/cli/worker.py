"""`groundswell worker`: what goes on beside the API."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from app.cli.setting_up import settings_and_logs


@click.command()
@click.option(
    "--heartbeat",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File to touch every other second, for a supervisor to look at.",
)
def worker(heartbeat: Path | None) -> None:
    """Write events to the database and publish rankings to Redis."""
    from app.worker import run_worker  # noqa: PLC0415

    asyncio.run(run_worker(settings_and_logs(), heartbeat=heartbeat))
