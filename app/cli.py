"""The command line: `groundswell`, or `python -m app`."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from app.cli_dead_letters import dead_letters
from app.cli_items import catalogue
from app.cli_keys import api_keys
from app.errors import GroundswellError
from app.logs import configure_logs
from app.settings import Settings, read_settings

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


class Length(click.ParamType[timedelta]):
    """A stretch of time such as 90s, 15m, 12h or 30d."""

    name = "time"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> timedelta:
        """Return `value` as a `timedelta`."""
        if isinstance(value, timedelta):
            return value
        match = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd])", str(value))
        if not match or float(match[1]) == 0:
            self.fail(f"{value!r} is not a time such as 90s, 15m, 12h or 30d", param, ctx)
        return timedelta(**{_UNITS[match[2]]: float(match[1])})


class Moment(click.ParamType[datetime]):
    """A moment in ISO 8601; UTC where it names no zone."""

    name = "moment"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Return `value` as a `datetime` with a zone."""
        if isinstance(value, datetime):
            return value
        try:
            moment = datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is not a moment such as 2026-07-30T12:00:00Z", param, ctx)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="groundswell")
def cli() -> None:
    """Engagement analytics and trending on TimescaleDB.

    DATABASE_URL and REDIS_URL name the servers; GROUNDSWELL_ variables tune the rest.
    """


@cli.command()
@click.option(
    "--port", type=click.IntRange(1, 65535), help="Of the API. [default: 8000, or a free one]"
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
def dev(port: int | None, data: Path, *, demo: bool) -> None:
    """Run everything here: database, Redis, API and worker.

    TimescaleDB and Redis are embedded ones, for trying out, developing and testing; DATABASE_URL
    or REDIS_URL takes the place of either. Ctrl-C stops it all.
    """
    from app.dev.run import Dev, run_dev  # noqa: PLC0415  # each command imports what it needs

    settings = _settings()
    asyncio.run(run_dev(Dev(settings=settings, data=data, port=port, demo=demo)))


@cli.command()
@click.option("--host", help="Address to listen on. [default: HOST or 127.0.0.1]")
@click.option("--port", type=click.IntRange(1, 65535), help="[default: PORT or 8000]")
@click.option("--workers", type=click.IntRange(1), default=1, show_default=True, help="Processes.")
def serve(host: str | None, port: int | None, workers: int) -> None:
    """Serve the HTTP API."""
    from app import serve as server  # noqa: PLC0415

    server.serve(server.with_port(_settings(), host=host, port=port), workers=workers)


@cli.command()
@click.option(
    "--heartbeat",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File to touch every other second, for a supervisor to look at.",
)
def worker(heartbeat: Path | None) -> None:
    """Write events to the database and publish rankings to Redis."""
    from app.worker import run_worker  # noqa: PLC0415

    asyncio.run(run_worker(_settings(), heartbeat=heartbeat))


@cli.command()
def migrate() -> None:
    """Bring the database to this version; doing it again changes nothing."""
    from app.database.daily import set_daily_zone  # noqa: PLC0415
    from app.database.migrate import migrate as run_migrations  # noqa: PLC0415
    from app.database.report import lines_of  # noqa: PLC0415
    from app.database.weights import set_default_weights  # noqa: PLC0415
    from app.database.zone import set_calendar_zone  # noqa: PLC0415

    settings = _settings()

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


@cli.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--url", default="http://127.0.0.1:8000", show_default=True, help="The API.")
@click.option(
    "--scale",
    type=click.FloatRange(0, min_open=True),
    default=0.001,
    show_default=True,
    help="Events sent for one in the file.",
)
@click.option("--span", type=Length(), help="Lay the file over this much time. [default: its own]")
@click.option(
    "--until", type=Moment(), help="End of that time; the same twice counts once. [default: now]"
)
@click.option("--duration", type=Length(), help="Play it live from now on, in this time, instead.")
@click.option("--days", type=click.IntRange(1), help="Only the newest days of the file.")
@click.option(
    "--start", type=click.DateTime(["%Y-%m-%d"]), help="Only from this day of the file on."
)
@click.option("--content-type", default="video", show_default=True)
@click.option("--seed", type=int, default=1, show_default=True, help="Of times and rounding.")
def replay(
    file: Path,
    start: datetime | None,
    duration: timedelta | None,
    **options: Any,  # noqa: ANN401  # the fields of Replay, converted by click
) -> None:
    """Send the day-to-day differences of a table of totals as events.

    FILE is a CSV with the columns date, video_id, title, channel, category, views, likes and
    comments. Old history goes in lumps (`count`) of an item and some hours, new history in lumps of
    five minutes, a live replay in lumps of a second.
    """
    from app.replay import run as replaying  # noqa: PLC0415

    if duration and (options["span"] or options["until"]):
        raise click.UsageError("--duration plays from now on: it takes neither --span nor --until")
    configure_logs(_settings())
    wanted = replaying.Replay(
        path=file, duration=duration, start=start.date() if start else None, **options
    )
    for line in asyncio.run(replaying.replay(wanted)).lines():
        click.echo(line)


cli.add_command(dead_letters)
cli.add_command(api_keys)
cli.add_command(catalogue)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; what goes wrong is told in one line, with exit code 1."""
    try:
        cli.main(args=arguments, prog_name="groundswell", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    except GroundswellError as error:
        click.echo(f"groundswell: {error.detail}", err=True)
        sys.exit(1)


def _settings() -> Settings:
    settings = read_settings()
    configure_logs(settings)
    return settings
