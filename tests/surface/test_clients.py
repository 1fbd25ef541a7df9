"""What tools ask of the catalogue before they show anything, asked with the rights of dashboards.

The queries of Metabase and pgAdmin are written anew from what those ask: tables that may be read,
columns with types and comments, keys, sizes, and definitions.
"""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
import sqlalchemy
from sqlalchemy import Connection, inspect

VIEWS = {"engagement_hourly", "engagement_daily", "trending_now", "rank_history", "item_popularity"}

METABASE_TABLES = """
    select
        n.nspname as schema,
        c.relname as name,
        case c.relkind
            when 'r' then 'TABLE' when 'p' then 'PARTITIONED TABLE' when 'v' then 'VIEW'
            when 'f' then 'FOREIGN TABLE' when 'm' then 'MATERIALIZED VIEW'
        end as type,
        d.description,
        stat.n_live_tup as estimated_row_count
    from pg_catalog.pg_class as c
    inner join pg_catalog.pg_namespace as n on c.relnamespace = n.oid
    left join pg_catalog.pg_description as d on c.oid = d.objoid and d.objsubid = 0
        and d.classoid = 'pg_class'::regclass
    left join pg_stat_user_tables as stat
        on n.nspname = stat.schemaname and c.relname = stat.relname
    where c.relkind in ('r', 'p', 'v', 'f', 'm')
        and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
        and has_schema_privilege(n.oid, 'usage')
        and (
            has_table_privilege(c.oid, 'select')
            or has_any_column_privilege(c.oid, 'select')
        )
    order by type, schema, name
"""
METABASE_FIELDS = """
    select
        c.column_name as name,
        case when c.udt_schema in ('public', 'pg_catalog') then format('%s', c.udt_name)
            else format('"%s"."%s"', c.udt_schema, c.udt_name) end as database_type,
        c.ordinal_position - 1 as position,
        c.table_schema,
        c.table_name,
        pk.column_name is not null as is_key,
        col_description(
            cast(format('%I.%I', c.table_schema, c.table_name) as regclass)::oid,
            c.ordinal_position
        ) as comment,
        (c.column_default is null or lower(c.column_default) = 'null')
            and c.is_nullable = 'NO' as is_required
    from information_schema.columns as c
    left join (
        select tc.table_schema, tc.table_name, kc.column_name
        from information_schema.table_constraints as tc
        inner join information_schema.key_column_usage as kc
            on tc.constraint_name = kc.constraint_name and tc.table_schema = kc.table_schema
            and tc.table_name = kc.table_name
        where tc.constraint_type = 'PRIMARY KEY'
    ) as pk
        on c.table_schema = pk.table_schema and c.table_name = pk.table_name
        and c.column_name = pk.column_name
    where c.table_schema in ('api', 'core', 'agg')
    order by c.table_schema, c.table_name, position
"""
METABASE_KEYS = """
    select
        fk_ns.nspname, fk_table.relname, fk_column.attname,
        pk_ns.nspname, pk_table.relname, pk_column.attname
    from pg_catalog.pg_constraint as c
    inner join pg_catalog.pg_class as fk_table on c.conrelid = fk_table.oid
    inner join pg_catalog.pg_namespace as fk_ns on c.connamespace = fk_ns.oid
    inner join pg_catalog.pg_attribute as fk_column on c.conrelid = fk_column.attrelid
    inner join pg_catalog.pg_class as pk_table on c.confrelid = pk_table.oid
    inner join pg_catalog.pg_namespace as pk_ns on pk_table.relnamespace = pk_ns.oid
    inner join pg_catalog.pg_attribute as pk_column on c.confrelid = pk_column.attrelid
    where c.contype = 'f' and fk_column.attnum = any(c.conkey)
        and pk_column.attnum = any(c.confkey) and fk_ns.nspname = 'core'
"""
METABASE_PRIVILEGES = """
    select
        null as role, t.schemaname, t.objectname,
        pg_catalog.has_any_column_privilege(current_user, t.name, 'update') as may_update,
        pg_catalog.has_any_column_privilege(current_user, t.name, 'select') as may_select,
        pg_catalog.has_any_column_privilege(current_user, t.name, 'insert') as may_insert,
        pg_catalog.has_table_privilege(current_user, t.name, 'delete') as may_delete
    from (
        select schemaname, tablename as objectname,
            format('%I.%I', schemaname, tablename) as name from pg_catalog.pg_tables
        union
        select schemaname, viewname, format('%I.%I', schemaname, viewname) from pg_catalog.pg_views
        union
        select schemaname, matviewname, format('%I.%I', schemaname, matviewname)
        from pg_catalog.pg_matviews
    ) as t
    where t.schemaname in ('api', 'core', 'agg')
        and pg_catalog.has_schema_privilege(current_user, t.schemaname, 'usage')
"""
PGADMIN = {
    "databases": """
        select db.oid, db.datname, pg_catalog.pg_get_userbyid(db.datdba), db.datallowconn,
            has_database_privilege(db.oid, 'create') as can_create, descr.description
        from pg_catalog.pg_database as db
        left join pg_catalog.pg_shdescription as descr on db.oid = descr.objoid
        where db.datname = current_database()
    """,
    "schemas": """
        select nsp.oid, nsp.nspname, has_schema_privilege(nsp.oid, 'create') as can_create,
            has_schema_privilege(nsp.oid, 'usage') as has_usage, des.description
        from pg_catalog.pg_namespace as nsp
        left join pg_catalog.pg_description as des
            on nsp.oid = des.objoid and des.classoid = 'pg_namespace'::regclass
        where nsp.nspname not like 'pg!_%' escape '!'
        order by nsp.nspname
    """,
    "views": """
        select c.oid, c.relname, pg_catalog.pg_get_userbyid(c.relowner), description,
            pg_catalog.array_to_string(c.relacl::text[], ', ') as acl,
            pg_catalog.pg_get_viewdef(c.oid, true) as definition
        from pg_catalog.pg_class as c
        left join pg_catalog.pg_description as des
            on c.oid = des.objoid and des.objsubid = 0 and des.classoid = 'pg_class'::regclass
        where c.relkind = 'v' and c.relnamespace = 'api'::regnamespace
        order by c.relname
    """,
    "columns": """
        select att.attname, att.attnotnull, format_type(ty.oid, att.atttypmod) as type,
            pg_catalog.pg_get_expr(def.adbin, def.adrelid) as default, description,
            exists (
                select 1 from pg_catalog.pg_constraint
                where conrelid = att.attrelid and contype = 'f' and att.attnum = any(conkey)
            ) as is_fk
        from pg_catalog.pg_attribute as att
        inner join pg_catalog.pg_type as ty on att.atttypid = ty.oid
        left join pg_catalog.pg_attrdef as def
            on att.attrelid = def.adrelid and att.attnum = def.adnum
        left join pg_catalog.pg_description as des
            on att.attrelid = des.objoid and att.attnum = des.objsubid
            and des.classoid = 'pg_class'::regclass
        where att.attrelid = 'api.engagement_daily'::regclass and att.attnum > 0
        order by att.attnum
    """,
    "functions": """
        select p.oid, p.proname, pg_catalog.pg_get_function_identity_arguments(p.oid),
            pg_catalog.pg_get_function_result(p.oid), l.lanname, p.provolatile, description,
            pg_catalog.pg_get_functiondef(p.oid) as definition
        from pg_catalog.pg_proc as p
        inner join pg_catalog.pg_language as l on p.prolang = l.oid
        left join pg_catalog.pg_description as des
            on p.oid = des.objoid and des.classoid = 'pg_proc'::regclass
        where p.pronamespace = 'api'::regnamespace and p.prokind in ('f', 'p')
        order by p.proname
    """,
    "indexes": """
        select cls.relname, pg_catalog.pg_get_indexdef(cls.oid), i.indisunique, i.indisprimary
        from pg_catalog.pg_index as i
        inner join pg_catalog.pg_class as cls on i.indexrelid = cls.oid
        where i.indrelid = 'core.item'::regclass
    """,
    "statistics": """
        select st.relname, st.n_live_tup, st.n_dead_tup, st.last_autovacuum,
            pg_catalog.pg_total_relation_size(st.relid) as size
        from pg_catalog.pg_stat_all_tables as st
        where st.schemaname = 'core'
    """,
    "sessions": """
        select pid, usename, application_name, state, wait_event_type, query_start, query
        from pg_catalog.pg_stat_activity
        where datname = current_database()
    """,
}


