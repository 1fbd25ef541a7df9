"""The roles a database needs: two groups, the login of the services, and the owner's settings."""

from __future__ import annotations

from typing import Any, TypeAlias

import msgspec
import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from app.errors import MigrationError
from app.migrate.grants import ROLES

Connection: TypeAlias = psycopg.AsyncConnection[Any]

_OWN_SETTINGS = {
    "statement_timeout": ["0"],
    "transaction_timeout": ["0"],
    "wal_compression": ["zstd", "lz4", "on"],
    "jit": ["off"],
}
"""What the owner's sessions have in this database, in the first of these values that there is: no
limit that ends jobs in the middle, small images of the pages that they change, and no compiling of
what is run once: refreshes of a history took half of their time for it."""
_SERVICE_SETTINGS = {"jit": ["off"]}
"""What those of the services have: compiling a series took three times as long as reading it."""

BESIDE_POOL = 2
"""Connections of a process beside its pool: one that listens, one for a refresh or a command."""

UNASKED = "the server asks for no password"
"""What a login says of a role whose password may be another one."""


class Login(msgspec.Struct, frozen=True, kw_only=True):
    """The role with which API and worker connect."""

    user: str
    password: str


class Services(msgspec.Struct, frozen=True, kw_only=True):
    """What the services need of the server."""

    login: Login | None = None
    """The role to make for them; None leaves roles alone."""
    connections: int = 0
    """How many all of them may have open at once."""


NO_SERVICES = Services()


async def missing_groups(connection: Connection) -> list[str]:
    """Return those of the group roles that this server does not have."""
    cursor = await connection.execute("select rolname from pg_catalog.pg_roles")
    known = {name for (name,) in await cursor.fetchall()}
    return [role for role in ROLES if role not in known]


async def create_groups(connection: Connection, roles: list[str]) -> None:
    """Make group roles; another database of the server may be doing the same."""
    for role in roles:
        try:
            async with connection.transaction():
                await connection.execute(
                    sql.SQL("create role {} nologin").format(sql.Identifier(role))
                )
        except (psycopg.errors.DuplicateObject, psycopg.errors.UniqueViolation):
            continue


async def unset(connection: Connection, *, service: str | None = None) -> dict[str, str]:
    """Return what sessions of the owner, or of a service's role, lack in this database.

    The owner's jobs are some of its sessions.
    """
    wanted = _OWN_SETTINGS if service is None else _SERVICE_SETTINGS
    cursor = await connection.execute(
        """
        select known.name, coalesce(known.enumvals, '{}')
        from pg_catalog.pg_settings as known
        where
            known.name = any(%s::text[])
            and (known.context = 'user' or current_setting('is_superuser')::boolean)
            and not exists (
                select
                from pg_catalog.pg_db_role_setting as own
                inner join pg_catalog.pg_database as here on own.setdatabase = here.oid
                cross join lateral unnest(own.setconfig) as setting
                where
                    here.datname = current_database()
                    and own.setrole = (
                        select role.oid from pg_catalog.pg_roles as role
                        where role.rolname = coalesce(%s, current_user)
                    )
                    and starts_with(setting, known.name || '=')
            )
        order by known.name
        """,
        [list(wanted), service],
    )
    return {
        str(name): next((value for value in wanted[name] if value in possible), wanted[name][-1])
        for name, possible in await cursor.fetchall()
    }


async def set_for(
    connection: Connection, settings: dict[str, str], *, service: str | None = None
) -> None:
    """Give sessions of the owner, or of a service's role, what they lack in this database.

    A procedure cannot do so itself: the limit of a statement is taken when it begins, and a
    procedure with settings of its own cannot commit.
    """
    cursor = await connection.execute("select current_user, current_database()")
    [(owner, database)] = await cursor.fetchall()
    for name, value in settings.items():
        await connection.execute(
            sql.SQL("alter role {} in database {} set {} = {}").format(
                sql.Identifier(service or owner),
                sql.Identifier(database),
                sql.Identifier(name),
                sql.Literal(value),
            )
        )


async def login_fault(database_url: str, login: Login) -> str | None:
    """Return why a service could not log in as `login` and work, or None where it can."""
    try:
        async with await psycopg.AsyncConnection.connect(
            make_conninfo(database_url, user=login.user, password=login.password),
            autocommit=True,
            prepare_threshold=None,
            connect_timeout=5,
        ) as connection:
            # Else it says nothing of the password.
            asked = connection.pgconn.used_password
            cursor = await connection.execute(
                "select pg_has_role(current_user, 'groundswell_service', 'usage')"
            )
            if await cursor.fetchone() != (True,):
                return f"{login.user} is not in groundswell_service"
            return None if asked else UNASKED
    except psycopg.Error as error:
        return " ".join(str(error).split())


async def ensure_login(connection: Connection, database_url: str, login: Login) -> bool:
    """Make or mend the login role; return whether there was something to do.

    Raises `MigrationError` if a service still could not log in with it.
    """
    cursor = await connection.execute(
        "select exists (select from pg_catalog.pg_roles where rolname = %s)", [login.user]
    )
    exists = await cursor.fetchone() == (True,)
    lacking = await unset(connection, service=login.user)
    if exists and lacking:
        await set_for(connection, lacking, service=login.user)
    # To try what cannot be would stand in the server's log.
    before = await login_fault(database_url, login) if exists else "it does not exist"
    if before is None:
        return bool(lacking)
    role = sql.Identifier(login.user)
    if not exists:
        await connection.execute(sql.SQL("create role {}").format(role))
        await set_for(connection, lacking, service=login.user)
    # As the server stores it, so that no log of statements shows the password.
    stored = connection.pgconn.encrypt_password(
        login.password.encode(), login.user.encode(), await _algorithm(connection)
    ).decode()
    await connection.execute(
        sql.SQL("alter role {} login password {}").format(role, sql.Literal(stored))
    )
    await connection.execute(sql.SQL("grant groundswell_service to {}").format(role))
    fault = await login_fault(database_url, login)
    if fault not in (None, UNASKED):
        raise MigrationError(f"the services cannot log in as {login.user}: {fault}")
    return before != UNASKED or bool(lacking)


async def _algorithm(connection: Connection) -> bytes:
    cursor = await connection.execute("select current_setting('password_encryption')")
    [(algorithm,)] = await cursor.fetchall()
    return str(algorithm).encode()
