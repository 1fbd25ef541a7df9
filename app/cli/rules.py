"""`groundswell rules`: the editor's hand on lists, and what waits for review."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import click

from app.cli.connecting import connected, who
from app.cli.rankings import ranking_name
from app.cli.replay import Length, Moment
from app.cli.tables import as_json, echo_json, echo_table
from app.errors import InputError

if TYPE_CHECKING:
    from app.editing.wire import Review, Rule
    from app.runtime.sql import Connection

FOLLOWS = "Lists follow at their next run, within a minute."


@click.group("rules", context_settings={"help_option_names": ["-h", "--help"]})
def rules() -> None:
    """Pin, feature, block, cap and hold for review what lists show; scores stay as they are.

    It takes effect at the next run of each ranking, within a minute. docs/editing.md has examples.
    """


@rules.command("list")
@click.option("--ranking", help="Only those that act on this ranking.")
@click.option("--over", is_flag=True, help="Also those that are over.")
@as_json
def list_rules(ranking: str | None, *, over: bool, as_json: bool) -> None:
    """List the rules in force, the newest first."""

    async def run(connection: Connection) -> list[Rule]:
        from app.editing.queries import editorial_rules  # noqa: PLC0415

        return await editorial_rules(connection, ranking=ranking, over=over)

    found = asyncio.run(connected(run))
    if as_json:
        echo_json(found)
        return
    echo_table(
        ["NAME", "KIND", "RANKING", "WHAT", "UNTIL", "BY", "REASON"],
        [
            (
                rule.name,
                rule.kind,
                rule.ranking or "all",
                what(rule),
                rule.lifted_at or rule.until or "lifted",
                rule.made_by,
                rule.reason,
            )
            for rule in found
        ],
    )


def what(rule: Rule) -> str:
    """Return what a rule is about, in a few words."""
    parts = (
        rule.content_id and f"{rule.content_type} {rule.content_id}",
        rule.value and f"{rule.subject} {rule.value}",
        rule.place and f"at {rule.place}",
        rule.segment and f"in {rule.segment}",
        rule.most and f"{rule.most} a {rule.subject}",
        rule.top and f"top {rule.top}",
        rule.oldest and f"older than {rule.oldest / 86_400:g} d",
        rule.youngest and f"younger than {rule.youngest / 86_400:g} d",
    )
    return ", ".join(part for part in parts if part)


@rules.command()
@click.argument("name")
@click.argument("kind")
@click.option("--reason", required=True, help="Why; callers of the API may read it.")
@click.option("--ranking", help="Of this ranking; without it, of every one.")
@click.option("--segment", help="pin, feature: the part, such as category:Music.")
@click.option("--content-id", help="pin, feature, and block of an item: which one.")
@click.option("--content-type", help="Type of that item; video without it.")
@click.option("--subject", help="What --value names; of a cap: creator or category.")
@click.option("--value", help="The name, or the term.")
@click.option("--place", type=int, help="pin: from 1 to 100.")
@click.option("--most", type=int, help="cap: how many of each.")
@click.option("--top", type=int, help="hold: how many places.")
@click.option("--oldest", type=Length(), help="age: leave out what is older, such as 30d.")
@click.option("--youngest", type=Length(), help="age: leave out what is younger, such as 1h.")
@click.option("--until", type=Moment(), help="When it ends by itself; a pin and a feature need it.")
def add(name: str, kind: str, **given: object) -> None:
    """Make a rule, or put it in the place of that of the same NAME.

    KIND is pin, feature, block, only, cap, hold or age.
    """

    async def run(connection: Connection) -> Rule:
        import msgspec  # noqa: PLC0415

        from app.audit.queries import recorded  # noqa: PLC0415
        from app.editing.queries import put_rule  # noqa: PLC0415
        from app.editing.wire import RuleIn  # noqa: PLC0415

        fields = {"kind": kind} | {key: value for key, value in given.items() if value is not None}
        names = dict(zip(RuleIn.__struct_fields__, RuleIn.__struct_encode_fields__, strict=True))
        try:
            rule = msgspec.convert({names[key]: value for key, value in fields.items()}, RuleIn)
        except msgspec.ValidationError as error:
            raise InputError(str(error)) from error
        told = {"rule": name, "kind": kind, "ranking": rule.ranking}
        async with recorded(connection, "rules.put", told, who=who()):
            return await put_rule(connection, name=name, rule=rule, who=who())

    made = asyncio.run(connected(run))
    click.echo(f"{made.name}: {made.kind} {what(made)}. {FOLLOWS}")


@rules.command()
@click.argument("name")
def remove(name: str) -> None:
    """Lift a rule; it stays in the record."""

    async def run(connection: Connection) -> bool:
        from app.audit.queries import recorded  # noqa: PLC0415
        from app.editing.queries import lift_rule  # noqa: PLC0415

        async with recorded(connection, "rules.lift", {"rule": name}, who=who()):
            return await lift_rule(connection, name=name, who=who())

    if not asyncio.run(connected(run)):
        raise InputError(f"no rule {name!r} is in force: `groundswell rules list`")
    click.echo(f"{name} is lifted. {FOLLOWS}")


@rules.command()
@ranking_name
@as_json
def held(name: str, *, as_json: bool) -> None:
    """List what waits for review before it enters the top of a ranking."""

    async def run(connection: Connection) -> list[Review]:
        from app.editing.queries import editorial_reviews  # noqa: PLC0415

        return await editorial_reviews(connection, ranking=name, state="waiting")

    found = asyncio.run(connected(run))
    if as_json:
        echo_json(found)
        return
    echo_table(
        ["TYPE", "ID", "TITLE", "CREATOR", "PLACE", "SINCE"],
        [
            (one.content_type, one.content_id, one.title, one.creator, one.place, one.held_at)
            for one in found
        ],
    )


@rules.command()
@ranking_name
@click.argument("content_id")
@click.argument("verdict", type=click.Choice(["approve", "refuse"]))
@click.option("--content-type", default="video", show_default=True)
@click.option("--reason", help="Why.")
def decide(name: str, content_id: str, verdict: str, content_type: str, reason: str | None) -> None:
    """Approve or refuse an item that waits for review, or decide again."""
    approved = verdict == "approve"

    async def run(connection: Connection) -> Review | None:
        from app.audit.queries import recorded  # noqa: PLC0415
        from app.editing.queries import decide_review  # noqa: PLC0415

        told = {"ranking": name, "approved": approved}
        async with recorded(connection, "reviews.decide", told, who=who()):
            return await decide_review(
                connection,
                ranking=name,
                content_type=content_type,
                content_id=content_id,
                approved=approved,
                reason=reason,
                who=who(),
            )

    if asyncio.run(connected(run)) is None:
        raise InputError(f"there is no ranking {name!r}, or no {content_type} {content_id!r}")
    click.echo(f"{content_type} {content_id} is {verdict}d in {name}. {FOLLOWS}")