async def ask(connection: psycopg.AsyncConnection, query: str) -> list[tuple[Any, ...]]:
    return await (await connection.execute(query.encode())).fetchall()


async def test_metabase_sees_the_views_and_their_comments(reader: psycopg.AsyncConnection) -> None:
    rows = await ask(reader, METABASE_TABLES)
    views = {name: comment for schema, name, _, comment, _ in rows if schema == "api"}
    assert views.keys() > VIEWS
    assert all(views[name].endswith(" Stable.") for name in VIEWS)
    assert ("core", "event") not in {(schema, name) for schema, name, *_ in rows}


async def test_metabase_sees_every_column_with_its_type(reader: psycopg.AsyncConnection) -> None:
    rows = await ask(reader, METABASE_FIELDS)
    daily = {
        name: (kind, comment)
        for name, kind, _, schema, table, _, comment, _ in rows
        if (schema, table) == ("api", "engagement_daily")
    }
    assert daily["bucket"] == ("timestamptz", "When the day begins.")
    assert daily["views"][0] == "int8"
    assert await ask(reader, METABASE_KEYS)


async def test_metabase_learns_that_it_may_only_read(reader: psycopg.AsyncConnection) -> None:
    rows = await ask(reader, METABASE_PRIVILEGES)
    assert {
        name for _, schema, name, _, may_select, *_ in rows if may_select and schema == "api"
    } > VIEWS
    assert [row for row in rows if row[3] or row[5] or row[6]] == []


