"""What a DBA built on the schema outlives every migration, or is named by the one that refuses."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import psycopg
import pytest

from app.errors import MigrationError
from app.migrate.migrate import migrate
from app.migrate.schema_files import PROJECT, Folders
from tests.engines import Engine
from tests.fingerprint import fingerprint

BUILT = """
    drop schema if exists mine cascade;
    create schema mine;
    create view mine.popular as select * from api.item_popularity;
    create view mine.very_popular as select * from mine.popular where views > 1000;
    comment on view mine.popular is 'Mine.';
    create function mine.due(as_of timestamptz) returns boolean
        begin atomic select api.closed_before() < as_of; end;
    create function api.own() returns integer begin atomic select 7; end;
    grant select on api.item_popularity to pg_monitor;
    grant execute on function api.closed_before() to pg_monitor;
    grant select on mine.popular to pg_monitor;
    insert into core.item (content_type, external_id) values ('video', 'kept');
    insert into core.score_feed (item_id, occurred_at, event_type, count)
    select item_id, now(), 'view', 1 from core.item;
"""

VIEW = "functions/api/item_popularity.sql"
FUNCTION = "functions/api/closed_before.sql"


async def one(connection: psycopg.AsyncConnection, query: str) -> Any:
    [(found,)] = await (await connection.execute(query.encode())).fetchall()
    return found


@pytest.fixture
def url(own: Engine) -> str:
    return own.database_url


@pytest.fixture
async def built(connection: psycopg.AsyncConnection) -> dict[str, str]:
    """Everything that is not ours, beside an item."""
    await connection.execute(BUILT)
    return await fingerprint(connection, "mine", "api", "formula")


def change(folders: Folders, path: str, old: str, new: str) -> None:
    file = folders.functions.parent / path
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


async def test_a_changed_body_keeps_all_of_it(
    connection: psycopg.AsyncConnection, url: str, folders: Folders, built: dict[str, str]
) -> None:
    change(folders, FUNCTION, "language sql stable", "language sql stable cost 99")
    assert (await migrate(url, folders=folders)).replaced == 1
    now = await fingerprint(connection, "mine", "api", "formula")
    changed = {name for name in now.keys() | built.keys() if now.get(name) != built.get(name)}
    assert changed == {"function api.closed_before()"}
    assert await one(connection, "select mine.due('infinity')")


async def test_a_new_version_of_everything_keeps_all_of_it(
    connection: psycopg.AsyncConnection, url: str, folders: Folders, built: dict[str, str]
) -> None:
    """A pending migration has every function and view replaced."""
    (folders.migrations / "9001_more.sql").write_text("create table core.more (x integer);")
    assert (await migrate(url, folders=folders)).applied == ["migrations/9001_more.sql"]
    assert await fingerprint(connection, "mine", "api", "formula") == built


async def test_a_view_gets_a_column_under_a_view_of_others(
    connection: psycopg.AsyncConnection, url: str, folders: Folders, built: dict[str, str]
) -> None:
    text = (folders.functions.parent / VIEW).read_text()
    head, _, _ = text.partition("\nfrom ")
    last = head.rsplit("\n", 1)[-1]
    change(folders, VIEW, f"{last}\nfrom ", f"{last},\n    42 as added\nfrom ")
    await migrate(url, folders=folders)
    assert await one(connection, "select added from api.item_popularity") == 42
    assert await one(connection, "select count(*) from mine.very_popular") == 0
    now = await fingerprint(connection, "mine")
    assert now.items() <= built.items()
    assert await one(
        connection, "select has_table_privilege('pg_monitor', 'api.item_popularity', 'select')"
    )


OTHER_SHAPE = "returns timestamptz", "returns timestamp"


async def test_another_shape_is_refused_with_the_list_of_who_needs_it(
    connection: psycopg.AsyncConnection, url: str, folders: Folders, built: dict[str, str]
) -> None:
    change(folders, FUNCTION, *OTHER_SHAPE)
    with pytest.raises(
        MigrationError, match=r"api\.closed_before\(\) must be dropped.*\n  function mine\.due\("
    ):
        await migrate(url, folders=folders)
    assert await fingerprint(connection, "mine", "api", "formula") == built


async def test_cascade_writes_what_brings_it_back(
    connection: psycopg.AsyncConnection,
    url: str,
    folders: Folders,
    tmp_path: Path,
    built: dict[str, str],
) -> None:
    text = (folders.functions.parent / VIEW).read_text()
    (folders.functions.parent / VIEW).unlink()
    script = tmp_path / "restore.sql"
    await migrate(url, folders=folders, script=script)
    assert await one(connection, "select to_regclass('mine.popular') is null")
    (folders.functions.parent / VIEW).write_text(text)
    await migrate(url, folders=folders)
    await connection.execute(script.read_bytes())
    now = await fingerprint(connection, "mine")
    assert now == {
        name: text for name, text in built.items() if " mine." in name or name == "schema mine"
    }


async def test_what_only_ours_need_is_made_anew_with_its_grants(
    connection: psycopg.AsyncConnection, url: str, folders: Folders, built: dict[str, str]
) -> None:
    await connection.execute("drop function mine.due(timestamptz)")
    built.pop("function mine.due(timestamp with time zone)")
    change(
        folders,
        FUNCTION,
        "api.closed_before()\nreturns",
        "api.closed_before(x integer default 1)\nreturns",
    )
    change(folders, FUNCTION, "function api.closed_before()", "function api.closed_before(integer)")
    await migrate(url, folders=folders)
    assert await one(
        connection,
        "select array_agg(oid::regprocedure::text) from pg_proc where proname = 'closed_before'",
    ) == ["api.closed_before(integer)"]
    assert await one(
        connection,
        "select has_function_privilege('pg_monitor', 'api.closed_before(integer)', 'execute')",
    )
    now = await fingerprint(connection, "mine", "api", "formula")
    left = {name for name in now.keys() ^ built.keys() if "closed_before" not in name}
    assert left == set()


async def test_a_migration_that_changes_what_views_need_takes_ours_down_and_up(
    connection: psycopg.AsyncConnection, url: str, folders: Folders, built: dict[str, str]
) -> None:
    (folders.migrations / "9001_wider.sql").write_text(
        "alter table core.ranking_run alter column print type varchar;"
    )
    await connection.execute("create view api.own_view as select print from core.ranking_run")
    with pytest.raises(MigrationError, match=r"9001_wider\.sql: .*view api\.own_view"):
        await migrate(url, folders=folders)
    await connection.execute("drop view api.own_view")
    assert await fingerprint(connection, "mine", "api", "formula") == built
    report = await migrate(url, folders=folders)
    assert report.applied == ["migrations/9001_wider.sql"]
    now = await fingerprint(connection, "mine", "api", "formula")
    assert {name for name in now if now[name] != built.get(name)} <= {
        name for name in now if "newest_run" in name
    }


DOC = (PROJECT.migrations.parents[1] / "docs" / "scoring.md").read_text()


async def test_a_formula_of_ones_own_ranks_and_stays(
    connection: psycopg.AsyncConnection, url: str, folders: Folders
) -> None:
    [shown] = re.findall(r"```pgsql\n(create function formula.*?end;)\n\n(.*?)```", DOC, re.DOTALL)
    await connection.execute(shown[1].encode())
    ranking = """
        insert into core.ranking (name, formula, "window")
        values ('mine', 'velocity', '24h')
    """
    with pytest.raises(
        psycopg.errors.CheckViolation, match=r"write the function formula\.velocity"
    ):
        await connection.execute(ranking)
    await connection.execute(shown[0].encode())
    await connection.execute(ranking)
    change(folders, FUNCTION, "language sql stable", "language sql stable cost 99")
    (folders.migrations / "9001_more.sql").write_text("create table core.more (x integer);")
    assert (await migrate(url, folders=folders)).warnings == []
    await connection.execute(
        """
        with made as (
            insert into core.item (content_type, external_id) values ('v', 'x') returning item_id
        )
        insert into core.item_window
            ("window", item_id, views, likes, comments, shares, watch_seconds, last_event_at)
        select '24h', item_id, 48, 0, 0, 0, 0, now() from made
        """
    )
    place = """
        select place.score
        from core.ranking as r cross join api.ranked(r, now()) as place
        where r.name = 'mine'
    """
    assert await one(connection, place) == 2
    await connection.execute("drop schema formula cascade; create schema formula")
    assert (await migrate(url, folders=folders)).warnings == [
        "ranking mine: there is no function formula.velocity(core.ranking, timestamptz)"
    ]


async def test_jobs_stay_as_a_dba_has_them(
    connection: psycopg.AsyncConnection, url: str, folders: Folders
) -> None:
    report = await migrate(url, folders=folders)
    if report.jobs_skipped:
        pytest.skip("this database has no pg_cron: see cron.database_name")
    await connection.execute(
        "update cron.job set active = false where jobname = 'groundswell_reconcile';"
        "update cron.job set schedule = '*/5 * * * *' where jobname = 'groundswell_run_rankings';"
        "update cron.job set database = 'elsewhere' where jobname = 'groundswell_reconcile';"
    )
    for name in ("reconcile", "run_rankings", "maintain_storage"):
        change(folders, f"jobs/groundswell_{name}.sql", f"api.{name}(", f"api.{name}  (")
    change(folders, "jobs/groundswell_maintain_storage.sql", "'17 ", "'18 ")
    report = await migrate(url, folders=folders)
    assert len(report.jobs) == 3
    jobs = "select jobname, schedule, command, active, database = current_database() from cron.job"
    cursor = await connection.execute(
        f"{jobs} where jobname ~ 'reconc|maint|run_r' order by 1".encode()
    )
    assert await cursor.fetchall() == [
        ("groundswell_maintain_storage", "18 * * * *", "call api.maintain_storage  ()", True, True),
        ("groundswell_reconcile", "41 3 * * *", "call api.reconcile  ()", False, True),
        ("groundswell_run_rankings", "*/5 * * * *", "call api.run_rankings  ()", True, True),
    ]
    assert (await migrate(url, folders=folders)).jobs == []
