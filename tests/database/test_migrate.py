"""Migrating: once, twice, from every earlier state, and when something is wrong."""

from __future__ import annotations

import asyncio
import re
import shutil
from pathlib import Path
from typing import Any

import psycopg
import pytest
from structlog.testing import capture_logs

from app.errors import MigrationError
from app.migrate.bookkeeping import FIRST_BEFORE_BASELINE
from app.migrate.migrate import migrate
from app.migrate.schema_files import PROJECT, Folders, read_versioned
from tests.engines import Home
from tests.eventually import eventually
from tests.fingerprint import fingerprint, row_versions

OURS = ("core", "agg", "api")
ALL = (*OURS, "public")
VERSIONED = [file.path for file in read_versioned(PROJECT)]


ONE_SESSION = (
    "the embedded engine's clients share one session, so its locks exclude nobody: "
    "run with TEST_DATABASE_URL or Docker"
)


async def one(connection: psycopg.AsyncConnection, query: str) -> Any:
    [(found,)] = await (await connection.execute(query)).fetchall()
    return found


async def table_versions(connection: psycopg.AsyncConnection) -> list[str]:
    """Return the versions of all that is kept: tables, indexes, types."""
    versions = await row_versions(connection, "core", "agg")
    return [version for version in versions if version.startswith(("class ", "type ", "schema "))]


async def test_a_new_database_gets_everything(bare: psycopg.AsyncConnection, url: str) -> None:
    with capture_logs() as logged:
        report = await migrate(url)
    # Each would be an ERROR in the server's log.
    assert [entry for entry in logged if entry["event"] == "file_waits"] == []
    assert report.applied == VERSIONED
    assert report.replaced
    assert bool(report.jobs) != bool(report.jobs_skipped)
    assert await one(bare, "select count(*) from public.schema_file") == len(VERSIONED)


async def test_a_second_time_executes_no_ddl(bare: psycopg.AsyncConnection, url: str) -> None:
    first = await migrate(url)
    before = await row_versions(bare, *ALL)
    report = await migrate(url)
    assert (report.applied, report.replaced, report.jobs) == ([], 0, [])
    assert report.mended == []
    assert report.jobs_skipped == first.jobs_skipped
    assert await row_versions(bare, *ALL) == before


