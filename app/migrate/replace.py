"""Replacing functions and views in place, so that nothing that others built on them is lost."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, TypeAlias

import psycopg
import structlog

from app.errors import MigrationError
from app.migrate import bookkeeping, dependents, grants
from app.migrate.schema_files import Replaceable, SqlFile

_CREATE = re.compile(r"^create (function|procedure|view) ", re.MULTILINE)
_TRIGGER = re.compile(r"create or replace trigger ([a-z0-9_]+)")

_OTHER_SHAPE = {"42P13", "42P16", "42809"}
"""What PostgreSQL says where `or replace` cannot: other types, names, columns or another kind."""

Connection: TypeAlias = psycopg.AsyncConnection[Any]

log = structlog.get_logger(__name__)


async def changed_files(connection: Connection, replaceable: Replaceable) -> list[SqlFile]:
    """Return the files whose text changed since they were applied, or whose object is gone."""
    known = await bookkeeping.made_by_files(connection)
    missing = await _missing(connection, [made.made for made in known.values()])
    return [
        file
        for file in replaceable.functions
        if (made := known.get(file.path)) is None
        or made.sha256 != file.sha256
        or made.made in missing
    ]


async def gone_files(connection: Connection, replaceable: Replaceable) -> list[str]:
    """Return the paths of applied files that there are no more."""
    paths = {file.path for file in replaceable.functions}
    known = await bookkeeping.made_by_files(connection)
    return [path for path in known if path.startswith("functions/") and path not in paths]


async def _missing(connection: Connection, identities: list[str]) -> set[str]:
    cursor = await connection.execute(
        """
        select named.identity
        from unnest(%s::text[]) as named (identity)
        where case
            when named.identity ~ '^(function|procedure) '
                then to_regprocedure(substring(named.identity from '^[a-z]+ (.*)$')) is null
            when named.identity ~ '^view '
                then to_regclass(substring(named.identity from '^[a-z]+ (.*)$')) is null
            when named.identity ~ '^schema '
                then to_regnamespace(substring(named.identity from '^[a-z]+ (.*)$')) is null
        end
        """,
        [identities],
    )
    return {str(identity) for (identity,) in await cursor.fetchall()}


class Replacement:
    """One replacing of functions and views, inside one transaction of its caller."""

    def __init__(
        self, connection: Connection, replaceable: Replaceable, *, script: Path | None = None
    ) -> None:
        self.connection = connection
        self.replaceable = replaceable
        self.script = script
        self._made: dict[str, str] = {}
        """What each file has made, by its path."""
        self._waiting: set[str] = set()
        """Paths of the files still to apply."""
        self._grants: dict[str, list[grants.Grant]] = {}
        """What was granted on what had to be dropped, by the path of its file."""

    async def take_down(self, *, others_too: bool) -> None:
        """Drop what is in schema api, for files that change what it needs.

        What somebody else's objects need stays, unless they are to be dropped along.
        """
        await self._read_made()
        made = [name for path, name in self._made.items() if "/api/" in path]
        if others_too:
            await self._drop(made)
        else:
            granted = await grants.all_grants(self.connection)
            left = await dependents.drop_what_can(self.connection, made[::-1])
            self._note_dropped(self._made, set(made) - set(left), granted)

    async def replace(self, files: list[SqlFile]) -> None:
        """Apply `files`, each after those it uses, and drop what no file makes any more.

        Raises `MigrationError` with the first line of each error.
        """
        # Else PostgreSQL lists what it does not have to do.
        await self.connection.execute("set local client_min_messages = warning")
        await self._read_made()
        self._waiting |= {file.path for file in files}
        for path in await gone_files(self.connection, self.replaceable):
            await self._drop([self._made[path]])
            await bookkeeping.forget_made(self.connection, path)
            log.info("function_removed", what=self._made.pop(path))
        await self._drop_triggers()
        # What stands beside tables first: it may not need schema api.
        for group in (self.replaceable.in_place, self.replaceable.in_api):
            await self._apply(group)
        for path, lost in self._grants.items():
            if made := self._made.get(path):
                # A view in a function's place, or the other way round, has grants of its own.
                kept = [grant for grant in lost if ("(" in grant.thing) == ("(" in made)]
                await grants.grant(self.connection, kept, thing=made.removeprefix("view "))

    async def _apply(self, group: list[SqlFile]) -> None:
        """Apply what waits of `group`; what fails is tried again while others make progress."""
        while files := [file for file in group if file.path in self._waiting]:
            before = await self._objects()
            errors = {file.path: await self._error_of(file) for file in files}
            failed = {path: error for path, error in errors.items() if error is not None}
            self._waiting -= errors.keys() - failed.keys()
            after = await self._objects()
            for file in files:
                if file.path not in failed:
                    await self._note(file, before.get(_name(file), {}), after[_name(file)])
            if len(failed) < len(files):
                continue
            in_the_way = [
                self._made[path]
                for path, error in failed.items()
                if error.sqlstate in _OTHER_SHAPE and path in self._made
            ]
            if not in_the_way:
                told = "\n".join(f"{path}: {_first_line(error)}" for path, error in failed.items())
                first = next(iter(failed.values()))
                raise MigrationError(f"these files cannot be applied:\n{told}") from first
            await self._drop(in_the_way)

    async def _error_of(self, file: SqlFile) -> psycopg.Error | None:
        """Apply one file, in place; return why that did not work."""
        try:
            async with self.connection.transaction():
                await self.connection.execute(
                    _CREATE.sub(r"create or replace \1 ", file.text).encode()
                )
        except psycopg.Error as error:
            if self.connection.broken:
                raise
            log.debug("file_waits", path=file.path, reason=_first_line(error))
            return error
        return None

    async def _note(self, file: SqlFile, before: dict[str, str], after: dict[str, str]) -> None:
        """Find what `file` made; what it made before other parameters came goes."""
        [made] = [
            identity
            for identity, version in after.items()
            if before.get(identity) != version or len(after) == 1
        ]
        if made not in before and made.startswith(("function ", "procedure ")):
            await grants.close_to_all(self.connection, made)
        older = self._made.get(file.path, made)
        self._made[file.path] = made
        if older != made and older in after:
            await self._drop([older], path=file.path)
        await bookkeeping.remember_made(self.connection, file, made)

    async def _objects(self) -> dict[str, dict[str, str]]:
        """Return what there is of each name, with the version of its row."""
        cursor = await self.connection.execute(
            """
            select
                p.pronamespace::regnamespace || '/' || p.proname,
                found.type || ' ' || found.identity,
                p.xmin::text
            from pg_catalog.pg_proc as p
            cross join lateral pg_identify_object('pg_proc'::regclass, p.oid, 0) as found
            where p.pronamespace in (to_regnamespace('core'), to_regnamespace('api'))
            union all
            select
                n.nspname || '/' || c.relname,
                format('view %I.%I', n.nspname, c.relname),
                ''
            from pg_catalog.pg_class as c
            inner join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
            where n.nspname in ('core', 'api') and c.relkind = 'v'
            union all
            select 'functions/' || n.nspname, 'schema ' || n.nspname, ''
            from pg_catalog.pg_namespace as n
            """
        )
        objects: dict[str, dict[str, str]] = {}
        for name, identity, version in await cursor.fetchall():
            objects.setdefault(name, {})[identity] = version
        return objects

    async def _read_made(self) -> None:
        known = await bookkeeping.made_by_files(self.connection)
        self._made = {path: made.made for path, made in known.items() if "functions/" in path}

    async def _drop(self, identities: list[str], *, path: str | None = None) -> None:
        """Drop objects of ours; what had to go along waits to be made again, with its grants.

        `path` names the file of one that its own newer form replaces.
        """
        granted = await grants.all_grants(self.connection)
        made = {**self._made, **({path: identities[0]} if path else {})}
        dropped = await dependents.drop(
            self.connection,
            identities,
            ours=[*self._made.values(), *identities],
            script=self.script,
        )
        self._note_dropped(made, {thing.identity for thing in dropped}, granted)
        if path:
            self._waiting.discard(path)

    def _note_dropped(
        self, made: dict[str, str], dropped: set[str], granted: list[grants.Grant]
    ) -> None:
        for path, name in made.items():
            if name in dropped:
                self._waiting.add(path)
                self._grants[path] = [
                    grant for grant in granted if grant.thing == name.removeprefix("view ")
                ]

    async def _drop_triggers(self) -> None:
        """Drop triggers of our tables that no file names any more and that call our functions."""
        named = [name for file in self.replaceable.in_place for name in _TRIGGER.findall(file.text)]
        cursor = await self.connection.execute(
            """
            select format('%%I on %%s', t.tgname, t.tgrelid::regclass)
            from pg_catalog.pg_trigger as t
            inner join pg_catalog.pg_class as c on c.oid = t.tgrelid
            cross join lateral pg_identify_object('pg_proc'::regclass, t.tgfoid, 0) as called
            where c.relnamespace = 'core'::regnamespace
                and called.type || ' ' || called.identity = any(%(ours)s)
                and t.tgparentid = 0
                and not t.tgname = any(%(named)s)
            """,
            {"ours": list(self._made.values()), "named": named},
        )
        for (trigger,) in await cursor.fetchall():
            await self.connection.execute(f"drop trigger {trigger}".encode())
            log.info("trigger_removed", what=trigger)


def _first_line(error: psycopg.Error) -> str:
    return str(error).partition("\n")[0]


def _name(file: SqlFile) -> str:
    """Return schema and name of what `file` makes."""
    path = Path(file.path)
    return f"{path.parent.name}/{path.stem}"
