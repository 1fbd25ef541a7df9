"""What a schema is, as text: two databases are alike if their fingerprints are equal."""

from __future__ import annotations

import re

from app.runtime.sql import Connection

_SERIAL = re.compile(r"(_materialized_hypertable_|cagg_watermark\()\d+")
"""The number in the names TimescaleDB makes up counts on and says nothing."""

_PARTS = {
    "relation": """
        select
            format('%%s %%s.%%s %%s %%s', c.relkind, n.nspname, c.relname, c.reloptions, c.relacl),
            obj_description(c.oid, 'pg_class')
        from pg_catalog.pg_class as c
        inner join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
        where n.nspname = any(%(schemas)s) and c.relkind <> 'c'
    """,
    "column": """
        select
            format('%%s.%%s.%%s', n.nspname, c.relname, a.attname),
            concat_ws(
                ' ', a.attnum, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity,
                a.attgenerated, pg_get_expr(d.adbin, d.adrelid), col_description(c.oid, a.attnum)
            )
        from pg_catalog.pg_attribute as a
        inner join pg_catalog.pg_class as c on c.oid = a.attrelid
        inner join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
        left join pg_catalog.pg_attrdef as d on d.adrelid = c.oid and d.adnum = a.attnum
        where n.nspname = any(%(schemas)s) and a.attnum > 0 and not a.attisdropped
            and c.relkind <> 'i'
    """,
    "constraint": """
        select format('%%s on %%s', conname, conrelid::regclass), pg_get_constraintdef(k.oid)
        from pg_catalog.pg_constraint as k
        inner join pg_catalog.pg_namespace as n on n.oid = k.connamespace
        where n.nspname = any(%(schemas)s)
    """,
    "index": """
        select i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid)
        from pg_catalog.pg_index as i
        inner join pg_catalog.pg_class as c on c.oid = i.indexrelid
        inner join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
        where n.nspname = any(%(schemas)s)
    """,
    "view": """
        select c.oid::regclass::text, pg_get_viewdef(c.oid)
        from pg_catalog.pg_class as c
        inner join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
        where n.nspname = any(%(schemas)s) and c.relkind = 'v'
    """,
    "function": """
        select p.oid::regprocedure::text, concat_ws(
            ' ', pg_get_functiondef(p.oid), p.proacl, obj_description(p.oid, 'pg_proc')
        )
        from pg_catalog.pg_proc as p
        inner join pg_catalog.pg_namespace as n on n.oid = p.pronamespace
        where n.nspname = any(%(schemas)s)
    """,
    "label": """
        select t.oid::regtype::text, string_agg(e.enumlabel, ', ' order by e.enumsortorder)
        from pg_catalog.pg_enum as e
        inner join pg_catalog.pg_type as t on t.oid = e.enumtypid
        inner join pg_catalog.pg_namespace as n on n.oid = t.typnamespace
        where n.nspname = any(%(schemas)s)
        group by t.oid
    """,
    "schema": """
        select nspname, concat_ws(' ', nspacl, obj_description(oid, 'pg_namespace'))
        from pg_catalog.pg_namespace
        where nspname = any(%(schemas)s)
    """,
    "hypertable": """
        select hypertable_name::text, concat_ws(' ', num_dimensions, compression_enabled)
        from timescaledb_information.hypertables
        where hypertable_schema = any(%(schemas)s)
    """,
    "aggregate": """
        select view_name::text, concat_ws(' ', materialized_only, compression_enabled)
        from timescaledb_information.continuous_aggregates
        where view_schema = any(%(schemas)s)
    """,
}

_ROW_VERSIONS = """
    select format('%%s %%s %%s', t.catalog, t.oid, t.xmin)
    from (
        select 'class' as catalog, c.oid, c.xmin, c.relnamespace as namespace
        from pg_catalog.pg_class as c
        union all
        select 'function', p.oid, p.xmin, p.pronamespace from pg_catalog.pg_proc as p
        union all
        select 'type', t.oid, t.xmin, t.typnamespace from pg_catalog.pg_type as t
        union all
        select 'schema', n.oid, n.xmin, n.oid from pg_catalog.pg_namespace as n
        union all
        select 'comment', d.objoid, d.xmin, p.pronamespace
        from pg_catalog.pg_description as d
        inner join pg_catalog.pg_proc as p on p.oid = d.objoid
    ) as t
    inner join pg_catalog.pg_namespace as n on n.oid = t.namespace
    where n.nspname = any(%(schemas)s)
    order by 1
"""


async def fingerprint(connection: Connection, *schemas: str) -> dict[str, str]:
    """Return every object of the schemas with its definition, comment and grants; no oid in it."""
    objects: dict[str, str] = {}
    for part, query in _PARTS.items():
        cursor = await connection.execute(query.encode(), {"schemas": list(schemas)})
        for name, definition in await cursor.fetchall():
            objects[f"{part} {name}"] = _SERIAL.sub(r"\1N", str(definition))
    return objects


async def row_versions(connection: Connection, *schemas: str) -> list[str]:
    """Return oid and xmin of every object of the schemas: equal if no DDL touched any of them."""
    cursor = await connection.execute(_ROW_VERSIONS.encode(), {"schemas": list(schemas)})
    return [text for (text,) in await cursor.fetchall()]
