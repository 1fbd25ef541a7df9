"""What gets lost beside the schema, by restores and by hand: told, and brought back."""

from __future__ import annotations

from typing import Any, TypeAlias

import psycopg

from app.migrate import bookkeeping, grants, roles

PEOPLE = 10
"""Connections that dashboards, backups and people need beside the services."""

Connection: TypeAlias = psycopg.AsyncConnection[Any]


async def missing(connection: Connection) -> list[str]:
    """Return what `mend_roles` would bring back, one thing a line."""
    return [
        *(f"role {role}" for role in await roles.missing_groups(connection)),
        *(
            f"the owner's {name} of {value} here"
            for name, value in (await roles.unset(connection)).items()
        ),
        *(
            f"{lost.privilege.lower()} on {lost.thing} for {lost.role}"
            for lost in await grants.lost(connection)
        ),
        *["select on tables to come"] * await grants.lacks_defaults(connection),
        *(f"{identity} closed to public" for identity in await _open_to_all(connection)),
    ]


async def mend_roles(connection: Connection) -> list[str]:
    """Bring back roles, grants and settings; return which, one thing a line."""
    told = await missing(connection)
    async with connection.transaction():
        await roles.create_groups(connection, await roles.missing_groups(connection))
        await roles.set_for(connection, await roles.unset(connection))
        await grants.grant(connection, await grants.lost(connection))
        if await grants.lacks_defaults(connection):
            await grants.set_defaults(connection)
        for identity in await _open_to_all(connection):
            await grants.close_to_all(connection, identity)
    return told


async def _open_to_all(connection: Connection) -> list[str]:
    known = await bookkeeping.made_by_files(connection)
    ours = await grants.open_to_all(connection, [made.made for made in known.values()])
    return ours + await grants.open_schedulers(connection)


async def warnings(connection: Connection, *, wanted: int = 0) -> list[str]:
    """Return what only people can mend; `wanted` is how many connections the services may take."""
    return [
        *await _without_function(connection),
        *await _open_to_readers(connection),
        *await _too_few_connections(connection, wanted),
    ]


async def _too_few_connections(connection: Connection, wanted: int) -> list[str]:
    cursor = await connection.execute(
        """
        select
            current_setting('max_connections')::integer
            - current_setting('superuser_reserved_connections')::integer
        """
    )
    [(offered,)] = await cursor.fetchall()
    if wanted + PEOPLE <= offered:
        return []
    told = (
        f"the server has {offered} connections, and the services may take {wanted} "
        f"(processes x (GROUNDSWELL_POOL_SIZE + {roles.BESIDE_POOL})), people and dashboards "
        f"{PEOPLE}: raise max_connections, or lower GROUNDSWELL_POOL_SIZE"
    )
    return [told]


async def _open_to_readers(connection: Connection) -> list[str]:
    cursor = await connection.execute(
        """
        select exists (
            select
            from pg_catalog.pg_namespace as n
            cross join pg_catalog.pg_roles as reader
            where n.nspname = 'cron' and reader.rolname = 'groundswell_read'
                and has_schema_privilege(reader.oid, n.oid, 'usage')
                and exists (select from pg_catalog.pg_extension where extname = 'pg_cron')
        )
        """
    )
    open_to_readers = await cursor.fetchone() == (True,)
    return [
        "groundswell_read can schedule jobs: revoke usage on schema cron from public"
    ] * open_to_readers


async def _without_function(connection: Connection) -> list[str]:
    """Return the rankings whose formula nobody has written."""
    known = "select to_regprocedure('core.formula_function(text)') is not null"
    if await (await connection.execute(known)).fetchone() != (True,):
        return []
    cursor = await connection.execute(
        """
        select format(
            'ranking %s: there is no function formula.%I(core.ranking, timestamptz)',
            ranking.name, ranking.formula
        )
        from core.ranking as ranking
        where ranking.enabled and core.formula_function(ranking.formula) is null
        order by ranking.name
        """
    )
    return [str(text) for (text,) in await cursor.fetchall()]
