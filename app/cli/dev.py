"""`groundswell dev`: everything here, on embedded engines."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import click

from app.cli.setting_up import settings_and_logs
from app.errors import InputError


@click.command()
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    envvar="PORT",
    help="Of the API. [default: PORT, or 8000, or a free one]",
)
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(".groundswell"),
    show_default=True,
    help="Folder in which the embedded TimescaleDB and Redis keep everything.",
)
@click.option(
    "--demo/--no-demo", default=False, help="Replay the sample, then make up live traffic."
)
@click.option("--kafka", is_flag=True, help="A Kafka broker and its consumer, too.")
def dev(port: int | None, data: Path, *, demo: bool, kafka: bool) -> None:
    """Run everything here: database, Redis, API and worker.

    TimescaleDB and Redis are embedded ones, for trying out, developing and testing; DATABASE_URL
    or REDIS_URL takes the place of either. Ctrl-C stops it all.
    """
    from app.dev.run import Dev, run_dev  # noqa: PLC0415  # each command imports what it needs

    if os.environ.get("IN_IMAGE"):
        raise InputError(
            "dev is for a checkout (make run): the image has migrate, serve and worker, and no "
            "embedded engine"
        )
    settings = settings_and_logs()
    wanted = Dev(settings=settings, data=data, port=port, demo=demo, kafka=kafka)
    asyncio.run(run_dev(wanted))
