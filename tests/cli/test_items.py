"""`groundswell items`: excluding from the command line."""

import asyncio
import re
from collections.abc import Awaitable, Callable

import pytest
from click.testing import CliRunner, Result

from app.cli.items import catalogue
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
        return await asyncio.to_thread(CliRunner().invoke, catalogue, arguments)

    return run


async def test_an_item_is_excluded_listed_and_included(run: Run, pool: Pool) -> None:
    async with pool.connection() as connection:
        await World(connection).item("a", content_type="movie")
    movie = ["a", "--content-type", "movie"]

    assert (await run("excluded")).output == "nothing is excluded\n"
    assert (await run("exclude", *movie, "--reason", "spam")).output == "movie a is excluded\n"
    assert re.fullmatch(
        r"movie  a  since [0-9-]{10} [0-9:]{5}Z by ada, command line  spam\n",
        (await run("excluded")).output,
    )
    assert (await run("include", *movie)).output == "movie a is not excluded\n"
    assert (await run("excluded")).output == "nothing is excluded\n"


async def test_an_unknown_item_and_no_reason_are_refused(run: Run) -> None:
    unknown = await run("exclude", "nobody", "--reason", "spam")
    assert isinstance(unknown.exception, InputError)
    assert "no video has the id 'nobody'" in str(unknown.exception)
    assert (await run("exclude", "a")).exit_code == 2
    assert (await run("exclude", "a", "--reason", "x" * 501)).exit_code == 2
