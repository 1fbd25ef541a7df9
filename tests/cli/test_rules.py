"""`groundswell rules`: rules and reviews from the command line."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable

import pytest
from click.testing import CliRunner, Result

from app.cli.rules import rules
from app.errors import InputError
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
        return await asyncio.to_thread(CliRunner().invoke, rules, arguments)

    return run


async def test_a_rule_is_made_listed_and_lifted(run: Run, pool: Pool) -> None:
    async with pool.connection() as connection:
        await World(connection).item("a", content_type="movie")
    pin = (
        *("add", "opening", "pin", "--ranking", "trending_7d", "--content-id", "a"),
        *("--content-type", "movie", "--place", "3", "--until", "2099-01-01T00:00:00Z"),
        *("--reason", "festival"),
    )
    made = await run(*pin)
    assert made.output == (
        "opening: pin movie a, at 3. Lists follow at their next run, within a minute.\n"
    )
    assert (await run("add", "old", "age", "--oldest", "30d", "--reason", "news")).exit_code == 0
    listed = (await run("list")).output
    assert "older than 30 d" in listed
    assert "ada, command line" in listed
    (found,) = json.loads((await run("list", "--ranking", "trending_7d", "--json")).output)[1:]
    assert (found["name"], found["place"]) == ("opening", 3)
    assert (await run("remove", "opening")).output.startswith("opening is lifted")
    gone = await run("remove", "opening")
    assert str(gone.exception) == "no rule 'opening' is in force: `groundswell rules list`"
    assert "opening" in (await run("list", "--over")).output


async def test_nonsense_is_refused_in_words(run: Run) -> None:
    for given, words in (
        (("glue", "--reason", "r"), "Invalid enum value 'glue'"),
        (("pin", "--reason", "r"), "contentId: missing; a pin needs it"),
        (("hold", "--reason", "r", "--top", "5", "--ranking", "q"), "no ranking is called 'q'"),
    ):
        failed = await run("add", "mine", *given)
        assert words in str(failed.exception), failed.output


async def test_what_waits_is_listed_and_decided(run: Run, pool: Pool) -> None:
    async with pool.connection() as connection:
        world = World(connection)
        await world.only("top_viewed")
        assert (
            await run("add", "new", "hold", "--top", "2", "--reason", "spam wave")
        ).exit_code == 0
        await world.happened(await world.item("a"))
        await world.run(forced=True)
        (waits,) = json.loads((await run("held", "top_viewed", "--json")).output)
        assert (waits["contentId"], waits["place"]) == ("a", 1)
        assert "TITLE" in (await run("held", "top_viewed")).output
        done = await run("decide", "top_viewed", "a", "refuse", "--reason", "spam")
        assert done.output.startswith("video a is refused in top_viewed")
        await world.run(forced=True)
        assert await world.places("top_viewed") == []
    unknown = await run("decide", "top_viewed", "b", "approve")
    assert isinstance(unknown.exception, InputError)
