"""Which versions of TimescaleDB and PostgreSQL this works with is said, and what does not work."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from app.errors import MigrationError
from app.migrate import engine
from app.migrate.migrate import differences, migrate
from tests.engines import Engine

SUPPORTED = "TimescaleDB 2.23 to 2.32 on PostgreSQL 15 to 18"


@pytest.fixture
def url(own: Engine) -> str:
    return own.database_url


async def test_a_version_that_was_never_tried_is_told(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await migrate(url)).warnings == []
    monkeypatch.setattr(engine, "NEWEST", (2, 22))
    monkeypatch.setattr(engine, "POSTGRESQL", range(10, 12))
    [timescaledb, postgresql] = (await migrate(url)).warnings
    assert timescaledb.startswith("TimescaleDB 2.")
    assert postgresql.startswith("PostgreSQL 1")
    for told in (timescaledb, postgresql):
        assert told.endswith(f"is not tried: Groundswell works with {SUPPORTED}")
        assert told in await differences(url)


async def test_a_version_that_is_too_old_is_refused(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "OLDEST", (3, 0))
    with pytest.raises(MigrationError, match=f"is too old: .* {SUPPORTED}"):
        await migrate(url)


async def test_what_a_version_does_not_show_any_more_is_told(
    connection: psycopg.AsyncConnection[Any], url: str
) -> None:
    changes_of_a_version = (
        ("alter view timescaledb_information.chunks rename column {} to {}", "range_end"),
        (
            "alter table _timescaledb_catalog.continuous_agg rename column {} to {}",
            "user_view_name",
        ),
    )
    for change, name in changes_of_a_version:
        await connection.execute(change.format(name, "other").encode())
    try:
        chunks, changes, stale, unrefreshed = (await migrate(url)).warnings
    finally:
        for change, name in changes_of_a_version:
            await connection.execute(change.format("other", name).encode())
    assert "shows its chunks otherwise" in chunks
    assert "keeps its logs of changes otherwise" in changes
    assert all("user_view_name" in each for each in (stale, unrefreshed)), (stale, unrefreshed)
    assert await differences(url) == []
