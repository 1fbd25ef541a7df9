"""What STYLE.md says of SQL, checked against the migrated catalog."""

from __future__ import annotations

from typing import get_args

import psycopg

from app.rankings.hot_path import WINDOWS
from app.rankings.wire import Window

UNCOMMENTED = """
    with ours as (
        select oid, nspname from pg_catalog.pg_namespace
        where nspname in ('core', 'agg', 'api')
    )
    select format('schema %s', nspname) from ours
    where obj_description(oid, 'pg_namespace') is null

    union all
    select format('relation %s', c.oid::regclass)
    from pg_catalog.pg_class as c
    inner join ours on ours.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'v', 'm') and not c.relispartition
        and obj_description(c.oid, 'pg_class') is null

    union all
    select format('column %s.%I', c.oid::regclass, a.attname)
    from pg_catalog.pg_class as c
    inner join ours on ours.oid = c.relnamespace and ours.nspname <> 'agg'
    inner join pg_catalog.pg_attribute as a on a.attrelid = c.oid
    where c.relkind in ('r', 'p', 'v', 'm') and not c.relispartition
        and a.attnum > 0 and not a.attisdropped
        and col_description(c.oid, a.attnum) is null

    union all
    select format('routine %s', p.oid::regprocedure)
    from pg_catalog.pg_proc as p
    inner join ours on ours.oid = p.pronamespace
    where obj_description(p.oid, 'pg_proc') is null

    union all
    select format('type %s', t.oid::regtype)
    from pg_catalog.pg_type as t
    inner join ours on ours.oid = t.typnamespace
    left join pg_catalog.pg_class as c on c.oid = t.typrelid
    where t.typelem = 0 and coalesce(c.relkind, 'c') = 'c'
        and obj_description(t.oid, 'pg_type') is null
"""


async def column(connection: psycopg.AsyncConnection, query: str) -> list[str]:
    return [text for (text,) in await (await connection.execute(query)).fetchall()]


async def test_everything_has_a_comment(connection: psycopg.AsyncConnection) -> None:
    assert await column(connection, UNCOMMENTED) == []


async def test_what_has_no_comment_is_named(connection: psycopg.AsyncConnection) -> None:
    """One of each kind, or a kind that the query forgot would never be missed."""
    async with connection.transaction(force_rollback=True):
        for statement in (
            "comment on schema agg is null",
            "create table core.bare (x integer)",
            "create view api.bare_view as select 1 as y",
            "create function api.bare() returns integer begin atomic select 1; end",
            "create type core.bare_kind as enum ('a')",
        ):
            await connection.execute(statement.encode())
        assert sorted(await column(connection, UNCOMMENTED)) == [
            "column api.bare_view.y",
            "column core.bare.x",
            "relation api.bare_view",
            "relation core.bare",
            "routine api.bare()",
            "schema agg",
            "type core.bare_kind",
        ]


async def test_comments_are_sentences(connection: psycopg.AsyncConnection) -> None:
    comments = await column(
        connection,
        """
        select distinct d.description
        from pg_catalog.pg_description as d
        where (d.classoid, d.objoid) in (
            select 'pg_class'::regclass, c.oid
            from pg_catalog.pg_class as c
            where c.relnamespace::regnamespace::text in ('core', 'agg', 'api')
            union all
            select 'pg_proc'::regclass, p.oid
            from pg_catalog.pg_proc as p
            where p.pronamespace::regnamespace::text in ('core', 'agg', 'api')
        )
        """,
    )
    assert comments
    assert [text for text in comments if not text.endswith(".")] == []


async def test_constraints_are_named_after_their_rule(connection: psycopg.AsyncConnection) -> None:
    """PostgreSQL's own names, such as `item_title_check`, do not say which rule was broken."""
    made_up = """
        select format('%s on %s', conname, conrelid::regclass)
        from pg_catalog.pg_constraint
        where connamespace = 'core'::regnamespace
            and contype in ('c', 'u', 'x')
            and conname ~ '_(check|key|excl)[0-9]*$'
    """
    assert await column(connection, made_up) == []


