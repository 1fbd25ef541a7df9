"""What there is in schema api and who may use it, as the catalogue says."""

from __future__ import annotations

import msgspec
import psycopg
from psycopg.rows import class_row

STABLE = " Stable."
"""How the comment of what is promised to people ends."""


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """A column of a view or table."""

    relation: str
    name: str
    type: str
    comment: str
    refers: str | None
    """The table whose key it holds: by a foreign key, or because its comment names the table."""


class Relation(msgspec.Struct, frozen=True, kw_only=True):
    """A view of api, a table of core or an aggregate of agg."""

    name: str
    comment: str
    read: str
    """What groundswell_read may select: `all`, `some` columns, or `none`."""
    is_view: bool


class Routine(msgspec.Struct, frozen=True, kw_only=True):
    """A function or procedure of api."""

    name: str
    kind: str
    arguments: str
    result: str | None
    comment: str
    may_read: bool
    """Whether groundswell_read may call it."""


class Catalogue(msgspec.Struct, frozen=True, kw_only=True):
    """All of them, by name."""

    relations: list[Relation]
    columns: list[Column]
    routines: list[Routine]


_RELATIONS = """
    select
        n.nspname || '.' || c.relname as name,
        coalesce(obj_description(c.oid, 'pg_class'), '') as comment,
        case
            when has_table_privilege('groundswell_read', c.oid, 'select') then 'all'
            when has_any_column_privilege('groundswell_read', c.oid, 'select') then 'some'
            else 'none'
        end as read,
        n.nspname = 'api' as is_view
    from pg_catalog.pg_class as c
    inner join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    where n.nspname in ('core', 'agg', 'api') and c.relkind in ('r', 'p', 'v', 'm')
        and not c.relispartition
    order by n.nspname, c.relname collate "C"
"""
_COLUMNS = """
    select
        n.nspname || '.' || c.relname as relation,
        a.attname::text as name,
        format_type(a.atttypid, a.atttypmod) as type,
        coalesce(col_description(c.oid, a.attnum), '') as comment,
        coalesce(
            (
                select k.confrelid::regclass::text from pg_catalog.pg_constraint as k
                where k.contype = 'f' and k.conrelid = c.oid and k.conkey = array[a.attnum]
                order by k.conname limit 1
            ),
            substring(col_description(c.oid, a.attnum) from '^(core[.][a-z_]+)[.,]')
        ) as refers
    from pg_catalog.pg_class as c
    inner join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    inner join pg_catalog.pg_attribute as a on a.attrelid = c.oid
    where n.nspname in ('core', 'api') and c.relkind in ('r', 'p', 'v')
        and not c.relispartition and a.attnum > 0 and not a.attisdropped
    order by n.nspname, c.relname collate "C", a.attnum
"""
_ROUTINES = """
    select
        n.nspname || '.' || p.proname as name,
        case p.prokind when 'p' then 'procedure' when 'a' then 'aggregate' else 'function' end
            as kind,
        pg_get_function_arguments(p.oid) as arguments,
        pg_get_function_result(p.oid) as result,
        coalesce(obj_description(p.oid, 'pg_proc'), '') as comment,
        has_function_privilege('groundswell_read', p.oid, 'execute') as may_read
    from pg_catalog.pg_proc as p
    inner join pg_catalog.pg_namespace as n on n.oid = p.pronamespace
    where n.nspname = 'api'
    order by p.proname collate "C", pg_get_function_arguments(p.oid)
"""


async def read_catalogue(connection: psycopg.AsyncConnection) -> Catalogue:
    """Read schema api and what it stands on."""
    async with connection.cursor(row_factory=class_row(Relation)) as cursor:
        relations = await (await cursor.execute(_RELATIONS)).fetchall()
    async with connection.cursor(row_factory=class_row(Column)) as cursor:
        columns = await (await cursor.execute(_COLUMNS)).fetchall()
    async with connection.cursor(row_factory=class_row(Routine)) as cursor:
        routines = await (await cursor.execute(_ROUTINES)).fetchall()
    return Catalogue(relations=relations, columns=columns, routines=routines)
