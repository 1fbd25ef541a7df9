"""What needs a function or view of ours: found, told, dropped, and written down to come back."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeAlias

import msgspec
import psycopg
from psycopg.rows import class_row

from app.errors import MigrationError

Connection: TypeAlias = psycopg.AsyncConnection[Any]


class Thing(msgspec.Struct, frozen=True, kw_only=True):
    """A function, view or whatever else the catalogue knows."""

    identity: str
    """As in `drop`: `view api.latest_run`."""
    is_ours: bool
    """Whether a file of db/functions made it, or it is a trigger of such a function."""
    definition: str | None
    """What makes it again, with its owner, grants and comment; None where that is not known."""


_NEEDING = """
    with recursive needing (classid, objid, objsubid) as (
        select given.classid, given.objid, given.objsubid
        from unnest(%(identities)s::text[]) as named (identity)
        cross join lateral (
            select
                'pg_proc'::regclass::oid as classid,
                to_regprocedure(substring(identity from '^(?:function|procedure) (.*)$'))::oid,
                0
            union all
            select
                'pg_class'::regclass::oid,
                to_regclass(substring(identity from '^view (.*)$'))::oid,
                0
        ) as given (classid, objid, objsubid)
        where given.objid is not null

        union

        select
            case d.classid when 'pg_rewrite'::regclass then 'pg_class'::regclass::oid
                else d.classid end,
            coalesce(r.ev_class, d.objid),
            case when r.ev_class is null then d.objsubid else 0 end
        from needing as n
        inner join pg_catalog.pg_depend as d
            on n.classid = d.refclassid and n.objid = d.refobjid and d.deptype in ('n', 'a', 'i')
        left join pg_catalog.pg_rewrite as r
            on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid
    ),

    thing as (
        select
            n.classid,
            n.objid,
            found.type || ' ' || found.identity as identity,
            coalesce(p.proowner, c.relowner) as owner,
            coalesce(p.proacl, c.relacl) as acl,
            c.relkind,
            c.reloptions,
            p.prokind,
            t.tgfoid
        from needing as n
        cross join lateral pg_identify_object(n.classid, n.objid, n.objsubid) as found
        left join pg_catalog.pg_proc as p on n.classid = 'pg_proc'::regclass and n.objid = p.oid
        left join pg_catalog.pg_class as c on n.classid = 'pg_class'::regclass and n.objid = c.oid
        left join pg_catalog.pg_trigger as t
            on n.classid = 'pg_trigger'::regclass and n.objid = t.oid
        -- The row type of a view comes and goes with it.
        where n.classid <> 'pg_type'::regclass
    )

    select
        thing.identity,
        thing.identity = any(%(ours)s::text[]) or coalesce(
            (pg_identify_object('pg_proc'::regclass, thing.tgfoid, 0)).type || ' '
            || (pg_identify_object('pg_proc'::regclass, thing.tgfoid, 0)).identity
            = any(%(ours)s::text[]),
            false
        ) as is_ours,
        case
            when thing.prokind in ('f', 'p') then pg_get_functiondef(thing.objid) || e';\n'
            when thing.relkind in ('v', 'm') then format(
                e'create %%s%%s as\n%%s\n', thing.identity,
                ' with (' || array_to_string(thing.reloptions, ', ') || ')',
                pg_get_viewdef(thing.objid)
            )
            when thing.relkind = 'i' then pg_get_indexdef(thing.objid) || e';\n'
            when thing.tgfoid is not null then pg_get_triggerdef(thing.objid) || e';\n'
        end
        || case
            when thing.prokind in ('f', 'p') or thing.relkind in ('v', 'm')
                then format(
                    e'alter %%s owner to %%I;\n', thing.identity, thing.owner::regrole::name
                )
            else ''
        end
        || coalesce(
            format(
                e'comment on %%s is %%L;\n', thing.identity, obj_description(
                    thing.objid, thing.classid::regclass::name
                )
            ), ''
        )
        || case when thing.prokind in ('f', 'p') and thing.acl is not null
            then format(e'revoke execute on %%s from public;\n', thing.identity) else '' end
        || coalesce((
            select string_agg(format(
                e'grant %%s on %%s to %%s%%s;\n', acl.privilege_type,
                case
                    when thing.relkind is null then thing.identity
                    else thing.objid::regclass::text
                end,
                case acl.grantee
                    when 0 then 'public' else quote_ident(acl.grantee::regrole::name)
                end,
                case when acl.is_grantable then ' with grant option' else '' end
            ), '')
            from aclexplode(thing.acl) as acl
            where acl.grantee <> thing.owner
        ), '') as definition
    from thing
    order by thing.objid
"""


async def needing(connection: Connection, identities: list[str], *, ours: list[str]) -> list[Thing]:
    """Return `identities` and all that needs them, directly or not, the older first."""
    async with connection.cursor(row_factory=class_row(Thing)) as cursor:
        await cursor.execute(_NEEDING.encode(), {"identities": identities, "ours": ours})
        return await cursor.fetchall()


async def drop(
    connection: Connection, identities: list[str], *, ours: list[str], script: Path | None
) -> list[Thing]:
    """Drop `identities` and what of ours needs them; return what was dropped, the older first.

    What somebody else made and needs them is dropped only where a file for the `script` that brings
    it back is given. Raises `MigrationError` with the list of it otherwise, and for what cannot be
    brought back.
    """
    things = await needing(connection, identities, ours=ours)
    others = [thing for thing in things if not thing.is_ours]
    lost = [thing for thing in others if script is None or thing.definition is None]
    if lost:
        listed = "".join(f"\n  {thing.identity}" for thing in lost)
        raise MigrationError(
            f"{', '.join(identities)} must be dropped, and this needs it:{listed}\n"
            + (
                "drop it yourself, or let migrate --cascade FILE drop it and write what brings it "
                "back; nothing was changed"
                if script is None
                else "it cannot be written to a script: drop it yourself; nothing was changed"
            )
        )
    if others and script is not None:
        with script.open("a", encoding="utf-8") as file:
            file.write("".join(f"-- {thing.identity}\n{thing.definition}\n" for thing in others))
    left = await drop_what_can(connection, [thing.identity for thing in reversed(things)])
    if left:
        raise MigrationError(f"{', '.join(left)} must be dropped, and is needed elsewhere")
    return things


async def drop_what_can(connection: Connection, identities: list[str]) -> list[str]:
    """Drop those of `identities` that nothing else needs; return what is still needed.

    One by one, so that nothing goes along.
    """
    waiting = identities
    while waiting:
        needed: list[str] = []
        for identity in waiting:
            try:
                async with connection.transaction():
                    await connection.execute(f"drop {identity}".encode())
            except psycopg.errors.DependentObjectsStillExist:
                needed.append(identity)
        if len(needed) == len(waiting):
            break
        waiting = needed
    return waiting