async def test_names_are_plain_and_singular(connection: psycopg.AsyncConnection) -> None:
    names = """
        select relname from pg_catalog.pg_class
        where relnamespace in ('core'::regnamespace, 'agg'::regnamespace)
            and relkind in ('r', 'p', 'v')
            and (relname !~ '^[a-z][a-z0-9_]*$' or (relname ~ 's$' and relname !~ 'ss$'))
    """
    assert await column(connection, names) == []


async def test_times_have_a_time_zone(connection: psycopg.AsyncConnection) -> None:
    without = """
        select format('%s.%I', c.oid::regclass, a.attname)
        from pg_catalog.pg_class as c
        inner join pg_catalog.pg_attribute as a on a.attrelid = c.oid
        where c.relnamespace in ('core'::regnamespace, 'agg'::regnamespace, 'api'::regnamespace)
            and a.atttypid = 'timestamp'::regtype
    """
    assert await column(connection, without) == []


async def test_every_foreign_key_has_an_index(connection: psycopg.AsyncConnection) -> None:
    """Without one, deleting the row it refers to reads the whole table.

    core.ranking needs none: it has a handful of rows.
    """
    bare = """
        select format('%s on %s', k.conname, k.conrelid::regclass)
        from pg_catalog.pg_constraint as k
        where k.connamespace = 'core'::regnamespace
            and k.contype = 'f'
            and k.conrelid <> 'core.ranking'::regclass
            and not exists (
                select from pg_catalog.pg_index as i
                where i.indrelid = k.conrelid
                    and (i.indkey::smallint[])[0:cardinality(k.conkey) - 1] @> k.conkey
            )
    """
    assert await column(connection, bare) == []


async def test_nothing_kept_depends_on_what_is_replaced(
    connection: psycopg.AsyncConnection,
) -> None:
    """Dropping schema api must take nothing of core and agg along."""
    dependent = """
        select format('%s needs %s', kept.identity, replaced.identity)
        from pg_catalog.pg_depend as d
        cross join lateral pg_identify_object(d.classid, d.objid, d.objsubid) as kept
        cross join lateral pg_identify_object(d.refclassid, d.refobjid, d.refobjsubid) as replaced
        where replaced.schema = 'api' and d.deptype in ('n', 'a')
            and kept.schema is distinct from 'api' and kept.identity !~ ' on api[.]'
    """
    assert await column(connection, dependent) == []


async def test_functions_that_read_tables_are_not_immutable(
    connection: psycopg.AsyncConnection,
) -> None:
    wrong = """
        select oid::regprocedure::text from pg_catalog.pg_proc
        where pronamespace = 'api'::regnamespace and provolatile = 'i'
            and coalesce(pg_get_function_sqlbody(oid), prosrc)
                ~* '\\m(from|join)\\s+\\(*(core|agg)[.]'
    """
    assert await column(connection, wrong) == []


async def test_functions_that_write_are_volatile(connection: psycopg.AsyncConnection) -> None:
    wrong = """
        select p.oid::regprocedure::text from pg_catalog.pg_proc as p
        where p.pronamespace = 'api'::regnamespace and p.prokind = 'f' and p.provolatile <> 'v'
            and coalesce(pg_get_function_sqlbody(p.oid), p.prosrc)
                ~* '\\m(insert into|update core|delete from|truncate|pg_notify|nextval|random)\\M'
    """
    assert await column(connection, wrong) == []


async def test_functions_do_not_call_less_stable_ones(connection: psycopg.AsyncConnection) -> None:
    """An immutable function that calls a stable one, a stable one that calls a volatile one."""
    wrong = """
        select format('%s calls %s', caller.oid::regprocedure, called.oid::regprocedure)
        from pg_catalog.pg_depend as d
        inner join pg_catalog.pg_proc as caller on caller.oid = d.objid
        inner join pg_catalog.pg_proc as called on called.oid = d.refobjid
        where d.classid = 'pg_proc'::regclass and d.refclassid = 'pg_proc'::regclass
            and caller.pronamespace = 'api'::regnamespace and caller.prokind = 'f'
            and position(called.provolatile in 'isv') > position(caller.provolatile in 'isv')
    """
    assert await column(connection, wrong) == []


async def test_definer_functions_set_their_search_path(connection: psycopg.AsyncConnection) -> None:
    wrong = """
        select oid::regprocedure::text from pg_catalog.pg_proc
        where pronamespace = 'api'::regnamespace and prosecdef
            and not coalesce(array_to_string(proconfig, ','), '') ~ 'search_path'
    """
    assert await column(connection, wrong) == []


