"""`groundswell stats`: the counts of one item."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from app.cli.connecting import connected
from app.cli.tables import as_json, echo_json, echo_table
from app.errors import InputError

if TYPE_CHECKING:
    from app.runtime.sql import Connection
    from app.stats.wire import ItemStats

WINDOWS = ("1h", "24h", "7d", "30d", "today", "week", "month", "total")
METRICS = ("views", "likes", "comments", "shares", "watch_seconds", "unique_viewers")


@click.command()
@click.argument("content_id")
@click.option("--content-type", default="video", show_default=True)
@as_json
def stats(content_id: str, content_type: str, *, as_json: bool) -> None:
    """Show what an item has in every window, as committed just now."""
    found = asyncio.run(connected(lambda connection: _stats(connection, content_type, content_id)))
    if as_json:
        echo_json(found)
        return
    echo_table(
        ["WINDOW", *(metric.replace("_", " ").upper() for metric in METRICS)],
        [
            (window, *(getattr(found, f"{metric}_{window}") for metric in METRICS))
            for window in WINDOWS
        ],
    )
    heat = "hot, " if found.is_hot else ""
    rank = f"hot rank {found.hot_rank:,}" if found.hot_rank else "not in the hot list"
    click.echo(f"{heat}{rank}; today, week and month in {found.zone}")


async def _stats(connection: Connection, content_type: str, content_id: str) -> ItemStats:
    from app.stats.queries import item_stats  # noqa: PLC0415

    item = (content_type, content_id)
    found = await item_stats(connection, items=[item], as_of=datetime.now(UTC))
    if item not in found:
        raise InputError(f"no {content_type} has the id {content_id!r}")
    return found[item]
