"""What is replaced in place: functions, views and rules."""

from __future__ import annotations

import re

import psycopg
import pytest

from app.errors import MigrationError
from app.migrate.migrate import migrate
from app.migrate.schema_files import Folders
from tests.database.migrated import OURS, one, table_versions
from tests.fingerprint import fingerprint


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


async def test_a_view_takes_the_place_of_a_function_of_its_name(
    bare: psycopg.AsyncConnection, url: str, folders: Folders
) -> None:
    """With grants of its own: one to execute it would be an error."""
    file = folders.functions / "api" / "of_two_kinds.sql"
    file.write_text(
        "create function api.of_two_kinds() returns int begin atomic select 1; end;\n"
        "grant execute on function api.of_two_kinds() to groundswell_read;"
    )
    await migrate(url, folders=folders)
    file.write_text(
        "create view api.of_two_kinds as select 2 as number;\n"
        "grant select on api.of_two_kinds to groundswell_read;"
    )
    await migrate(url, folders=folders)
    assert await one(bare, "select number from api.of_two_kinds") == 2
    assert await one(
        bare, "select has_table_privilege('groundswell_read', 'api.of_two_kinds', 'select')"
    )


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


async def test_nothing_in_core_can_call_api(url: str, folders: Folders) -> None:
    (folders.functions / "core" / "upwards.sql").write_text(
        "create or replace function core.upwards() returns timestamptz\n"
        "begin atomic select api.closed_before(); end;"
    )
    with pytest.raises(MigrationError, match=r"functions/core/upwards.sql: schema .api. does not"):
        await migrate(url, folders=folders)


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


async def fingerprint_of(
    bare: psycopg.AsyncConnection, url: str, folders: Folders
) -> dict[str, str]:
    """Migrate and return what that made."""
    await migrate(url, folders=folders)
    return await fingerprint(bare, *OURS)