async def test_windows_stand_in_one_table(connection: psycopg.AsyncConnection) -> None:
    """Where SQL or Python must name them, they are those of core.time_window."""
    known = await column(connection, "select name from core.time_window order by place")
    partitions = """
        select substring(pg_get_expr(c.relpartbound, c.oid) from '''(.*)''')
        from pg_catalog.pg_inherits as i
        inner join pg_catalog.pg_class as c on c.oid = i.inhrelid
        where i.inhparent = 'core.item_window'::regclass
    """
    assert sorted(await column(connection, partitions)) == sorted(known)
    assert sorted(get_args(Window)) == sorted(known)
    steady = "select name from core.time_window where calendar_unit is null"
    assert set(WINDOWS) == set(await column(connection, steady))


async def test_raw_events_outlive_the_longest_window(connection: psycopg.AsyncConnection) -> None:
    """What leaves a window is taken out event by event (storage_policy_event_outlives_windows)."""
    too_long = """
        select name from core.time_window where length > interval '32 days' - interval '1 day'
    """
    assert await column(connection, too_long) == []


async def test_aggregate_levels_are_those_of_the_aggregates(
    connection: psycopg.AsyncConnection,
) -> None:
    """The aggregates name their source and bucket themselves; jobs read core.aggregate_level."""
    levels = """
        select format('%s of %s: %s', name, source, bucket)
        from core.aggregate_level
        order by bucket
    """
    made = """
        select format(
            '%s of %s: %s', view_name,
            substring(view_definition from 'FROM (?:core|agg)[.]([a-z0-9_]+)'),
            substring(view_definition from 'time_bucket\\(''(.*?)''::interval')::interval
        )
        from timescaledb_information.continuous_aggregates
        where view_schema = 'agg'
        order by substring(view_definition from 'time_bucket\\(''(.*?)''::interval')::interval
    """
    assert await column(connection, levels) == await column(connection, made)


async def test_a_role_may_use_whatever_what_it_may_call_uses(
    connection: psycopg.AsyncConnection,
) -> None:
    """Functions of a view, and of a function without definer's rights, are the caller's to call."""
    refused = """
        with role (name) as (values ('groundswell_service'), ('groundswell_read')),

        used as (
            select
                role.name as role,
                p.oid::regprocedure::text as what,
                coalesce(pg_get_function_sqlbody(p.oid), p.prosrc) as body
            from role
            inner join pg_catalog.pg_proc as p
                on has_function_privilege(role.name, p.oid, 'execute')
                or p.oid in (
                    select t.tgfoid from pg_catalog.pg_trigger as t
                    where has_any_column_privilege(role.name, t.tgrelid, 'insert, update')
                        or has_table_privilege(role.name, t.tgrelid, 'delete')
                )
            where p.pronamespace in ('api'::regnamespace, 'core'::regnamespace) and not p.prosecdef
            union all
            select role.name, c.oid::regclass::text, pg_get_viewdef(c.oid)
            from role
            inner join pg_catalog.pg_class as c on has_table_privilege(role.name, c.oid, 'select')
            where c.relnamespace = 'api'::regnamespace and c.relkind = 'v'
        )

        select distinct format('%s: %s calls %s', used.role, used.what, called.oid::regprocedure)
        from used
        cross join lateral
            regexp_matches(used.body, '\\m(core|api)[.]([a-z_0-9]+) *[(]', 'g') as named
        inner join pg_catalog.pg_proc as called
            on named[1] = called.pronamespace::regnamespace::text and named[2] = called.proname
        where not has_function_privilege(used.role, called.oid, 'execute')
        union all
        -- A view reads as its owner; a function, as its caller.
        select distinct format('%s: %s reads %s', used.role, used.what, read.oid::regclass)
        from used
        cross join lateral regexp_matches(
            used.body, '\\m(?:from|join) +[(]*(core|api)[.]([a-z_0-9]+)(?! *[(])', 'gi'
        ) as named
        inner join pg_catalog.pg_class as read
            on named[1] = read.relnamespace::regnamespace::text and named[2] = read.relname
        where used.what ~ '[(]' and not has_any_column_privilege(used.role, read.oid, 'select')
    """
    assert await column(connection, refused) == []
