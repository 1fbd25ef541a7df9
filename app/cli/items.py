"""`groundswell items`: leave items out of rankings, take that back, and list them."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from app.cli.connecting import connected, who
from app.errors import InputError
from app.items.exclusions import exclude_item, excluded_items, include_item

if TYPE_CHECKING:
    from app.items.exclusions import ExcludedItem
    from app.runtime.sql import Connection


@click.group("items", context_settings={"help_option_names": ["-h", "--help"]})
def catalogue() -> None:
    """Leave items out of rankings, and take that back.

    It takes effect at the next run of each ranking, within a minute for lists that hold the item.
    """


@catalogue.command()
@click.argument("content_id")
@click.option("--content-type", default="video", show_default=True)
@click.option("--reason", required=True, help="Why; callers of the API may read it.")
def exclude(content_id: str, content_type: str, reason: str) -> None:
    """Leave an item out of all rankings; it goes on being counted."""
    if not 1 <= len(reason) <= 500:
        raise click.UsageError("--reason: use 1 to 500 characters")

    async def run(connection: Connection) -> int | None:
        return await exclude_item(
            connection,
            content_type=content_type,
            content_id=content_id,
            reason=reason,
            excluded_by=who(),
            as_of=datetime.now(UTC),
        )

    _known(asyncio.run(connected(run)), content_type, content_id)
    click.echo(f"{content_type} {content_id} is excluded")


@catalogue.command()
@click.argument("content_id")
@click.option("--content-type", default="video", show_default=True)
def include(content_id: str, content_type: str) -> None:
    """Let rankings hold an item again."""

    async def run(connection: Connection) -> int | None:
        return await include_item(
            connection,
            content_type=content_type,
            content_id=content_id,
            lifted_by=who(),
            as_of=datetime.now(UTC),
        )

    _known(asyncio.run(connected(run)), content_type, content_id)
    click.echo(f"{content_type} {content_id} is not excluded")


@catalogue.command()
def excluded() -> None:
    """List what is excluded now, by whom and why."""
    found = asyncio.run(connected(excluded_items))
    for item in found:
        click.echo(line_of(item))
    if not found:
        click.echo("nothing is excluded")


def line_of(item: ExcludedItem) -> str:
    """Return an excluded item in one line."""
    since = f"since {item.excluded_at:%Y-%m-%d %H:%M}Z by {item.excluded_by}"
    return f"{item.content_type}  {item.content_id}  {since}  {item.reason}"


def _known(item_id: int | None, content_type: str, content_id: str) -> None:
    if item_id is None:
        raise InputError(f"no {content_type} has the id {content_id!r}")