async def test_every_earlier_state_leads_to_the_same_schema(
    bare: psycopg.AsyncConnection, url: str, tmp_path: Path
) -> None:
    """One file at a time, each state leads to the next; from one of the middle, all at once."""
    await migrate(url)
    whole = await fingerprint(bare, *OURS)
    earlier = Folders.under(tmp_path / "db")
    earlier.migrations.mkdir(parents=True)
    earlier.continuous_aggregates.mkdir()
    for last in (len(VERSIONED), len(VERSIONED) // 2):
        await bare.execute("drop schema core, agg, api, formula cascade")
        await bare.execute("drop table schema_file, schema_replaceable, schema_grant")
        for path in VERSIONED:
            (tmp_path / "db" / path).unlink(missing_ok=True)
        for path in VERSIONED[:last]:
            shutil.copy(PROJECT.migrations.parent / path, tmp_path / "db" / path)
            assert (await migrate(url, folders=earlier)).applied == [path]
        assert (await migrate(url)).applied == VERSIONED[last:]
        assert await fingerprint(bare, *OURS) == whole, f"after {VERSIONED[last - 1]}"


async def test_api_dropped_by_hand_comes_back_as_it_was(
    bare: psycopg.AsyncConnection, url: str
) -> None:
    await migrate(url)
    before = await fingerprint(bare, *OURS)
    await bare.execute("drop schema api cascade")
    await bare.execute("delete from public.schema_replaceable")
    report = await migrate(url)
    assert report.replaced
    assert report.applied == []
    assert await fingerprint(bare, *OURS) == before


async def test_a_changed_function_is_replaced_and_the_data_stays(
    bare: psycopg.AsyncConnection, url: str, folders: Folders
) -> None:
    await migrate(url)
    await bare.execute("insert into core.item (content_type, external_id) values ('video', 'kept')")
    before = await fingerprint(bare, "core", "agg")
    tables = await table_versions(bare)
    file = folders.functions / "api" / "resolve_items.sql"
    text = file.read_text()
    file.write_text(re.sub(r"(comment on .* is\s*)'", r"\1'Changed: ", text, flags=re.DOTALL))
    report = await migrate(url, folders=folders)
    assert report.replaced
    assert report.applied == []
    comment = await one(
        bare,
        "select obj_description(oid, 'pg_proc') from pg_proc where proname = 'resolve_items'",
    )
    assert comment.startswith("Changed: ")
    assert await fingerprint(bare, "core", "agg") == before
    assert await table_versions(bare) == tables
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
    ("fault", "told"),
    [
        ("select 1 / 0;", "division by zero$"),
        ("select nonsense;", r'column "nonsense" does not exist \(line 2\)$'),
    ],
)
async def test_a_failed_migration_names_its_file_and_is_resumed(
    bare: psycopg.AsyncConnection, url: str, folders: Folders, fault: str, told: str
) -> None:
    await migrate(url)
    api = await fingerprint(bare, "api")
    good, bad = folders.migrations / "9001_good.sql", folders.migrations / "9002_bad.sql"
    good.write_text("create table core.good (x int);\n")
    bad.write_text(f"create table core.bad (x int);\n{fault}\n")
    with pytest.raises(MigrationError, match=rf"^migrations/9002_bad.sql: {told}"):
        await migrate(url, folders=folders)
    assert await one(bare, "select to_regclass('core.good') is not null")
    assert await one(bare, "select to_regclass('core.bad') is null")
    assert await one(bare, "select max(version) from public.schema_file") == "9001"
    assert await fingerprint(bare, "api") == api

    bad.write_text("create table core.bad (x int);\n")
    report = await migrate(url, folders=folders)
    assert report.applied == ["migrations/9002_bad.sql"]
    assert report.replaced
    assert await fingerprint(bare, "api") == api


async def test_a_killed_migration_is_not_half_applied(
    home: Home, bare: psycopg.AsyncConnection, url: str, folders: Folders
) -> None:
    if home.name == "embedded":
        pytest.skip(ONE_SESSION)
    await migrate(url)
    for number, name in ((1, "good"), (2, "cut_off")):
        (folders.migrations / f"900{number}_{name}.sql").write_text(
            f"create table core.{name} (x int);\nselect pg_advisory_xact_lock(900{number});\n"
        )
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as other:
        await other.execute("select pg_advisory_lock(9002)")
        migrating = asyncio.create_task(migrate(url, folders=folders))
        waits = "from pg_locks where not granted and locktype = 'advisory'"

        async def waiting() -> bool:
            return bool(await one(bare, f"select count(*) {waits}"))

        await eventually(waiting, within=30)
        await one(bare, f"select pg_terminate_backend(pid) {waits}")
        with pytest.raises(MigrationError, match=r"^migrations/9002_cut_off.sql: "):
            await migrating
    assert await one(bare, "select to_regclass('core.good') is not null")
    assert await one(bare, "select to_regclass('core.cut_off') is null")
    assert (await migrate(url, folders=folders)).applied == ["migrations/9002_cut_off.sql"]
    assert await one(bare, "select to_regclass('core.cut_off') is not null")


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


async def test_a_changed_rule_is_replaced_in_place(
    bare: psycopg.AsyncConnection, url: str, folders: Folders
) -> None:
    await migrate(url)
    tables = await table_versions(bare)
    oid = "select 'core.check_calendar_row()'::regprocedure::oid"
    before = await one(bare, oid)
    file = folders.functions / "core" / "check_calendar_row.sql"
    file.write_text(file.read_text().replace("is no IANA time zone", "is nowhere"))
    assert (await migrate(url, folders=folders)).replaced
    with pytest.raises(psycopg.errors.CheckViolation, match="zone 'X' is nowhere"):
        await bare.execute("update core.calendar set zone = 'X'")
    assert await one(bare, oid) == before
    assert await table_versions(bare) == tables


