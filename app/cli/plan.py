"""`groundswell plan`: what a load needs, and what is full first."""

from __future__ import annotations

import click

from app.cli.numbers import Number
from app.cli.tables import as_json, echo_json, echo_table

_UNITS = ("B", "kB", "MB", "GB", "TB", "PB")
_POSITIVE = Number(min=0, min_open=True)


@click.command()
@click.option("--events-per-second", type=_POSITIVE, required=True, help="On average over a day.")
@click.option("--peak", type=Number(min=1), default=3.0, show_default=True,
              help="How many times that in the busiest minutes.")  # fmt: skip
@click.option("--events-per-request", type=Number(min=1), default=1.0, show_default=True)
@click.option("--items", type=click.IntRange(min=1), default=100_000, show_default=True,
              help="Items with an event within a month.")  # fmt: skip
@click.option("--keep", "keep_days", type=_POSITIVE, default=35.0, show_default=True,
              help="Days for which raw events are kept.")  # fmt: skip
@click.option("--columnstore-after", "columnstore_days", type=_POSITIVE, default=3.0,
              show_default=True, help="Days.")  # fmt: skip
@click.option("--lists-per-second", type=Number(min=0), default=0.0, show_default=True)
@click.option("--stats-per-second", type=Number(min=0), default=0.0, show_default=True)
@click.option("--outage", "outage_hours", type=Number(min=0), default=1.0,
              show_default=True, help="Hours that events may wait for the database.")  # fmt: skip
@as_json
def plan(*, as_json: bool, items: int, **given: float) -> None:
    """Say what a load needs of each part, and which is full first; asks no server.

    Figures are of the machine of docs/scale.md; `groundswell bench` says what yours does.
    """
    from app.planning.capacity import Load, first_full, parts_of  # noqa: PLC0415

    load = Load(items=items, **given)
    parts = parts_of(load)
    first = first_full(parts)
    if as_json:
        echo_json({"load": load, "parts": parts, "firstFull": first and first.part})
        return
    echo_table(
        ("part", "needs", "full at, events/s"),
        [
            (
                part.part,
                _amount(part.needs, part.kind),
                "" if part.full_at is None else f"{part.full_at:,.0f}",
            )
            for part in parts
        ],
    )
    click.echo("\nWhere one is short:")
    for part in parts:
        click.echo(f"  {part.part}: {part.then}")
    if first is not None and first.full_at is not None:
        verdict = "is past it" if first.full_at < load.events_per_second else "is full first"
        click.echo(f"\n{first.part}, {verdict}: at {first.full_at:,.0f} events a second on average")


def _amount(needs: float, kind: str) -> str:
    if kind == "cores":
        return f"{needs:.2f} cores"
    if kind == "share":
        return f"{needs:.0%}"
    value, unit = needs, 0
    while value >= 1000 and unit < len(_UNITS) - 1:
        value, unit = value / 1000, unit + 1
    return f"{value:.3g} {_UNITS[unit]}{kind.removeprefix('bytes')}"
