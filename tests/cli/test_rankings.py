"""`groundswell rankings` and `stats`: look, try out, change, compute (F4, E4, E9)."""

import asyncio
import json
import os
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from click.testing import CliRunner, Result

from app.cli.main import cli
from app.errors import BadRequestError, GroundswellError, InputError, UnknownRankingError
from app.runtime.pool import Pool
from tests.sql.world import World

pytestmark = pytest.mark.usefixtures("clean")
Run = Callable[..., Awaitable[Result]]


@pytest.fixture
def run(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command in a thread, since it brings an event loop of its own."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("LOGNAME", "ada")

    async def run(*arguments: str) -> Result:
        return await asyncio.to_thread(CliRunner().invoke, cli, arguments)

    return run


@pytest.fixture
async def ranked(pool: Pool, clean: None) -> None:  # noqa: ARG001
    """Two items: likes lead under the default weights."""
    async with pool.connection() as connection:
        world = World(connection)
        await world.only("trending_24h")
        for name, type_, count in (("liked", "like", 10), ("seen", "view", 30)):
            await world.happened(await world.item(name), type_, count)
        await world.run()
        await world.execute(
            "insert into core.ranking (name, formula) values ('fresh', 'minmax_hot')"
        )


async def told(run: Run, *arguments: str) -> str:
    done = await run(*arguments)
    assert done.exit_code == 0, done.output + str(done.exception)
    return done.output


async def value(run: Run, *arguments: str) -> Any:
    return json.loads(await told(run, *arguments, "--json"))


async def refusal(run: Run, *arguments: str) -> GroundswellError:
    done = await run(*arguments)
    assert isinstance(done.exception, GroundswellError), done.output
    return done.exception


@pytest.mark.usefixtures("ranked")
async def test_rankings_are_listed_and_shown_as_table_and_as_json(run: Run) -> None:
    listed = await told(run, "rankings", "list")
    (line,) = (line for line in listed.splitlines() if line.startswith("trending_24h "))
    assert line.split()[1:5] == ["weighted_decay", "24h", "item", "1,000"]
    names = [each["name"] for each in await value(run, "rankings", "list")]
    assert names == ["fresh", "trending_24h"]

    shown = (await told(run, "rankings", "show", "trending_24h")).splitlines()
    assert shown[0].split()[:4] == ["RANK", "UP", "TYPE", "ID"]
    assert [line.split()[:4] for line in shown[1:]] == [
        ["1", "new", "video", "liked"], ["2", "new", "video", "seen"],
    ]  # fmt: skip
    (first,) = await value(run, "rankings", "show", "trending_24h", "--limit", "1")
    assert (first["contentId"], first["likes"]) == ("liked", 10)


@pytest.mark.usefixtures("ranked")
async def test_settings_are_tried_out_then_made_and_the_trail_has_it(run: Run, pool: Pool) -> None:
    changes = ("--set", "view_weight=5", "--set", "likeWeight=0.5")
    would = await told(run, "rankings", "preview", "trending_24h", *changes)
    lines = would.splitlines()
    assert lines[1].split()[:5] == ["1", "2", "1", "video", "seen"]
    assert lines[-1] == "0 enter, 0 leave, 2 move among the top 50"

    made = await told(run, "rankings", "apply", "trending_24h", *changes, "--yes")
    by_name = {line.split()[0]: line.split()[1:] for line in made.splitlines()}
    assert by_name["view_weight"] == ["5", "5"]
    assert by_name["comment_weight"] == ["-", "3"]
    assert (await value(run, "rankings", "settings", "trending_24h"))["likeWeight"] == 0.5
    async with pool.connection() as connection:
        cursor = await connection.execute(
            "select who, action, parameters, outcome, error from core.audit"
        )
        assert await cursor.fetchall() == [
            (
                "ada, command line", "rankings.change",
                {"ranking": "trending_24h", "changes": {"view_weight": 5, "like_weight": 0.5}},
                {
                    "before": {
                        "viewWeight": None, "likeWeight": None,
                        "weightsInForce": {
                            "view": 1.0, "like": 5.0, "comment": 3.0, "share": 4.0,
                            "watchMinute": 0.1,
                        },
                    }
                },
                None,
            )
        ]  # fmt: skip

    (refreshed,) = await value(run, "rankings", "refresh", "trending_24h")
    # Of what happened in March nothing is left in its window.
    assert (refreshed["ranking"], refreshed["entries"], refreshed["isNew"]) == (
        "trending_24h", 0, True,
    )  # fmt: skip


@pytest.mark.usefixtures("ranked")
async def test_who_comes_from_below_the_top_enters_it(run: Run) -> None:
    """As the sum below the table counts it."""
    would = await told(
        run, "rankings", "preview", "trending_24h", "--set", "like_weight=0", "--limit", "1"
    )
    lines = would.splitlines()
    assert [line.split()[:3] for line in lines[1:3]] == [["1", "2", "enters"], ["-", "1", "leaves"]]
    assert lines[-1].startswith("1 enter, 1 leave")


@pytest.mark.usefixtures("ranked")
async def test_a_user_without_a_name_may_change_settings(
    run: Run, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a container that runs as a number."""
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 4_000_000_000)
    await told(run, "rankings", "apply", "trending_24h", "--set", "size=5", "--yes")
    async with pool.connection() as connection:
        cursor = await connection.execute("select who from core.audit")
        assert await cursor.fetchall() == [("user 4000000000, command line",)]


@pytest.mark.usefixtures("ranked")
async def test_nothing_changes_unless_it_is_confirmed(run: Run) -> None:
    before = await value(run, "rankings", "settings", "trending_24h")
    done = await run("rankings", "apply", "trending_24h", "--set", "size=5")
    assert done.exit_code == 1
    assert await value(run, "rankings", "settings", "trending_24h") == before


@pytest.mark.usefixtures("ranked")
async def test_history_is_of_a_known_item(run: Run) -> None:
    (place,) = await value(run, "rankings", "history", "trending_24h", "seen", "--since", "3650d")
    assert place["rank"] == 2
    unknown = await refusal(run, "rankings", "history", "trending_24h", "nobody")
    assert "no video has the id 'nobody'" in unknown.detail


@pytest.mark.usefixtures("ranked")
async def test_stats_of_an_item(run: Run) -> None:
    found = await value(run, "stats", "liked")
    assert (found["likesTotal"], found["viewsTotal"]) == (10, 0)
    lines = (await told(run, "stats", "liked")).splitlines()
    assert lines[0].split()[:3] == ["WINDOW", "VIEWS", "LIKES"]
    assert lines[8].split() == ["total", "0", "10", "0", "0", "0", "0"]
    assert (
        "no movie has the id 'liked'"
        in (await refusal(run, "stats", "liked", "--content-type", "movie")).detail
    )


@pytest.mark.usefixtures("ranked")
@pytest.mark.parametrize(
    ("arguments", "kind", "detail"),
    [
        (["show", "nobody"], InputError, "no ranking is called 'nobody'"),
        (["show", "fresh"], InputError, "fresh has no list yet"),
        (["settings", "nobody"], UnknownRankingError, "no ranking is called 'nobody'"),
        (["history", "nobody", "seen"], InputError, "no ranking is called 'nobody'"),
        (["refresh", "nobody"], InputError, "there is no ranking 'nobody'"),
        (["apply", "fresh", "--yes", "--set", "half_life=60"], BadRequestError, "half_life"),
        (["preview", "fresh", "--set", "formula=magic"], InputError, "use one of breakout"),
    ],
)
async def test_what_cannot_be_is_refused_in_words(
    run: Run, arguments: list[str], kind: type[GroundswellError], detail: str
) -> None:
    error = await refusal(run, "rankings", *arguments)
    assert type(error) is kind
    assert detail in error.detail


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ("likes=5", "use formula, window, half_life"),
        ("like_weight", "then = and a value"),
        ("like_weight=much", "likeWeight: Expected `float | null`"),
        ("size=0", "size: Expected `int` >= 1"),
        ("like_weight=NaN", "NaN is no number"),
        ("half_life=-Infinity", "-Infinity is no number"),
    ],
)
async def test_a_setting_that_is_none_is_named(run: Run, given: str, fault: str) -> None:
    done = await run("rankings", "preview", "hot", "--set", given)
    assert done.exit_code == 2
    assert fault in done.output


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
async def test_shells_can_complete(run: Run, shell: str) -> None:
    assert "_GROUNDSWELL_COMPLETE" in await told(run, "completion", shell)
