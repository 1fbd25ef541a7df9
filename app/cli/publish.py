"""`groundswell publish`: events and changes in lists, to Kafka."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from app.cli.setting_up import settings_and_logs
from app.cli.waiting import waiting
from app.errors import InputError


@click.command()
@click.option(
    "--heartbeat",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File to touch every other second, for a supervisor to look at.",
)
@click.option("--off", is_flag=True, help="Publish nothing any more, and forget what waits.")
def publish(heartbeat: Path | None, *, off: bool) -> None:
    """Publish accepted events and changes in lists to topics of Kafka, each at least once.

    GROUNDSWELL_KAFKA_EVENT_TOPIC and GROUNDSWELL_KAFKA_RANKING_TOPIC name the topics,
    GROUNDSWELL_KAFKA_SERVERS the brokers. Once it has run, what is to be published waits in the
    database while it does not: --off ends that. Any number of processes share the work.
    """
    settings = settings_and_logs()
    try:
        from app.publishing import run_publishing, switch_off  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise InputError(
            f"{error.name} is not installed: pip install 'groundswell[kafka]'"
        ) from error
    if off:
        with waiting("switching off"):
            dropped = asyncio.run(switch_off(settings))
        click.echo(f"nothing is published any more; {dropped} events waited and are forgotten")
        return
    asyncio.run(run_publishing(settings, heartbeat=heartbeat))
