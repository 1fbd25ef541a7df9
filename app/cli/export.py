"""`groundswell export`: what is counted, as files."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from app.cli.connecting import told
from app.cli.replay import Moment
from app.errors import InputError, UnavailableError
from app.replay.progress import ProgressReport
from app.settings import read_settings

if TYPE_CHECKING:
    from app.export.plan import Asked


@click.command()
@click.argument("what", type=click.Choice(["events", "engagement", "items"]))
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--format",
    type=click.Choice(["csv", "ndjson", "parquet"]),
    default="csv",
    show_default=True,
)
@click.option("--since", type=Moment(), help="From when on. [default: the oldest there is]")
@click.option("--until", type=Moment(), help="Before when. [default: now]")
@click.option(
    "--level",
    type=click.Choice(["1m", "15m", "1d"]),
    default="1d",
    show_default=True,
    help="Which buckets of engagement, in UTC.",
)
def export(folder: Path, **options: Any) -> None:  # noqa: ANN401  # the fields of Asked
    """Write raw events, counts in buckets, or the catalogue into files in FOLDER.

    One file a day, or a month of daily counts. What was cut off goes on where it ended, by the same
    command: a file that is there is whole.
    """
    from app.export.parquet import require_parquet  # noqa: PLC0415
    from app.export.plan import Asked  # noqa: PLC0415

    asked = Asked(**options)
    if asked.format == "parquet":
        require_parquet()
    files = _export(folder, asked)
    size = sum(file.stat().st_size for file in files)
    click.echo(f"{len(files)} files written to {folder}, {size:,} bytes")


def _export(folder: Path, asked: Asked) -> list[Path]:
    from app.export.source import reader_of  # noqa: PLC0415

    settings = read_settings()
    now = datetime.now(UTC)
    written: list[Path] = []
    try:
        if settings.read_database_url and (standby := asyncio.run(reader_of(settings))):
            try:
                _write(folder, asked, standby, now=now, written=written)
            except UnavailableError as error:
                # What is there is whole: the primary does the rest.
                click.echo(f"the standby gave up, the primary goes on: {error.detail}", err=True)
            else:
                return written
        _write(folder, asked, settings.database_url, now=now, written=written)
    except OSError as error:
        raise InputError(f"{folder} cannot be written: {error}") from error
    return written


def _write(folder: Path, asked: Asked, url: str, *, now: datetime, written: list[Path]) -> None:
    import psycopg  # noqa: PLC0415

    from app.export.write import missing, write_part  # noqa: PLC0415

    with (
        told(),
        psycopg.connect(
            url, autocommit=True, prepare_threshold=None, connect_timeout=5
        ) as connection,
    ):
        parts = missing(connection, folder, asked, now=now)
        with ProgressReport("files", len(parts)) as report:
            for part in parts:
                write_part(connection, part, asked)
                written.append(part.path)
                report.advance(1)
