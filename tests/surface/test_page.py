"""docs/sql.md is what the catalogue says, and the role of dashboards reads what it says."""

from __future__ import annotations

import re

import psycopg
import pytest

from app.runtime.pool import Pool
from tests.surface.catalogue import STABLE, Catalogue, read_catalogue
from tests.surface.page import PAGE, make_page
from tests.surface.ready import EXAMPLES, read_ready
from tests.surface.test_queries import READABLE

PERSONAL = ["user_id", "session_id", "viewer", "entry", "body", "key_hash", "secret", "address"]
"""Columns that tell who did something, or let somebody in."""


@pytest.fixture(scope="module")
async def catalogue(pool: Pool) -> Catalogue:
    async with pool.connection() as connection:
        return await read_catalogue(connection)


def test_the_page_is_current(catalogue: Catalogue) -> None:
    """Else: `make docs`."""
    assert make_page(catalogue, read_ready()) == PAGE.read_text()


def promised(catalogue: Catalogue) -> set[str]:
    relations = {one.name for one in catalogue.relations if one.comment.endswith(STABLE)}
    return relations | {one.name for one in catalogue.routines if one.comment.endswith(STABLE)}


def test_what_is_promised_has_an_example_and_nothing_else_has(catalogue: Catalogue) -> None:
    assert promised(catalogue) == EXAMPLES.keys()


def test_readers_have_exactly_the_views_and_functions_they_were_told(catalogue: Catalogue) -> None:
    views = {one.name for one in catalogue.relations if one.is_view and one.read == "all"}
    functions = {one.name for one in catalogue.routines if one.may_read}
    told = {f"api.{name}" for name in READABLE}
    assert told == promised(catalogue) & (views | functions)


def test_every_view_and_function_is_on_the_page(catalogue: Catalogue) -> None:
    text = PAGE.read_text()
    for one in catalogue.routines:
        assert one.name in text or f"| `{one.name.removeprefix('api.')}` |" in text
    for relation in catalogue.relations:
        assert (
            (relation.read == "none")
            or f"`{relation.name}`" in text
            or (f"### {relation.name}\n" in text)
        )


async def test_the_role_of_dashboards_can_read_nothing_else(pool: Pool) -> None:
    """Nor in TimescaleDB's own schemas, where chunks and partial views lie."""
    text = PAGE.read_text()
    query = """
        select n.nspname || '.' || c.relname
        from pg_catalog.pg_class as c
        inner join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
        where n.nspname in ('core', 'agg', 'api', 'formula') and c.relkind in ('r', 'p', 'v', 'm')
            and not c.relispartition
            and has_any_column_privilege('groundswell_read', c.oid, 'select')
    """
    async with pool.connection() as connection:
        rows = await (await connection.execute(query)).fetchall()
    assert [
        name for (name,) in rows if f"`{name}`" not in text and f"### {name}\n" not in text
    ] == []


async def test_the_role_of_dashboards_sees_nobody(pool: Pool) -> None:
    query = """
        select n.nspname || '.' || c.relname || '.' || a.attname
        from pg_catalog.pg_class as c
        inner join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
        inner join pg_catalog.pg_attribute as a on a.attrelid = c.oid
        where n.nspname not in ('pg_catalog', 'information_schema', '_timescaledb_catalog')
            and c.relkind in ('r', 'p', 'v', 'm') and a.attnum > 0 and not a.attisdropped
            and a.attname = any(%s::text[])
            and has_column_privilege('groundswell_read', c.oid, a.attnum, 'select')
    """
    async with pool.connection() as connection:
        rows = await (await connection.execute(query, [PERSONAL])).fetchall()
    assert rows == []


async def test_the_role_of_dashboards_learns_not_who_was_erased(pool: Pool) -> None:
    """The trail has a hash of the id, which whoever guesses the id can make."""
    query = """
        select has_column_privilege('groundswell_read', 'core.audit', name, 'select')
        from unnest(array['action', 'who', 'parameters', 'outcome']) as name
    """
    async with pool.connection() as connection:
        rows = await (await connection.execute(query)).fetchall()
    assert rows == [(True,), (True,), (False,), (False,)]


async def test_the_role_of_dashboards_changes_and_schedules_nothing(
    catalogue: Catalogue, pool: Pool
) -> None:
    assert [
        one.name for one in catalogue.routines if one.may_read and one.kind == "procedure"
    ] == []
    changes = """
        select n.nspname || '.' || c.relname
        from pg_catalog.pg_class as c
        inner join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
        where n.nspname not in ('pg_catalog', 'information_schema')
            and c.relkind in ('r', 'p', 'v', 'm')
            and has_any_column_privilege('groundswell_read', c.oid, 'insert, update')
        union all
        select p.oid::regprocedure::text from pg_catalog.pg_proc as p
        where p.proname = 'add_job' and has_function_privilege('groundswell_read', p.oid, 'execute')
    """
    async with pool.connection() as connection:
        assert await (await connection.execute(changes)).fetchall() == []
        volatile = """
            select p.oid::regprocedure::text from pg_catalog.pg_proc as p
            where p.pronamespace = 'api'::regnamespace and p.provolatile = 'v'
                and has_function_privilege('groundswell_read', p.oid, 'execute')
        """
        assert await (await connection.execute(volatile)).fetchall() == []


async def test_unique_viewers_are_counted_for_who_may_not_see_viewers(
    reader: psycopg.AsyncConnection,
) -> None:
    await reader.execute("select * from api.stats_of_items(array['video'], array['2'], now())")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        await reader.execute("select entry from core.viewer_day")


async def test_the_documented_login_of_dashboards_reads_and_writes_nothing(
    owner: psycopg.AsyncConnection,
) -> None:
    text = (PAGE.parent / "operations.md").read_text()
    recipe = re.search(r"```sql\n(create role dashboards .*?)```", text, re.DOTALL)
    assert recipe
    for statement in recipe[1].strip().split("\n"):
        await owner.execute(statement.encode())
    await owner.execute("set local role dashboards")
    await owner.execute("select * from api.trending_now limit 1")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        await owner.execute("insert into core.item (content_type, external_id) values ('a', 'b')")
