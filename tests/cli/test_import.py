"""`groundswell import`: what it says, and how it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from app.cli.import_ import importing
from app.errors import InputError
from app.runtime.pool import Pool

pytestmark = pytest.mark.usefixtures("clean")
Run = Callable[..., Awaitable[Result]]

HISTORY = """\
type,contentId,contentType,occurredAt
view,a,movie,2026-01-02T03:04:05Z
viewed,a,movie,2026-01-02T03:04:06Z
like,a,movie,2026-01-03T00:00:00+01:00
"""


@pytest.fixture
def run(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command in a thread, since it brings an event loop of its own."""
    monkeypatch.setenv("DATABASE_URL", database_url)

    async def run(*arguments: str) -> Result:
        return await asyncio.to_thread(CliRunner().invoke, importing, arguments)

    return run


async def test_a_file_is_checked_imported_and_not_imported_again(
    run: Run, pool: Pool, tmp_path: Path
) -> None:
    path, rejects = tmp_path / "history.csv", tmp_path / "rejects"
    path.write_text(HISTORY)

    checked = await run(str(path), "--check")
    assert checked.exit_code == 1
    assert (
        f"""\
{path}: csv, 4 lines, 2 events
  of 1 items, from 2026-01-02 03:04Z to 2026-01-02 23:00Z
  like 1, view 1
  left out 1, first line 3: type: expected one of view, like"""
        in checked.output
    )

    imported = await run(str(path), "--rejects", str(rejects))
    assert imported.exit_code == 0
    assert f"{path}: 2 events, 1 lines rejected, imported\n" in imported.output
    assert rejects.read_text().startswith(f"{path}:3: type: expected one of view, like")

    again = await run(str(path))
    assert f"{path}: 2 events, 1 lines rejected, imported before\n" in again.output
    async with pool.connection() as connection:
        cursor = await connection.execute("select count(*) from core.event")
        assert await cursor.fetchone() == (2,)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("history.txt", "", "history.txt: not .csv, .ndjson or .jsonl"),
        ("history.csv", "type,contentId\n", "line 1: there is no column occurredAt"),
        ("history.csv", "type,contentId,occurredAt,what\n", "line 1: 'what' is no column"),
    ],
)
async def test_what_cannot_be_read_is_refused(
    run: Run, tmp_path: Path, name: str, text: str, message: str
) -> None:
    path = tmp_path / name
    path.write_text(text)
    refused = await run(str(path), "--check")
    assert isinstance(refused.exception, InputError)
    assert message in refused.exception.detail
