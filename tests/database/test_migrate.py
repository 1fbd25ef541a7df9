"""Migrating: once, twice, from every earlier state, and when something is wrong."""

from __future__ import annotations

import asyncio
import re
import shutil
from pathlib import Path
from typing import Any

import psycopg
import pytest

from app.errors import MigrationError
from app.migrate.migrate import migrate
from app.migrate.schema_files import PROJECT, Folders, read_versioned
from tests.engines import Home
from tests.fingerprint import fingerprint, row_versions

OURS = ("core", "agg", "api")
ALL = (*OURS, "public")
VERSIONED = [file.path for file in read_versioned(PROJECT)]
DOWN = "-- migrate:down\n"
"""dbmate insists on it."""


async def one(connection: psycopg.AsyncConnection, query: str) -> Any:
    [(found,)] = await (await connection.execute(query)).fetchall()
    return found


async def test_a_new_database_gets_everything(bare: psycopg.AsyncConnection, url: str) -> None:
    report = await migrate(url)
    assert report.applied == VERSIONED
    assert report.api_replaced
    assert bool(report.jobs) != bool(report.jobs_skipped)
    assert await one(bare, "select count(*) from public.schema_file") == len(VERSIONED)


async def test_a_second_time_executes_no_ddl(bare: psycopg.AsyncConnection, url: str) -> None:
    first = await migrate(url)
    before = await row_versions(bare, *ALL)
    report = await migrate(url)
    assert (report.applied, report.api_replaced, report.jobs) == ([], False, [])
    assert report.jobs_skipped == first.jobs_skipped
    assert await row_versions(bare, *ALL) == before


async def test_every_earlier_state_leads_to_the_same_schema(
    bare: psycopg.AsyncConnection, url: str, tmp_path: Path
) -> None:
    await migrate(url)
    whole = await fingerprint(bare, *OURS)
    for known in range(1, len(VERSIONED)):
        await bare.execute("drop schema core, agg, api cascade")
        await bare.execute("drop table schema_migration, schema_file, schema_replaceable")
        earlier = Folders.under(tmp_path / str(known))
        earlier.migrations.mkdir(parents=True)
        earlier.continuous_aggregates.mkdir()
        for path in VERSIONED[:known]:
            shutil.copy(PROJECT.migrations.parent / path, tmp_path / str(known) / path)
        assert (await migrate(url, folders=earlier)).applied == VERSIONED[:known]
        assert (await migrate(url)).applied == VERSIONED[known:]
        assert await fingerprint(bare, *OURS) == whole, f"after {VERSIONED[known - 1]}"


async def test_api_dropped_by_hand_comes_back_as_it_was(
    bare: psycopg.AsyncConnection, url: str
) -> None:
    await migrate(url)
    before = await fingerprint(bare, *OURS)
    await bare.execute("drop schema api cascade")
    await bare.execute("delete from public.schema_replaceable")
    report = await migrate(url)
    assert report.api_replaced
    assert report.applied == []
    assert await fingerprint(bare, *OURS) == before


async def test_a_changed_function_is_replaced_and_the_data_stays(
    bare: psycopg.AsyncConnection, url: str, folders: Folders
) -> None:
    await migrate(url)
    await bare.execute("insert into core.item (content_type, external_id) values ('video', 'kept')")
    tables = await row_versions(bare, "core", "agg")
    file = folders.functions / "api" / "resolve_items.sql"
    text = file.read_text()
    file.write_text(re.sub(r"(comment on .* is\s*)'", r"\1'Changed: ", text, flags=re.DOTALL))
    report = await migrate(url, folders=folders)
    assert report.api_replaced
    assert report.applied == []
    comment = await one(
        bare,
        "select obj_description(oid, 'pg_proc') from pg_proc where proname = 'resolve_items'",
    )
    assert comment.startswith("Changed: ")
    assert await row_versions(bare, "core", "agg") == tables
    assert await one(bare, "select external_id from core.item") == "kept"


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
    newest = folders.migrations.parent / VERSIONED[-1]
    newest.unlink()
    with pytest.raises(MigrationError, match=f"{VERSIONED[-1]} was applied .* does not have it"):
        await migrate(url, folders=folders)


async def test_two_files_with_one_number_are_refused(url: str, folders: Folders) -> None:
    (folders.continuous_aggregates / "0001_twin.sql").write_text("-- migrate:up\n")
    with pytest.raises(MigrationError, match=r"0001_twin\.sql have the same number"):
        await migrate(url, folders=folders)


