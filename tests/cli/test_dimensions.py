"""`groundswell dimensions`: declaring, listing and dropping from the command line."""

from __future__ import annotations

import asyncio

import pytest
from click.testing import CliRunner, Result

from app.cli.dimensions import dimensions
from app.errors import InputError

pytestmark = pytest.mark.usefixtures("clean")


async def run(*arguments: str) -> Result:
    """Run the command in a thread, since it brings an event loop of its own."""
    return await asyncio.to_thread(CliRunner().invoke, dimensions, arguments)


async def test_a_key_is_declared_listed_and_dropped(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    assert (await run("list")).output == "no key is declared\n"
    try:
        assert (await run("declare", "os", "ios", "android", "ios")).output == (
            "os is counted by 2 values\n"
        )
        assert (await run("list")).output == "os  since 2000-01-01 00:00Z  ios, android\n"
        again = await run("declare", "os", "ios")
        assert isinstance(again.exception, InputError)
        assert str(again.exception) == "dimension os is declared already: drop it first"
    finally:
        assert (await run("drop", "os")).output == "os is not counted\n"
    gone = await run("drop", "os")
    assert isinstance(gone.exception, InputError)
    assert str(gone.exception) == "no dimension os is declared"
