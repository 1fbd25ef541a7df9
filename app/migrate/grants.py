"""Who may do what with functions, views and tables: read, given again, and remembered.

`public.schema_grant` says what the two group roles were granted, so that a restored dump that left
it out is noticed and mended.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import msgspec
import psycopg
from psycopg.rows import class_row

Connection: TypeAlias = psycopg.AsyncConnection[Any]


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """One privilege of one role on one object."""

    thing: str
    """As in `grant … on`: `function api.thing(text)`, `core.item`, `schema core`."""
    privilege: str
    """With its column, if it is of one: `SELECT (item_id)`."""
    role: str
    may_grant: bool

    def statement(self, thing: str) -> bytes:
        """Return what grants it on `thing`: all of it is the catalogue's own spelling."""
        option = " with grant option" if self.may_grant else ""
        return f"grant {self.privilege} on {thing} to {self.role}{option}".encode()


_GRANTS = """
    with thing as (
        select
            'schema ' || n.oid::regnamespace as thing,
            n.nspname as schema,
            n.nspacl as acl,
            n.nspowner as owner,
            '' as suffix
        from pg_catalog.pg_namespace as n
        union all
        select
            found.type || ' ' || found.identity,
            p.pronamespace::regnamespace::text,
            p.proacl,
            p.proowner,
            ''
        from pg_catalog.pg_proc as p
        cross join lateral pg_identify_object('pg_proc'::regclass, p.oid, 0) as found
        where p.pronamespace::regnamespace::text = any(%(schemas)s::text[])
        union all
        select
            case when c.relkind = 'S' then 'sequence ' else '' end || c.oid::regclass,
            c.relnamespace::regnamespace::text,
            part.acl,
            c.relowner,
            part.suffix
        from pg_catalog.pg_class as c
        cross join lateral (
            select c.relacl as acl, '' as suffix
            union all
            select a.attacl, format(' (%%I)', a.attname)
            from pg_catalog.pg_attribute as a
            where a.attrelid = c.oid and a.attacl is not null
        ) as part
        where c.relnamespace::regnamespace::text = any(%(schemas)s::text[])
    )

    select
        thing.thing,
        acl.privilege_type || thing.suffix as privilege,
        case acl.grantee
            when 0 then 'public' else quote_ident(acl.grantee::regrole::name)
        end as role,
        acl.is_grantable as may_grant
    from thing
    cross join lateral aclexplode(thing.acl) as acl
    where thing.schema = any(%(schemas)s::text[]) and acl.grantee <> thing.owner
"""

SCHEMAS = ["core", "agg", "api", "formula"]
ROLES = ("groundswell_service", "groundswell_read")


async def all_grants(connection: Connection) -> list[Grant]:
    """Return everything that is granted on our schemas and what is in them."""
    async with connection.cursor(row_factory=class_row(Grant)) as cursor:
        await cursor.execute(_GRANTS.encode(), {"schemas": SCHEMAS})
        return await cursor.fetchall()


async def remember(connection: Connection) -> None:
    """Store what the group roles are granted now."""
    await connection.execute("delete from public.schema_grant")
    async with connection.cursor() as cursor:
        await cursor.executemany(
            "insert into public.schema_grant (thing, privilege, role) values (%s, %s, %s)",
            [
                (grant.thing, grant.privilege, grant.role)
                for grant in await all_grants(connection)
                if grant.role in ROLES
            ],
        )


async def lost(connection: Connection) -> list[Grant]:
    """Return what the group roles were granted and are not any more, of what is still there."""
    async with connection.cursor(row_factory=class_row(Grant)) as cursor:
        await cursor.execute(
            """
            select thing, privilege, role, false as may_grant
            from public.schema_grant
            where case substring(thing from '^([a-z]+) ')
                when 'schema' then to_regnamespace(substring(thing from ' (.*)$')) is not null
                when 'sequence' then to_regclass(substring(thing from ' (.*)$')) is not null
                when 'function' then to_regprocedure(substring(thing from ' (.*)$')) is not null
                when 'procedure' then to_regprocedure(substring(thing from ' (.*)$')) is not null
                else to_regclass(thing) is not null
            end
            """
        )
        known = await cursor.fetchall()
    now = {(grant.thing, grant.privilege, grant.role) for grant in await all_grants(connection)}
    return [grant for grant in known if (grant.thing, grant.privilege, grant.role) not in now]


async def open_to_all(connection: Connection, made: list[str]) -> list[str]:
    """Return those of our functions that everybody may call, because no grant was restored."""
    cursor = await connection.execute(
        """
        select named.identity
        from unnest(%s::text[]) as named (identity)
        inner join pg_catalog.pg_proc as p
            on p.oid = to_regprocedure(
                substring(named.identity from '^(?:function|procedure) (.*)$')
            )
        where p.proacl is null
        """,
        [made],
    )
    return [str(identity) for (identity,) in await cursor.fetchall()]


async def close_to_all(connection: Connection, identity: str) -> None:
    """Let nobody call a function unless it is granted: PostgreSQL lets everybody."""
    await connection.execute(f"revoke execute on {identity} from public".encode())


async def lacks_defaults(connection: Connection) -> bool:
    """Return whether the group roles could not read tables that are still to come."""
    cursor = await connection.execute(
        """
        select count(*)
        from pg_catalog.pg_namespace as n
        where n.nspname in ('core', 'agg') and not exists (
            select
            from pg_catalog.pg_default_acl as d
            where d.defaclnamespace = n.oid and d.defaclrole = current_user::regrole
                and d.defaclobjtype = 'r'
        )
        """
    )
    return await cursor.fetchone() != (0,)


async def set_defaults(connection: Connection) -> None:
    """Let the group roles read tables that are still to come."""
    await connection.execute(
        b"alter default privileges in schema core, agg grant select on tables "
        b"to groundswell_service, groundswell_read"
    )


async def open_schedulers(connection: Connection) -> list[str]:
    """Return functions with which everybody could have the server run what they like later on.

    TimescaleDB grants them to all; those that the owner cannot close are left out.
    """
    cursor = await connection.execute(
        """
        select known.oid::regprocedure::text
        from pg_catalog.pg_proc as known
        inner join pg_catalog.pg_depend as member
            on known.oid = member.objid and member.classid = 'pg_proc'::regclass
            and member.deptype = 'e'
        inner join pg_catalog.pg_extension as extension
            on member.refobjid = extension.oid and extension.extname = 'timescaledb'
        where known.proname = 'add_job'
            and has_function_privilege('public', known.oid, 'execute')
            and pg_has_role(known.proowner, 'usage')
        """
    )
    return [f"function {identity}" for (identity,) in await cursor.fetchall()]


async def grant(connection: Connection, grants: list[Grant], *, thing: str | None = None) -> None:
    """Give what was granted, on `thing` if it has another name now."""
    for each in grants:
        await connection.execute(each.statement(thing or each.thing))