@pytest.mark.parametrize("name", PGADMIN)
async def test_pgadmin_can_show(reader: psycopg.AsyncConnection, name: str) -> None:
    rows = await ask(reader, PGADMIN[name])
    # The embedded engine's one backend tells of no sessions.
    assert rows or name == "sessions"


@pytest.fixture
def engine_of(history: None, database_url: str) -> sqlalchemy.Engine:  # noqa: ARG001
    url = sqlalchemy.make_url(database_url).set(drivername="postgresql+psycopg")
    return sqlalchemy.create_engine(
        url,
        poolclass=sqlalchemy.NullPool,
        # Named statements are shared by all clients of the embedded engine.
        connect_args={"prepare_threshold": None},
    )


def reflected(connection: Connection) -> dict[str, Any]:
    """Return what an ORM or a notebook learns of the views."""
    connection.execute(sqlalchemy.text("set role groundswell_read"))
    found = inspect(connection)
    metadata = sqlalchemy.MetaData()
    metadata.reflect(connection, schema="api", views=True, resolve_fks=False)
    daily = metadata.tables["api.engagement_daily"]
    query = (
        sqlalchemy.select(daily.c.category, sqlalchemy.func.sum(daily.c.views))
        .where(daily.c.bucket >= sqlalchemy.text("now() - interval '7 days'"))
        .group_by(daily.c.category)
    )
    return {
        "schemas": found.get_schema_names(),
        "views": found.get_view_names("api"),
        "tables": set(metadata.tables),
        "columns": {column.name: column for column in daily.columns},
        "rows": connection.execute(query).all(),
        "keys": found.get_foreign_keys("ranking_run", schema="core"),
        "indexes": found.get_indexes("item", schema="core"),
    }


async def test_sqlalchemy_reflects_and_asks(engine_of: sqlalchemy.Engine) -> None:
    with engine_of.connect() as connection:
        found = reflected(connection)
    assert {"core", "agg", "api"} <= set(found["schemas"])
    assert set(found["views"]) > VIEWS
    assert {f"api.{name}" for name in VIEWS} <= found["tables"]
    bucket = found["columns"]["bucket"]
    assert isinstance(bucket.type, sqlalchemy.DateTime)
    assert bucket.type.timezone
    assert bucket.comment == "When the day begins."
    assert len(found["rows"]) == 7
    assert found["keys"]
    assert found["indexes"]