async def test_a_rule_whose_file_is_gone_goes_with_its_trigger(
    bare: psycopg.AsyncConnection, url: str, folders: Folders
) -> None:
    before = await fingerprint_of(bare, url, folders)
    gone = folders.functions / "core" / "check_calendar_row.sql"
    text = gone.read_text()
    gone.unlink()
    await migrate(url, folders=folders)
    await bare.execute("update core.calendar set zone = 'X'")
    assert await one(bare, "select to_regproc('core.check_calendar_row') is null")
    gone.write_text(text)
    await migrate(url, folders=folders)
    assert await fingerprint(bare, *OURS) == before


async def test_a_rule_with_other_parameters_takes_the_place_of_the_one_before(
    bare: psycopg.AsyncConnection, url: str, folders: Folders
) -> None:
    before = await fingerprint_of(bare, url, folders)
    file = folders.functions / "core" / "alternatives.sql"
    text = file.read_text()
    file.write_text(
        text.replace("(names text[])", "(names text[], x integer default 0)").replace(
            "(text[])", "(text[], integer)"
        )
    )
    await migrate(url, folders=folders)
    known = "select array_agg(oid::regprocedure::text) from pg_proc where proname = 'alternatives'"
    assert await one(bare, known) == ["core.alternatives(text[],integer)"]
    file.write_text(text)
    await migrate(url, folders=folders)
    assert await fingerprint(bare, *OURS) == before


async def test_a_removed_function_that_is_still_used_is_an_error(
    bare: psycopg.AsyncConnection, url: str, folders: Folders
) -> None:
    before = await fingerprint_of(bare, url, folders)
    await bare.execute("create table core.user_of_it (x text default core.alternatives('{a,b}'))")
    try:
        (folders.functions / "core" / "alternatives.sql").unlink()
        with pytest.raises(MigrationError, match=r"core.alternatives.* needs it:\n  default value"):
            await migrate(url, folders=folders)
    finally:
        await bare.execute("drop table core.user_of_it")
    assert await fingerprint(bare, *OURS) == before


async def test_nothing_in_core_can_call_api(url: str, folders: Folders) -> None:
    (folders.functions / "core" / "upwards.sql").write_text(
        "create or replace function core.upwards() returns timestamptz\n"
        "begin atomic select api.closed_before(); end;"
    )
    with pytest.raises(MigrationError, match=r"functions/core/upwards.sql: schema .api. does not"):
        await migrate(url, folders=folders)


async def fingerprint_of(
    bare: psycopg.AsyncConnection, url: str, folders: Folders
) -> dict[str, str]:
    """Migrate and return what that made."""
    await migrate(url, folders=folders)
    return await fingerprint(bare, *OURS)


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
    assert (await migrate(url, folders=folders)).replaced == 0


async def test_two_at_once_share_the_work(home: Home, url: str) -> None:
    if home.name == "embedded":
        pytest.skip(ONE_SESSION)
    reports = await asyncio.gather(migrate(url), migrate(url))
    assert sorted(report.applied for report in reports) == [[], VERSIONED]
    assert sorted(bool(report.replaced) for report in reports) == [False, True]


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
    assert report.jobs == []
    assert gone.stem not in await one(bare, jobs)


async def test_a_server_that_does_not_answer_is_named(unused_port: object) -> None:
    with pytest.raises(MigrationError, match=f"cannot connect to the database: .*{unused_port}"):
        await migrate(f"postgresql://postgres@127.0.0.1:{unused_port}/x", patience=0.1)


@pytest.fixture
def unused_port() -> int:
    from app.embedded.child import free_port  # noqa: PLC0415

    return free_port()
