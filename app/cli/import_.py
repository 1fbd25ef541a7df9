"""`groundswell import`: history from files."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from app.cli.setting_up import settings_and_logs

if TYPE_CHECKING:
    from app.imports.found import Found

FORMATS = ("csv", "ndjson", "youtube", "umami", "plausible", "goatcounter", "access-log")
SHOWN = 20
"""Lines that are no event, of which each is told; of more, how many there are."""


class Day(click.ParamType[date]):
    """A day, such as 2026-01-31."""

    name = "day"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Return the day, or refuse the text."""
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is no day such as 2026-01-31", param, ctx)


class Pattern(click.ParamType[re.Pattern[str]]):
    """A regular expression."""

    name = "regex"

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> re.Pattern[str]:
        """Return the expression, or refuse the text."""
        try:
            return re.compile(value)
        except re.error as error:
            self.fail(f"{value!r}: {error}", param, ctx)


@click.command("import")
@click.argument(
    "files",
    nargs=-1,
    required=True,
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    metavar="FILE…",
)
@click.option("--format", "kind", type=click.Choice(FORMATS), help="Not what it looks like.")
@click.option("--check", is_flag=True, help="A dry run: only say what is in the files.")
@click.option("--content-type", help="Type of others' items.  [default: page; video of YouTube]")
@click.option("--day", type=Day(), help="The day of totals that name none, such as 2026-01-31.")
@click.option(
    "--pages",
    type=Pattern(),
    help="Paths of an access log that are views; a group in it is the id of the item.",
)
@click.option(
    "--rejects",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write each line that is no event, and why, into this file, too.",
)
def importing(
    files: tuple[Path, ...],
    check: bool,
    rejects: Path | None,
    **options: Any,  # noqa: ANN401  # the rest of Import
) -> None:
    """Import the events of FILE, CSV or NDJSON, into the database, and count them.

    An event has the fields of POST /analytics/events, and occurredAt is required; the first line of
    a CSV file names them. Exports of YouTube Studio, Umami, Plausible and GoatCounter and access
    logs of nginx and Apache are taken, too, as they are or packed (.gz, .zip). An import that was
    cut off is begun again by the same command: it goes on where it was, and nothing counts twice.
    Lines that are no event are told, and left out.
    """
    from rich.progress import (  # noqa: PLC0415
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    from app.imports import run  # noqa: PLC0415

    settings = settings_and_logs()
    wrong = 0
    log = rejects.open("a", encoding="utf-8") if rejects else None
    with Progress(
        TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn()
    ) as bar:
        tasks = {path: bar.add_task(path.name, total=path.stat().st_size) for path in files}

        def reject(path: Path, line: int, reason: str) -> None:
            nonlocal wrong
            wrong += 1
            if log is not None:
                log.write(f"{path}:{line}: {reason}\n")
            if wrong <= SHOWN:
                bar.console.print(f"{path}:{line}: {reason}", markup=False, highlight=False)

        wanted = run.Import(
            paths=files,
            **options,
            settings=settings,
            progress=lambda path, read, _: bar.update(tasks[path], completed=read),
            reject=reject,
            tell=lambda what: bar.console.print(f"counting: {what} …"),
        )
        try:
            found = asyncio.run(run.check(wanted) if check else run.run(wanted))
        finally:
            if log is not None:
                log.close()
    for one in found:
        for line in lines_of(one) if check else [line_of(one)]:
            click.echo(line)
    if check and wrong:
        raise SystemExit(1)


def line_of(one: Found) -> str:
    """Return what became of a file, in one line."""
    parts = [f"{one.path}: {one.events:,} events"]
    if one.duplicates:
        parts.append(f"{one.duplicates:,} recorded before")
    if one.rejected:
        parts.append(f"{one.rejected:,} lines rejected")
    parts.append("imported before" if one.is_done else "imported")
    return ", ".join(parts)


def lines_of(one: Found) -> Iterator[str]:
    """Yield what was found in a file."""
    yield f"{one.path}: {one.kind}, {one.lines:,} lines, {one.events:,} events"
    if one.earliest is not None and one.latest is not None:
        yield (
            f"  of {len(one.items):,} items, "
            f"from {one.earliest:%Y-%m-%d %H:%M}Z to {one.latest:%Y-%m-%d %H:%M}Z"
        )
        yield "  " + ", ".join(f"{name} {count:,}" for name, count in sorted(one.types.items()))
    if one.uncounted:
        yield f"  {one.uncounted:,} of them kept, but not counted: a bot's"
    reasons = sorted(one.left_out.items(), key=lambda each: -each[1].lines)
    for reason, left in reasons[:SHOWN]:
        yield f"  left out {left.lines:,}, first line {left.first:,}: {reason}"
    if reasons[SHOWN:]:
        rest = sum(left.lines for _, left in reasons[SHOWN:])
        yield f"  left out {rest:,} for {len(reasons) - SHOWN:,} more reasons"