async def test_a_number_below_an_applied_one_is_refused(url: str, folders: Folders) -> None:
    await migrate(url, folders=folders)
    (folders.migrations / "0000_late.sql").write_text("-- migrate:up\nselect 1;\n")
    with pytest.raises(MigrationError, match=r"0000_late\.sql comes before"):
        await migrate(url, folders=folders)


@pytest.mark.parametrize("name", ["9_short.sql", "0099-dash.sql", "0099_Upper.sql"])
async def test_a_wrong_name_is_refused(url: str, folders: Folders, name: str) -> None:
    (folders.migrations / name).write_text("-- migrate:up\nselect 1;\n")
    with pytest.raises(MigrationError, match=f"{name} should be named like"):
        await migrate(url, folders=folders)


@pytest.mark.parametrize("mode", ["", " transaction:false"])
async def test_a_failed_migration_names_its_file_and_is_resumed(
    bare: psycopg.AsyncConnection, url: str, folders: Folders, mode: str
) -> None:
    await migrate(url)
    api = await fingerprint(bare, "api")
    good, bad = folders.migrations / "9001_good.sql", folders.migrations / "9002_bad.sql"
    good.write_text(f"-- migrate:up\ncreate table core.good (x int);\n{DOWN}")
    bad.write_text(f"-- migrate:up{mode}\ncreate table core.bad (x int);\nselect 1 / 0;\n{DOWN}")
    with pytest.raises(MigrationError, match=r"9002_bad.sql: .*division by zero"):
        await migrate(url, folders=folders)
    assert await one(bare, "select to_regclass('core.good') is not null")
    assert await one(bare, "select to_regclass('core.bad') is null")
    assert await fingerprint(bare, "api") == api

    bad.write_text(f"-- migrate:up\ncreate table core.bad (x int);\n{DOWN}")
    report = await migrate(url, folders=folders)
    assert report.applied == ["migrations/9002_bad.sql"]
    assert report.api_replaced
    assert await fingerprint(bare, "api") == api


async def test_functions_may_call_what_sorts_after_them(
    bare: psycopg.AsyncConnection, url: str, folders: Folders
) -> None:
    (folders.functions / "api" / "a_first.sql").write_text(
        "create function api.a_first() returns int begin atomic select api.z_last() + 1; end;"
    )
    (folders.functions / "api" / "z_last.sql").write_text(
        "create function api.z_last() returns int begin atomic select 41; end;"
    )
    await migrate(url, folders=folders)
    assert await one(bare, "select api.a_first()") == 42


async def test_a_broken_function_leaves_the_old_ones_in_place(
    bare: psycopg.AsyncConnection, url: str, folders: Folders
) -> None:
    await migrate(url)
    api = await fingerprint(bare, "api")
    broken = folders.functions / "api" / "broken.sql"
    broken.write_text(
        "create function api.broken() returns int begin atomic select api.nowhere(); end;"
    )
    with pytest.raises(MigrationError, match=r"functions/api/broken.sql: .*nowhere"):
        await migrate(url, folders=folders)
    assert await fingerprint(bare, "api") == api
    broken.unlink()
    assert (await migrate(url, folders=folders)).api_replaced


async def test_two_at_once_share_the_work(home: Home, url: str) -> None:
    if home.name == "embedded":
        pytest.skip(
            "the embedded engine's clients share one session, so its locks exclude nobody: "
            "run with TEST_DATABASE_URL or Docker"
        )
    reports = await asyncio.gather(migrate(url), migrate(url))
    assert sorted(report.applied for report in reports) == [[], VERSIONED]
    assert sorted(report.api_replaced for report in reports) == [False, True]


async def test_a_job_that_was_removed_is_unscheduled(
    bare: psycopg.AsyncConnection, url: str, folders: Folders
) -> None:
    if (await migrate(url)).jobs_skipped:
        pytest.skip("this database has no pg_cron: see cron.database_name")
    names = {path.stem for path in folders.jobs.iterdir()}
    jobs = "select array_agg(jobname order by jobname) from cron.job"
    assert set(await one(bare, jobs)) >= names
    gone = folders.jobs / f"{min(names)}.sql"
    gone.unlink()
    report = await migrate(url, folders=folders)
    assert set(report.jobs) == names - {gone.stem}
    assert gone.stem not in await one(bare, jobs)


async def test_a_server_that_does_not_answer_is_named(unused_port: int) -> None:
    with pytest.raises(MigrationError, match=f"cannot connect to the database: .*{unused_port}"):
        await migrate(f"postgresql://postgres@127.0.0.1:{unused_port}/x", patience=0.1)


@pytest.fixture
def unused_port() -> int:
    from app.embedded.child import free_port  # noqa: PLC0415

    return free_port()
