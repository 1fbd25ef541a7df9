"""Engines on a PostgreSQL server: one database each, cloned from a template."""

from __future__ import annotations

import itertools
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from app.embedded.redis import Fsync
from app.migrate.migrate import migrate
from tests.engines.container import Container
from tests.engines.engine import Engine
from tests.engines.redis import KillableRedis

PREFIX = "groundswell_test_"
"""What the tests' databases begin with, followed by the name of their run."""


def database_url(server: str, name: str) -> str:
    """Return the URL of another database of the same server."""
    return urlunsplit(urlsplit(server)._replace(path=f"/{name}"))


class ServerHome:
    """The template database of this run, and the connection that shows that the run lives."""

    def __init__(self, url: str, run: str, admin: psycopg.AsyncConnection[Any]) -> None:
        self.name = "server"
        self.url = url
        self.run = run
        self.admin = admin
        self.template = f"{PREFIX}{run}_template"
        self.container: Container | None = None
        self._names = (f"{PREFIX}{run}_{n}" for n in itertools.count(1))

    @classmethod
    async def open(cls, url: str, *, container: Container | None = None) -> ServerHome:
        """Remove what dead runs left behind, and migrate the template."""
        run = secrets.token_hex(4)
        home = cls(url, run, await _connect(url, run))
        if container is not None:
            home.name, home.container = "docker", container
        await home._drop_stale()
        await home._execute("create database {}", home.template)
        await migrate(database_url(url, home.template))
        await home._quieten_template()
        return home

    async def _quieten_template(self) -> None:
        """Keep Timescale's scheduler out of the template: only an unused database can be cloned."""
        template_url = database_url(self.url, self.template)
        async with await psycopg.AsyncConnection.connect(template_url, autocommit=True) as template:
            await template.execute("select _timescaledb_functions.stop_background_workers()")
        await self._execute("alter database {} allow_connections false", self.template)

    async def _drop_stale(self) -> None:
        """Drop the databases of runs whose connection is gone."""
        cursor = await self.admin.execute(
            """
            select made.datname
            from pg_catalog.pg_database as made
            where starts_with(made.datname, %(prefix)s)
                and not exists (
                    select from pg_catalog.pg_stat_activity as run
                    where starts_with(run.application_name, %(prefix)s)
                        and starts_with(made.datname, run.application_name || '_')
                )
            """,
            {"prefix": PREFIX},
        )
        for (name,) in await cursor.fetchall():
            await self.drop(name)

    async def engine(
        self, folder: Path, *, empty: bool = False, fsync: Fsync = "everysec"
    ) -> Engine:
        """Clone the template, or make an empty database, with a Redis beside it."""
        name = next(self._names)
        if empty:
            await self._execute("create database {}", name)
        else:
            await self._execute("create database {} template {}", name, self.template)
            # The owner's sessions have it in the template, by migrating; a copy forgets it.
            await self._execute("alter database {} set jit = off", name)
        redis = KillableRedis(folder, fsync=fsync)
        await redis.start()
        return ServerEngine(self, name, redis)

    async def _execute(self, statement: str, *names: str) -> None:
        await self.admin.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))

    async def allow(self, name: str, *, connections: bool) -> None:
        """Let sessions into a database, or end all of them and let none in."""
        word = "true" if connections else "false"
        await self._execute("alter database {} allow_connections " + word, name)
        if not connections:
            await self.admin.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", [name]
            )

    async def drop(self, name: str) -> None:
        """Drop a database, whoever is still connected to it."""
        with suppress(psycopg.OperationalError):
            await self.admin.execute("select")
        if self.admin.closed:  # A soak may have killed the server.
            self.admin = await _connect(self.url, self.run)
        await self._execute("drop database if exists {} with (force)", name)

    async def close(self) -> None:
        await self.drop(self.template)
        await self.admin.close()
        if self.container is not None:
            await self.container.stop()


async def _connect(url: str, run: str) -> psycopg.AsyncConnection[Any]:
    return await psycopg.AsyncConnection.connect(
        url, autocommit=True, prepare_threshold=None, application_name=PREFIX + run
    )


class ServerEngine:
    """One database of a shared server and a Redis process."""

    shares_server = True

    def __init__(self, home: ServerHome, name: str, redis: KillableRedis) -> None:
        self._home = home
        self._name = name
        self._redis = redis
        self.database_url = database_url(home.url, name)
        self.redis_url = redis.url

    def signal_redis(self, number: int) -> None:
        self._redis.signal(number)

    def signal_database(self, number: int) -> None:
        raise NotImplementedError("other databases are on this server")

    async def kill_database(self) -> None:
        await self._home.allow(self._name, connections=False)

    async def start_database(self) -> None:
        await self._home.allow(self._name, connections=True)

    async def kill_redis(self) -> None:
        await self._redis.kill()

    async def start_redis(self) -> None:
        await self._redis.start()

    async def heal(self) -> None:
        await self.start_database()
        await self._redis.heal()

    async def stop(self) -> None:
        await self._redis.stop()
        await self._home.drop(self._name)
