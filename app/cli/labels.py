"""`groundswell labels`: whose events count nothing in lists that fade."""

from __future__ import annotations

import asyncio
import getpass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from app.cli.connecting import connected
from app.cli.tables import as_json, echo_rows
from app.errors import InputError
from app.ingest.queries import viewer_key
from app.ingest.viewer import session_viewer, user_viewer
from app.items.exclusions import item_named
from app.labels.queries import add_label, lift_label, list_labels

if TYPE_CHECKING:
    from datetime import date

    from app.labels.queries import Kind, Label
    from app.runtime.sql import Connection

_DAY = click.DateTime(formats=["%Y-%m-%d"])


@click.group("labels", context_settings={"help_option_names": ["-h", "--help"]})
def labels() -> None:
    """Leave somebody's events out of trending lists, and take that back.

    Nothing is deleted, and counts go on counting them. It takes effect at the next run, within a
    minute.
    """


@labels.command("list")
@click.option("--all", "with_lifted", is_flag=True, help="Those that were lifted, too.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True)
@as_json
def list_(*, with_lifted: bool, limit: int, as_json: bool) -> None:
    """List labels, the newest first: whom, since when, by whom and why."""

    async def run(connection: Connection) -> list[Label]:
        return await list_labels(connection, with_lifted=with_lifted, limit=limit)

    found = asyncio.run(connected(run))
    if as_json:
        echo_rows(found)
        return
    for label in found:
        click.echo(line_of(label))
    if not found:
        click.echo("nobody is labelled")


@labels.command()
@click.option("--user", help="A user's id.")
@click.option("--session", help="A session's id, of events that name no user.")
@click.option("--viewer", type=int, help="An actor's number, as lists of labels have it.")
@click.option("--item", help="An item's id: all of its events.")
@click.option("--content-type", default="video", show_default=True, help="Of --item.")
@click.option("--reason", required=True, help="Why.")
@click.option("--since", type=_DAY, help="First day (UTC) whose events it holds.  [default: today]")
@click.option("--until", type=_DAY, help="First day that it does not hold.  [default: none]")
def add(  # noqa: PLR0913, PLR0917  # as many as there are options
    user: str | None,
    session: str | None,
    viewer: int | None,
    item: str | None,
    content_type: str,
    reason: str,
    since: datetime | None,
    until: datetime | None,
) -> None:
    """Let somebody's events, or an item's, count nothing in trending lists."""
    if sum(given is not None for given in (user, session, viewer, item)) != 1:
        raise click.UsageError("give one of --user, --session, --viewer and --item")
    if not 1 <= len(reason) <= 500:
        raise click.UsageError("--reason: use 1 to 500 characters")
    now = datetime.now(UTC)
    first: date = since.date() if since else now.date()
    if until is not None and until.date() <= first:
        raise click.UsageError("--until: use a day after --since")

    async def run(connection: Connection) -> int:
        kind: Kind = "address"
        who, item_id = viewer, None
        if user is not None:
            kind, who = "user", user_viewer(user, await viewer_key(connection))
        elif session is not None:
            kind, who = "session", session_viewer(session, await viewer_key(connection))
        elif item is not None:
            kind = "item"
            item_id = await item_named(connection, content_type=content_type, content_id=item)
            if item_id is None:
                raise InputError(f"no {content_type} has the id {item!r}")
        return await add_label(
            connection, kind=kind, viewer=who, item_id=item_id, reason=reason, since=first,
            until=until.date() if until else None, labelled_by=_who(), as_of=now,
        )  # fmt: skip

    click.echo(f"label {asyncio.run(connected(run))} is in force")


@labels.command()
@click.argument("label_id", type=click.IntRange(1))
def lift(label_id: int) -> None:
    """Let count again what a label took."""

    async def run(connection: Connection) -> bool:
        return await lift_label(
            connection, label_id=label_id, lifted_by=_who(), as_of=datetime.now(UTC)
        )

    if not asyncio.run(connected(run)):
        raise InputError(f"no label {label_id} is in force")
    click.echo(f"label {label_id} is lifted")


def line_of(label: Label) -> str:
    """Return a label in one line."""
    whom = label.viewer if label.content_id is None else f"{label.content_type} {label.content_id}"
    days = f"since {label.since}" + (f" until {label.until}" if label.until else "")
    lifted = f"  lifted by {label.lifted_by}" if label.lifted_by else ""
    evidence = "" if label.evidence == "{}" else f"  {label.evidence}"
    return (
        f"{label.label_id}  {label.kind} {whom}  {days} by {label.labelled_by}  {label.reason}"
        f"{evidence}{lifted}"
    )


def _who() -> str:
    return f"{getpass.getuser()}, command line"
