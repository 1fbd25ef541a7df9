"""`groundswell status`: how everything fares, once or as a board that is drawn again."""

from __future__ import annotations

import asyncio
import sys
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from app.cli.connecting import database
from app.cli.tables import as_json, echo_json, table_of
from app.cli.waiting import waiting
from app.settings import read_settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from app.health.wire import DatabaseStatus, Overview, StreamStatus
    from app.runtime.sql import Connection

EVERY_SECONDS = 2.0


@click.command()
@click.option("--watch", is_flag=True, help="Draw it again every two seconds, until Ctrl-C.")
@as_json
def status(*, watch: bool, as_json: bool) -> None:
    """Show what comes in, what waits, and how jobs and rankings fare.

    Ends with 1 where Redis or the database is down.
    """
    if watch and as_json:
        raise click.UsageError("--watch draws a board, --json tells once: use one of them")
    if watch:
        asyncio.run(_watched())
        return
    with waiting("asking Redis and the database"):
        found = asyncio.run(_found())
    if as_json:
        echo_json(found)
    else:
        _console().print(board(found))
    if found.database is None or found.stream is None:
        raise click.exceptions.Exit(1)


def _console() -> Any:  # noqa: ANN401  # rich's
    from rich.console import Console  # noqa: PLC0415

    return Console(file=sys.stdout, highlight=False, width=None if sys.stdout.isatty() else 120)


async def _watched() -> None:
    from rich.live import Live  # noqa: PLC0415

    with Live(console=_console(), screen=sys.stdout.isatty(), auto_refresh=False) as live:
        while True:
            live.update(board(await _found()), refresh=True)
            await asyncio.sleep(EVERY_SECONDS)


async def _found() -> Overview:
    from app.health.overview import find_overview  # noqa: PLC0415
    from app.runtime.redis_client import open_redis  # noqa: PLC0415

    settings = read_settings()
    async with open_redis(settings) as redis:
        return await find_overview(_connected, redis, shards=settings.stream_shards)


@asynccontextmanager
async def _connected() -> AsyncIterator[Connection]:
    async with database() as connection:
        yield connection


def board(found: Overview) -> Any:  # noqa: ANN401  # rich's
    """Return the overview as something that rich prints."""
    from rich.console import Group  # noqa: PLC0415

    return Group(
        f"Groundswell at {found.as_of:%H:%M:%S} UTC",
        "",
        *_of_stream(found.stream),
        "",
        *_of_database(found.database, found.as_of),
    )


def _of_stream(stream: StreamStatus | None) -> list[Any]:
    if stream is None:
        return ["[red]Redis does not answer: events go straight to the database[/red]"]
    rows = [
        (lane.lane, lane.entries, lane.bytes, timedelta(seconds=lane.oldest_seconds))
        for lane in stream.lanes
    ]
    colour = "yellow" if stream.dead_letters else "default"
    dead = "unknown" if stream.dead_letters is None else f"{stream.dead_letters:,}"
    return [
        table_of(["WAITING", "ENTRIES", "BYTES", "OLDEST"], rows),
        *(f"[red]{each} does not answer[/red]" for each in stream.down),
        f"[{colour}]{dead} dead letters[/{colour}]",
    ]


def _of_database(database: DatabaseStatus | None, now: datetime) -> list[Any]:
    if database is None:
        return ["[red]The database does not answer: events wait in Redis[/red]"]
    jobs = [
        (
            job.job,
            None if job.succeeded_at is None else now - job.succeeded_at,
            None if job.seconds is None else timedelta(seconds=job.seconds),
            job.error,
        )
        for job in database.jobs
    ]
    rankings = [
        (
            each.name,
            None if each.confirmed_at is None else now - each.confirmed_at,
            None if each.seconds is None else timedelta(seconds=each.seconds),
            each.error,
        )
        for each in database.rankings
    ]
    return [
        (
            f"{database.events_per_second:,.1f} events/s in the last minute, {database.viewers:,} "
            f"viewers in the last five, {database.webhooks_pending:,} webhooks to be sent"
        ),
        "",
        table_of(["JOB", "ENDED WELL", "TOOK", "ERROR"], jobs),
        "",
        table_of(["RANKING", "CONFIRMED", "TOOK", "ERROR"], rankings),
    ]
