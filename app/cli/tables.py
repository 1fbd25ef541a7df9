"""What commands print: a table for people, or JSON for programs."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import click
import msgspec

_JOINERS = "\u200b\u200c\u200d\u00ad"

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON instead.")
"""The option of every command that tells something."""


def echo_json(value: object) -> None:
    """Print a value as JSON, of names as in the API."""
    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def echo_rows(rows: Sequence[msgspec.Struct]) -> None:
    """Print what the database has told as JSON, of names as in the API."""
    echo_json(
        [
            {_in_camel_case(name): value for name, value in msgspec.structs.asdict(row).items()}
            for row in rows
        ]
    )


def _in_camel_case(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(map(str.capitalize, others))


def echo_table(headers: Sequence[str], rows: Sequence[Sequence[Any]], *, title: str = "") -> None:
    """Print rows; numbers stand to the right. Nothing is cut where it goes to a file or a pipe."""
    from rich.console import Console  # noqa: PLC0415 - most commands need none

    wide = None if sys.stdout.isatty() else 10_000
    console = Console(file=sys.stdout, width=wide, highlight=False, soft_wrap=not wide)
    console.print(table_of(headers, rows, title=title))


def table_of(headers: Sequence[str], rows: Sequence[Sequence[Any]], *, title: str = "") -> Any:  # noqa: ANN401  # rich's
    """Return the rows as a table of rich."""
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    numbers = {
        place
        for place in range(len(headers))
        if any(isinstance(row[place], int | float) for row in rows)
    }
    table = Table(title=title or None, title_justify="left", box=None, pad_edge=False)
    for place, header in enumerate(headers):
        table.add_column(header, justify="right" if place in numbers else "left")
    for row in rows:
        # As text: a title such as "[b]" is no markup.
        table.add_row(*(cell if isinstance(cell, Text) else Text(shown(cell)) for cell in row))
    return table


def shown(value: object) -> str:
    """Return a value as people read it; a hyphen where there is none."""
    if value is None:
        text = "-"
    elif isinstance(value, bool):
        text = "yes" if value else "no"
    elif isinstance(value, int | float):
        text = f"{value:,.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else f"{value:,}"
    elif isinstance(value, datetime):
        text = f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z"
    elif isinstance(value, timedelta):
        text = length(value)
    else:
        text = "".join(each if _is_harmless(each) else "\ufffd" for each in str(value))
    return text


def _is_harmless(character: str) -> bool:
    """Tell whether it moves no cursor of a terminal, ends no line and turns no text around.

    Other spaces than ours, and the joiners of Persian and of emoji, are parts of titles.
    """
    return (
        character.isprintable() or unicodedata.category(character) == "Zs" or character in _JOINERS
    )


def length(time: timedelta) -> str:
    """Return a length of time in its two largest units, such as `3 min 20 s`."""
    seconds = max(0, round(time.total_seconds()))
    if seconds < 1:
        return "0 s" if time.total_seconds() < 0.001 else f"{time.total_seconds() * 1000:.0f} ms"
    parts = []
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2])
