"""`groundswell consume`: events from Kafka."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from app.cli.setting_up import settings_and_logs
from app.errors import InputError


@click.command()
@click.option(
    "--heartbeat",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File to touch every other second, for a supervisor to look at.",
)
def consume(heartbeat: Path | None) -> None:
    """Write the events of Kafka's topics to the database, each exactly once.

    GROUNDSWELL_KAFKA_SERVERS names the brokers, GROUNDSWELL_KAFKA_MAPPING a file that says which
    topics are read and what their messages mean. Any number of processes share the work.
    """
    settings = settings_and_logs()
    try:
        from app.consumer import run_consumer  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise InputError(
            f"{error.name} is not installed: pip install 'groundswell[kafka]'"
        ) from error
    asyncio.run(run_consumer(settings, heartbeat=heartbeat))
