"""`groundswell dimensions`: the keys of events' metadata that are counted by themselves."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import click

from app.cli.connecting import connected
from app.cli.tables import as_json, echo_rows

if TYPE_CHECKING:
    from app.runtime.sql import Connection


@click.group("dimensions", context_settings={"help_option_names": ["-h", "--help"]})
def dimensions() -> None:
    """Count events by keys of their metadata, such as device or country.

    /analytics/breakdown?by=metadata.KEY then tells what each value has.
    """


@dimensions.command()
@click.argument("key")
@click.argument("values", nargs=-1, required=True)
def declare(key: str, values: tuple[str, ...]) -> None:
    """Count by a key; what is none of the values counts as `other`.

    Two keys are counted together as FIRST.SECOND, by values such as phone/DE.
    Events that are still kept are counted, too, at the next refresh. Ten keys at most.
    """

    async def run(connection: Connection) -> None:
        from app.series.dimensions import declare_dimension  # noqa: PLC0415

        await declare_dimension(connection, key=key, names=list(dict.fromkeys(values)))

    asyncio.run(connected(run))
    click.echo(f"{key} is counted by {len(set(values))} values")


@dimensions.command()
@click.argument("key")
def drop(key: str) -> None:
    """Count by a key no more, and forget what was counted."""

    async def run(connection: Connection) -> None:
        from app.series.dimensions import drop_dimension  # noqa: PLC0415

        await drop_dimension(connection, key=key)

    asyncio.run(connected(run))
    click.echo(f"{key} is not counted")


@dimensions.command("list")
@as_json
def listed(*, as_json: bool) -> None:
    """List the keys, and the values that are told apart."""
    from app.series.dimensions import declared_dimensions  # noqa: PLC0415

    found = asyncio.run(connected(declared_dimensions))
    if as_json:
        echo_rows(found)
        return
    for one in found:
        click.echo(f"{one.key}  since {one.counted_since:%Y-%m-%d %H:%M}Z  {', '.join(one.names)}")
    if not found:
        click.echo("no key is declared")
