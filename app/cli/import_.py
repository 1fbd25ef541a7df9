"""`groundswell import`: history from files."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.cli.setting_up import settings_and_logs

if TYPE_CHECKING:
    from app.imports.run import Found

SHOWN = 20
"""Lines that are no event, of which each is told; of more, how many there are."""


@click.command("import")
@click.argument(
    "files",
    nargs=-1,
    required=True,
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    metavar="FILE…",
)
@click.option("--format", "kind", type=click.Choice(["csv", "ndjson"]), help="Not as it is called.")
@click.option("--check", is_flag=True, help="Only say what is in the files.")
@click.option(
    "--rejects",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write each line that is no event, and why, into this file, too.",
)
def importing(files: tuple[Path, ...], kind: str | None, check: bool, rejects: Path | None) -> None:
    """Import the events of FILE, CSV or NDJSON, into the database, and count them.

    An event has the fields of POST /analytics/events, and occurredAt is required; the first line of
    a CSV file names them. An import that was cut off is begun again by the same command: it goes on
    where it was, and nothing counts twice. Lines that are no event are told, and left out.
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
            kind=kind,  # type: ignore[arg-type]  # of those that click lets through
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
        click.echo(line_of(one, check=check))
    if check and wrong:
        raise SystemExit(1)


def line_of(one: Found, *, check: bool) -> str:
    """Return what was found in a file, or became of it, in one line."""
    parts = [f"{one.path}: {one.events:,} events"]
    if one.earliest is not None and one.latest is not None:
        parts.append(f"from {one.earliest:%Y-%m-%d %H:%M}Z to {one.latest:%Y-%m-%d %H:%M}Z")
    if one.duplicates:
        parts.append(f"{one.duplicates:,} recorded before")
    if one.rejected:
        parts.append(f"{one.rejected:,} lines rejected")
    if not check:
        parts.append("imported before" if one.is_done else "imported")
    return ", ".join(parts)
