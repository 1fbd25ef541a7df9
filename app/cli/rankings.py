"""`groundswell rankings`: look at rankings, try settings out, make them, compute now."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import click

from app.cli.connecting import connected, told
from app.cli.replay import Length
from app.cli.tables import as_json, echo_json, echo_table
from app.cli.waiting import waiting
from app.errors import InputError
from app.settings import read_settings

if TYPE_CHECKING:
    from app.rankings.wire import PastPlace, RefreshedRanking, TrendingItem
    from app.runtime.sql import Connection

ranking_name = click.argument("name")


@click.group("rankings", context_settings={"help_option_names": ["-h", "--help"]})
def rankings() -> None:
    """Look at rankings, try other settings out, make them, and compute rankings now."""


@rankings.command("list")
@as_json
def list_rankings(*, as_json: bool) -> None:
    """List every ranking, its settings and how fresh it is."""
    from app.rankings.queries import ranking_overviews  # noqa: PLC0415

    found = asyncio.run(connected(ranking_overviews))
    if as_json:
        echo_json(found)
        return
    now = datetime.now(UTC)
    echo_table(
        ["NAME", "FORMULA", "WINDOW", "OF", "SIZE", "SCHEDULE", "CONFIRMED"],
        [
            (
                each.name,
                each.formula,
                each.window,
                each.content_type or each.subject,
                each.size,
                each.schedule if each.enabled else "off",
                now - each.confirmed_at if each.confirmed_at else "never",
            )
            for each in found
        ],
    )


@rankings.command()
@ranking_name
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True)
@click.option("--category", help="Only the part of this category.")
@as_json
def show(name: str, limit: int, category: str | None, *, as_json: bool) -> None:
    """Show the newest list of a ranking."""
    segment = "" if category is None else f"category:{category}"

    async def run(connection: Connection) -> list[TrendingItem]:
        from app.rankings.runs import latest_run, snapshot_entries  # noqa: PLC0415

        newest = await latest_run(connection, ranking=name)
        if newest is None:
            await _known(connection, name)
            raise InputError(f"{name} has no list yet: `groundswell rankings refresh {name}`")
        return await snapshot_entries(connection, run_id=newest.run_id, segment=segment)

    found = asyncio.run(connected(run))[:limit]
    if as_json:
        echo_json(found)
        return
    echo_table(
        ["RANK", "UP", "TYPE", "ID", "TITLE", "SCORE", "VIEWS", "LIKES", "COMMENTS", "SHARES"],
        [
            (
                item.rank,
                item.previous_rank - item.rank if item.previous_rank else "new",
                item.content_type,
                item.content_id,
                item.title,
                item.score,
                item.views,
                item.likes,
                item.comments,
                item.shares,
            )
            for item in found
        ],
    )


@rankings.command()
@click.argument("names", nargs=-1)
@click.option("--daily", is_flag=True, help="Those that are made anew once a day.")
@as_json
def refresh(names: tuple[str, ...], *, daily: bool, as_json: bool) -> None:
    """Compute rankings now: those named, the daily ones, or all."""

    async def run() -> list[RefreshedRanking]:
        from app.rankings.queries import refresh_rankings  # noqa: PLC0415

        done = await refresh_rankings(read_settings(), names=names, daily=daily)
        if done is None:
            raise InputError("rankings are being computed just now: try again in some seconds")
        return done

    with told(), waiting("computing"):
        done = asyncio.run(run())
    if as_json:
        echo_json(done)
    else:
        echo_table(
            ["RANKING", "ENTRIES", "IS NEW", "ERROR"],
            [(each.ranking, each.entries, each.is_new, each.error) for each in done],
        )
    if any(each.error for each in done):
        raise click.exceptions.Exit(1)


@rankings.command()
@ranking_name
@click.argument("content_id")
@click.option("--content-type", default="video", show_default=True)
@click.option("--since", type=Length(), default="1d", show_default=True, help="How long back.")
@as_json
def history(
    name: str, content_id: str, content_type: str, since: timedelta, *, as_json: bool
) -> None:
    """Show where the kept runs have put an item, oldest first."""

    async def run(connection: Connection) -> list[PastPlace]:
        from app.rankings.queries import item_place, rank_history  # noqa: PLC0415

        await _known(connection, name)
        item = {"content_type": content_type, "content_id": content_id}
        if await item_place(connection, run_id=None, **item) is None:
            raise InputError(f"no {content_type} has the id {content_id!r}")
        begin = datetime.now(UTC) - since
        return await rank_history(connection, ranking=name, since=begin, **item)

    found = asyncio.run(connected(run))
    if as_json:
        echo_json(found)
    else:
        echo_table(["AS OF", "RANK", "SCORE"], [(e.as_of, e.rank, e.score) for e in found])


async def _known(connection: Connection, name: str) -> None:
    from app.rankings.queries import ranking_overview  # noqa: PLC0415

    if await ranking_overview(connection, name=name) is None:
        raise InputError(f"no ranking is called {name!r}: `groundswell rankings list`")
