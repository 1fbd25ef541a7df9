"""`groundswell migrate`: the schema, the weights and the zone."""

from __future__ import annotations

import asyncio

import click

from app.cli.setting_up import settings_and_logs


@click.command()
def migrate() -> None:
    """Bring the database to this version; doing it again changes nothing."""
    from app.migrate.migrate import migrate as run_migrations  # noqa: PLC0415
    from app.migrate.report import lines_of  # noqa: PLC0415
    from app.rankings.calendar_zone import set_calendar_zone  # noqa: PLC0415
    from app.rankings.daily_zone import set_daily_zone  # noqa: PLC0415
    from app.rankings.default_weights import set_default_weights  # noqa: PLC0415

    settings = settings_and_logs()

    async def run() -> None:
        for line in lines_of(await run_migrations(settings.database_url)):
            click.echo(line)
        for changed in await set_default_weights(settings.database_url, settings=settings):
            click.echo(
                f"a {changed.metric} is worth {changed.weight:g} now, where no ranking differs"
            )
        if await set_calendar_zone(settings.database_url, zone=settings.zone):
            click.echo(f"days, weeks and months are those of {settings.zone} now")
        if moved := await set_daily_zone(settings.database_url, settings=settings):
            click.echo(f"daily in {settings.zone} now: {', '.join(moved)}")

    asyncio.run(run())
