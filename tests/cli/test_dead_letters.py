import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import redis.asyncio
from click.testing import CliRunner, Result

from app.cli.dead_letters import dead_letters
from app.ingest import keys
from app.ingest.dead_letters import dead_fields

pytestmark = pytest.mark.usefixtures("clean")
Run = Callable[..., Awaitable[Result]]


@pytest.fixture
async def letter(redis: redis.asyncio.Redis, clean: None) -> str:  # noqa: ARG001  # or it would be cleaned away
    """An entry that nobody can read, put aside."""
    fields = dead_fields({b"e": b"rubbish"}, reason="unreadable", first_id=b"1-0")
    entry_id = await redis.xadd(keys.DEAD_STREAM, dict(fields.items()))
    assert isinstance(entry_id, bytes)
    return entry_id.decode()


@pytest.fixture
def run(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command in a thread, since it brings an event loop of its own."""
    monkeypatch.setenv("REDIS_URL", redis_url)

    async def run(*arguments: str, **options: Any) -> Result:
        return await asyncio.to_thread(CliRunner().invoke, dead_letters, arguments, **options)

    return run


async def test_nothing_to_list(run: Run) -> None:
    assert (await run("list")).output == "there are no dead letters\n"


async def test_a_letter_is_listed_and_shown_with_its_reason(run: Run, letter: str) -> None:
    line = rf"{letter}  \d{{4}}-\d\d-\d\d \d\d:\d\d:\d\dZ  unreadable  unreadable\n"
    assert re.fullmatch(line, (await run("list")).output)
    assert re.fullmatch(line, (await run("show", letter)).output)


async def test_a_replayed_letter_is_back_on_the_stream(
    run: Run, letter: str, redis: redis.asyncio.Redis
) -> None:
    assert (await run("replay", letter)).output == "1 replayed\n"
    assert await redis.xlen(keys.DEAD_STREAM) == 0
    assert await redis.xlen(keys.EVENT_STREAM) == 1


@pytest.mark.usefixtures("letter")
async def test_dropping_asks_first(run: Run, redis: redis.asyncio.Redis) -> None:
    refused = await run("drop", "--all", input="n\n")
    assert refused.exit_code == 1
    assert await redis.xlen(keys.DEAD_STREAM) == 1
    assert "1 dropped" in (await run("drop", "--all", "--yes")).output
    assert await redis.xlen(keys.DEAD_STREAM) == 0


async def test_ids_or_all_must_be_given(run: Run) -> None:
    result = await run("replay")
    assert result.exit_code == 2
    assert "give ids, or --all" in result.output


async def test_an_unknown_id_is_told(run: Run) -> None:
    result = await run("show", "1-1")
    assert "there is no dead letter 1-1" in str(result.exception)
