"""`groundswell rankings settings`, `preview` and `apply`: try settings out, and make them."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, NoReturn

import click

from app.cli.connecting import connected, who
from app.cli.rankings import ranking_name
from app.cli.tables import as_json, echo_json, echo_table

if TYPE_CHECKING:
    from app.rankings.wire import Preview, PreviewItem, RankingChanges, RankingSettings
    from app.runtime.sql import Connection

changed = click.option(
    "--set",
    "given",
    metavar="SETTING=VALUE",
    multiple=True,
    required=True,
    help="Such as like_weight=20, half_life=PT6H, size=50; null follows the default. Repeatable.",
)


@click.command()
@ranking_name
@as_json
def settings(name: str, *, as_json: bool) -> None:
    """Show what can be tuned of a ranking, and what is in force."""

    async def run(connection: Connection) -> RankingSettings:
        from app.rankings.changes import ranking_settings  # noqa: PLC0415

        return await ranking_settings(connection, name=name)

    _echo_settings(asyncio.run(connected(run)), as_json=as_json)


@click.command()
@ranking_name
@changed
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@as_json
def preview(name: str, given: tuple[str, ...], limit: int, *, as_json: bool) -> None:
    """Show who would enter, leave and move under other settings; nothing is stored."""
    changes = changes_of(given)

    async def run(connection: Connection) -> Preview:
        from app.rankings.previewing import preview_of  # noqa: PLC0415

        return await preview_of(connection, name=name, changes=changes, limit=limit)

    found = asyncio.run(connected(run))
    if as_json:
        echo_json(found)
        return
    echo_table(
        ["RANK", "NOW", "UP", "TYPE", "ID", "TITLE", "SCORE", "NOW"],
        [_line(item, limit) for item in [*found.items, *found.leaving]],
    )
    click.echo(
        f"{len(found.entering)} enter, {len(found.leaving)} leave, {found.moving} move "
        f"among the top {limit}"
    )


@click.command()
@ranking_name
@changed
@click.confirmation_option("--yes", prompt="Change it for everybody?", help="Do not ask.")
@as_json
def apply(name: str, given: tuple[str, ...], *, as_json: bool) -> None:
    """Change settings of a ranking; its next run, within a minute, follows. Audited."""
    changes = changes_of(given)

    async def run(connection: Connection) -> RankingSettings:
        from app.audit.queries import recorded  # noqa: PLC0415
        from app.rankings.changes import change_ranking, columns  # noqa: PLC0415

        parameters = {"ranking": name, "changes": columns(changes)}
        async with recorded(connection, "rankings.change", parameters, who=who()) as action:
            changed = await change_ranking(connection, name=name, changes=changes)
            action.outcome = changed.difference()
            return changed.after

    _echo_settings(asyncio.run(connected(run)), as_json=as_json)


def changes_of(given: tuple[str, ...]) -> RankingChanges:
    """Return what `SETTING=VALUE` texts change; raises `click.UsageError`, naming the setting."""
    import msgspec  # noqa: PLC0415

    from app.rankings.wire import RankingChanges  # noqa: PLC0415

    names = dict(
        zip(
            RankingChanges.__struct_fields__,
            RankingChanges.__struct_encode_fields__,
            strict=True,
        )
    )
    changes: dict[str, object] = {}
    for text in given:
        setting, equals, value = text.partition("=")
        name = names.get(setting.strip(), setting.strip())
        if not equals or name not in names.values():
            raise click.UsageError(f"--set {text}: use {', '.join(names)}, then = and a value")
        try:
            changes[name] = json.loads(value, parse_constant=_no_number)
        except json.JSONDecodeError:
            changes[name] = value
    try:
        return msgspec.convert(changes, RankingChanges)
    except msgspec.ValidationError as error:
        fault, _, place = str(error).partition(" - at `$.")
        raise click.UsageError(f"--set {place.rstrip('`')}: {fault}") from error


def _no_number(name: str) -> NoReturn:
    # As JSON for the database it would be null: the default.
    raise click.UsageError(f"--set: {name} is no number that a setting can be")


def _line(item: PreviewItem, limit: int) -> tuple[object, ...]:
    if item.rank is None or item.rank > limit:
        moved: object = "leaves"
    elif item.current_rank is None or item.current_rank > limit:
        moved = "enters"
    else:
        moved = item.moved
    return (
        item.rank, item.current_rank, moved, item.content_type, item.content_id, item.title,
        item.score, item.current_score,
    )  # fmt: skip


def _echo_settings(found: RankingSettings, *, as_json: bool) -> None:
    if as_json:
        echo_json(found)
        return
    import msgspec  # noqa: PLC0415

    own = msgspec.structs.asdict(found)
    inherited = {
        f"{field}_weight": getattr(found.weights_in_force, field)
        for field in ("view", "like", "comment", "share", "watch_minute")
        if found.weights_in_force is not None
    }
    rows: list[tuple[object, ...]] = []
    for setting, value in own.items():
        if setting in {"options_in_force", "weights_in_force"}:
            continue
        if setting == "options":
            rows.append((setting, json.dumps(value), json.dumps(found.options_in_force)))
        else:
            rows.append((setting, value, inherited.get(setting, value)))
    echo_table(["SETTING", "OWN", "IN FORCE"], rows)
