"""Migrating: once, twice, from every earlier state, and when something breaks it off."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import psycopg
import pytest
from structlog.testing import capture_logs

from app.errors import MigrationError
from app.migrate.migrate import migrate
from app.migrate.schema_files import PROJECT, Folders
from tests.database.migrated import ALL, OURS, VERSIONED, one
from tests.engines import Home
from tests.eventually import eventually
from tests.fingerprint import fingerprint, row_versions

ONE_SESSION = (
    "the embedded engine's clients share one session, so its locks exclude nobody: "
    "run with TEST_DATABASE_URL or Docker"
)


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
