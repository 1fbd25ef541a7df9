"""Which folders of files a database is migrated by, and which are refused."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from app.errors import MigrationError
from app.migrate.bookkeeping import FIRST_BEFORE_BASELINE
from app.migrate.migrate import migrate
from app.migrate.schema_files import Folders, read_versioned
from tests.database.migrated import ALL, VERSIONED
from tests.fingerprint import row_versions


async def test_a_changed_applied_file_is_refused(
    bare: psycopg.AsyncConnection, url: str, folders: Folders
) -> None:
    await migrate(url, folders=folders)
    before = await row_versions(bare, *ALL)
    file = folders.migrations / Path(VERSIONED[0]).name
    file.write_text(file.read_text() + "\n-- a harmless remark\n")
    with pytest.raises(MigrationError, match=f"{VERSIONED[0]} was applied and has changed"):
        await migrate(url, folders=folders)
    assert await row_versions(bare, *ALL) == before


async def test_a_renamed_applied_file_is_refused(url: str, folders: Folders) -> None:
    await migrate(url, folders=folders)
    file = folders.migrations / Path(VERSIONED[0]).name
    file.rename(file.with_name("0001_other.sql"))
    with pytest.raises(MigrationError, match=f"0001_other.sql was applied as {VERSIONED[0]}"):
        await migrate(url, folders=folders)


async def test_a_database_newer_than_the_checkout_is_refused(url: str, folders: Folders) -> None:
    await migrate(url)
    *_, newest = (file.path for file in read_versioned(folders) if not file.is_compatible)
    (folders.migrations.parent / newest).unlink()
    with pytest.raises(MigrationError, match=f"{newest} was applied .* does not have it"):
        await migrate(url, folders=folders)


async def test_an_older_version_works_with_a_newer_schema_that_says_so(
    bare: psycopg.AsyncConnection, url: str, folders: Folders
) -> None:
    (folders.migrations / "9001_more.sql").write_text(
        "-- More. Source: nothing. Feeds: nothing.\n-- Compatible: it only adds.\n"
        "create table core.more (x integer);"
    )
    changed = folders.functions / "api" / "closed_before.sql"
    changed.write_text(changed.read_text().replace("The first moment", "The very first moment"))
    await migrate(url, folders=folders)
    before = await row_versions(bare, *ALL)
    report = await migrate(url)
    assert report.newer == ["migrations/9001_more.sql"]
    assert report.replaced == 0
    assert await row_versions(bare, *ALL) == before


async def test_two_files_with_one_number_are_refused(url: str, folders: Folders) -> None:
    (folders.continuous_aggregates / "0001_twin.sql").write_text("select 1;\n")
    with pytest.raises(MigrationError, match=r"0001_twin\.sql have the same number"):
        await migrate(url, folders=folders)


async def test_a_number_below_an_applied_one_is_refused(url: str, folders: Folders) -> None:
    await migrate(url, folders=folders)
    (folders.migrations / "0000_late.sql").write_text("select 1;\n")
    with pytest.raises(MigrationError, match=r"0000_late\.sql comes before"):
        await migrate(url, folders=folders)


@pytest.mark.parametrize("name", ["9_short.sql", "0099-dash.sql", "0099_Upper.sql"])
async def test_a_wrong_name_is_refused(url: str, folders: Folders, name: str) -> None:
    (folders.migrations / name).write_text("select 1;\n")
    with pytest.raises(MigrationError, match=f"{name} should be named like"):
        await migrate(url, folders=folders)


@pytest.mark.parametrize(
    "left",
    [
        "create table public.schema_migration (version text primary key)",
        (
            "create table public.schema_file as select '0001' as version, "
            f"'{VERSIONED[0]}' as path, '{FIRST_BEFORE_BASELINE}' as sha256"
        ),
    ],
)
async def test_a_database_from_before_the_baseline_is_refused_and_left_as_it_is(
    bare: psycopg.AsyncConnection, url: str, left: str
) -> None:
    await bare.execute("create schema core; create schema api; create table core.item (x int)")
    await bare.execute(left)
    before = await row_versions(bare, *ALL)
    with pytest.raises(MigrationError, match=r"before the baseline .* make run DATA=") as raised:
        await migrate(url)
    assert "\n" not in str(raised.value)
    assert await row_versions(bare, *ALL) == before
