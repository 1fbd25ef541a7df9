"""The database as a command has it: one connection, and what it means where there is none."""

from __future__ import annotations

import getpass
import os
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING

from app.cli.waiting import waiting
from app.errors import InputError, UnavailableError
from app.settings import read_settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
    from typing import TypeVar

    from app.runtime.sql import Connection

    Found = TypeVar("Found")


@contextmanager
def told() -> Iterator[None]:
    """Turn what the database answers within into `InputError` or `UnavailableError`."""
    import psycopg  # noqa: PLC0415 - most commands need none

    try:
        yield
    except (
        psycopg.errors.UndefinedTable,
        psycopg.errors.UndefinedFunction,
        psycopg.errors.UndefinedColumn,
    ) as error:
        # Never, or by an older version.
        raise InputError("the database is not migrated: run `groundswell migrate`") from error
    except psycopg.errors.InsufficientPrivilege as error:
        raise InputError(
            "this login may not do it: DATABASE_URL must name the owner of the database, or to "
            "read, a login that has groundswell_service"
        ) from error
    except (psycopg.errors.CheckViolation, psycopg.errors.NoDataFound) as error:
        raise InputError(error.diag.message_primary or str(error)) from error
    except psycopg.OperationalError as error:
        raise UnavailableError(f"the database does not answer: {_in_a_line(error)}") from error


@asynccontextmanager
async def database() -> AsyncIterator[Connection]:
    """Yield a connection; raises as `told` does."""
    import psycopg  # noqa: PLC0415

    with told():
        async with await psycopg.AsyncConnection.connect(
            read_settings().database_url, autocommit=True, prepare_threshold=None, connect_timeout=5
        ) as opened:
            yield opened


async def connected(run: Callable[[Connection], Awaitable[Found]]) -> Found:
    """Return what `run` does with a connection; raises as `told` does."""
    with waiting("asking the database"):
        async with database() as opened:
            return await run(opened)


def _in_a_line(error: Exception) -> str:
    # A closed port is told in two, one more for each address of a name.
    return " ".join(str(error).split())


def who() -> str:
    """Return who uses the command line, as records name them."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        # A container's user may have no name.
        user = f"user {os.getuid()}"
    return f"{user}, command line"
