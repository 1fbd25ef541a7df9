"""`groundswell migrate`: the schema, the weights and the zone."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.cli.setting_up import settings_and_logs
from app.cli.waiting import waiting
from app.settings import Settings

if TYPE_CHECKING:
    from app.migrate.roles import Services


@click.command()
@click.option("--check", is_flag=True, help="Only tell what it would do; exit code 1 for anything.")
@click.option(
    "--cascade",
    "script",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Drop what others built on what has to go, and write to FILE what brings it back.",
)
def migrate(*, check: bool, script: Path | None) -> None:
    """Bring the database to this version; doing it again changes nothing.

    Functions and views are replaced in place; roles, grants and jobs that are missing come back.
    """
    settings = settings_and_logs()
    with waiting("comparing" if check else "migrating"):
        asyncio.run(_tell_differences(settings) if check else _migrate(settings, script))


async def _tell_differences(settings: Settings) -> None:
    from app.migrate.migrate import differences  # noqa: PLC0415

    found = await differences(settings.database_url, services=_services(settings))
    for line in found:
        click.echo(line)
    if found:
        raise click.exceptions.Exit(1)


async def _migrate(settings: Settings, script: Path | None) -> None:
    from app.migrate.migrate import migrate as run_migrations  # noqa: PLC0415
    from app.migrate.report import lines_of  # noqa: PLC0415
    from app.rankings.calendar_zone import set_calendar_zone  # noqa: PLC0415
    from app.rankings.daily_zone import DEFAULT, set_daily_zone  # noqa: PLC0415
    from app.rankings.default_weights import set_default_weights  # noqa: PLC0415

    url = settings.database_url
    report = await run_migrations(url, services=_services(settings), script=script)
    for line in lines_of(report):
        click.echo(line)
    for changed in await set_default_weights(url, settings=settings):
        click.echo(f"a {changed.metric} is worth {changed.weight:g} now, where no ranking differs")
    if await set_calendar_zone(url, zone=settings.zone):
        click.echo(f"days, weeks and months are those of {settings.zone or DEFAULT} now")
    if moved := await set_daily_zone(url, settings=settings):
        click.echo(f"daily in {settings.zone or DEFAULT} now: {', '.join(moved)}")


def _services(settings: Settings) -> Services:
    """Return the role to make for API and workers, and how many connections they may open."""
    from app.migrate.roles import BESIDE_POOL, Login, Services  # noqa: PLC0415

    login = None
    if settings.db_password is not None:
        login = Login(user=settings.db_user, password=settings.db_password)
    processes = settings.api_servers * settings.api_workers + settings.workers
    return Services(login=login, connections=processes * (settings.pool_size + BESIDE_POOL))
