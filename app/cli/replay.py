"""`groundswell replay`: a table of totals as events."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from app.cli.numbers import Number
from app.cli.setting_up import settings_and_logs

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


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--url", default="http://127.0.0.1:8000", show_default=True, help="The API.")
@click.option(
    "--scale",
    type=Number(0, min_open=True),
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
    settings_and_logs()
    wanted = replaying.Replay(
        path=file, duration=duration, start=start.date() if start else None, **options
    )
    for line in asyncio.run(replaying.replay(wanted)).lines():
        click.echo(line)
