"""`groundswell labels`: whose events count nothing in lists that fade (T2)."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner, Result

from app.cli.labels import labels
from app.errors import InputError
from app.ingest.queries import viewer_key
from app.ingest.viewer import session_viewer, user_viewer
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
        return await asyncio.to_thread(CliRunner().invoke, labels, arguments)

    return run


async def test_a_user_is_labelled_as_its_events_name_it_and_lifted(run: Run, pool: Pool) -> None:
    assert (await run("list")).output == "nobody is labelled\n"
    assert (await run("add", "--user", "u1", "--reason", "buys")).output == "label 1 is in force\n"
    assert (await run("add", "--user", "u1", "--reason", "more")).output == "label 1 is in force\n"
    async with pool.connection() as connection:
        key = await viewer_key(connection)
        [(viewer, since)] = await World(connection).rows(
            "select viewer, since from core.actor_label"
        )
    assert viewer == user_viewer("u1", key) & (2**63 - 1)
    assert since == datetime.now(UTC).date()
    assert re.fullmatch(
        r"1  user [0-9]+  since [0-9-]{10} by ada, command line  buys\n", (await run("list")).output
    )
    assert (await run("lift", "1")).output == "label 1 is lifted\n"
    assert (await run("list")).output == "nobody is labelled\n"
    assert "lifted by ada, command line" in (await run("list", "--all")).output


async def test_sessions_numbers_and_items_are_labelled_for_some_days(run: Run, pool: Pool) -> None:
    async with pool.connection() as connection:
        world = World(connection)
        await world.item("a", content_type="movie")
        session = session_viewer("s", await viewer_key(connection)) & (2**63 - 1)
    days = ["--reason", "burst", "--since", "2026-01-01", "--until", "2026-01-03"]
    for number, whom in enumerate(
        (["--session", "s"], ["--viewer", "7"], ["--item", "a", "--content-type", "movie"]), start=1
    ):
        assert (await run("add", *whom, *days)).output == f"label {number} is in force\n"
    lines = (await run("list")).output.splitlines()
    assert [line.split("  ")[1] for line in lines] == [
        "item movie a", "address 7", f"session {session}",
    ]  # fmt: skip
    assert all("since 2026-01-01 until 2026-01-03" in line for line in lines)


async def test_nonsense_is_refused_by_the_name_of_the_option(run: Run) -> None:
    for arguments, fault in (
        (["add", "--reason", "x"], "give one of --user, --session, --viewer and --item"),
        (["add", "--user", "a", "--item", "b", "--reason", "x"], "give one of"),
        (["add", "--user", "a", "--reason", "x" * 501], "--reason: use 1 to 500 characters"),
        (
            ["add", "--user", "a", "--reason", "x", "--since", "2026-01-02", "--until",
             "2026-01-02"],
            "--until: use a day after --since",
        ),
    ):  # fmt: skip
        refused = await run(*arguments)
        assert refused.exit_code == 2
        assert fault in refused.output
    unknown = await run("lift", "9")
    assert isinstance(unknown.exception, InputError)
    assert "no label 9 is in force" in str(unknown.exception)
    nowhere = await run("add", "--item", "nobody", "--reason", "x")
    assert "no video has the id 'nobody'" in str(nowhere.exception)
